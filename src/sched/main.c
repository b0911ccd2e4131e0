/* SPDX-License-Identifier: MIT */
/*
 * main() for programs that define weft_main(), and for those that are nothing
 * but WEFT_TEST()s.  In an archive this object is taken only when the program
 * has no main() of its own, and the tests' runner only when it has tests.  Of a
 * program that has both, `weft test`, which asks for events, wants the tests.
 */
#include <stdio.h>
#include <string.h>

#include "weft/go.h"

int weft__run_program(int argc, char **argv, int (*program)(int, char **));
/* weft__test_main - runs the registered tests; -1 when there are none. */
int weft__test_main(int argc, char **argv);

#pragma weak weft_main
#pragma weak weft__test_main

WEFT_API int main(int argc, char **argv)
{
    bool under_test = argc > 1 && strncmp(argv[1], "-events=", 8) == 0;
    if (weft_main && !(under_test && weft__test_main))
        return weft__run_program(argc, argv, weft_main);
    int status = weft__test_main ? weft__test_main(argc, argv) : -1;
    if (status >= 0)
        return status;
    fprintf(stderr, "weft: the program defines neither weft_main nor main, and no WEFT_TEST\n");
    return 2;
}
