/* SPDX-License-Identifier: MIT */
/* A program with weft_main in one file and its goroutines in another. */
#include <stdlib.h>
#include <weft.h>

#include "stage.h"

int weft_main(int argc, char **argv)
{
    printf("sum %d\n", add_up(argc > 1 ? atoi(argv[1]) : 10));
    return 0;
}
