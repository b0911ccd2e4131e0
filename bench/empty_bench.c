/* SPDX-License-Identifier: MIT */
/*
 * empty_bench.c - the program that does nothing, for three rows that are measured
 * from outside (harness/launch.py).
 *
 *  startup    start it and wait for its end.
 *  size       its size in bytes, without symbols.
 *  compile    make the program from this file, with the libraries there already.
 */
#include <weft.h>

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 0;
}
