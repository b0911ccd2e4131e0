// SPDX-License-Identifier: MIT
// C++ includes the headers and calls what C offers; the macros that need C stay in C files.
#include <weft.h>

#include <cstdio>

#include "stage.h"

int main()
{
    std::printf("sum %d, weft %s\n", run_add_up(100), weft_version());
    return weft_now() > 0 ? 0 : 1;
}
