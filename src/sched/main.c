/* SPDX-License-Identifier: MIT */
/*
 * main() for programs that define weft_main().  In an archive this object is
 * taken only when the program has no main() of its own.
 */
#include <stdio.h>

#include "weft/go.h"

int weft__run_program(int argc, char **argv, int (*program)(int, char **));

#pragma weak weft_main

WEFT_API int main(int argc, char **argv)
{
    if (!weft_main) {
        fprintf(stderr, "weft: the program defines neither weft_main nor main\n");
        return 2;
    }
    return weft__run_program(argc, argv, weft_main);
}
