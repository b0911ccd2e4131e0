/* SPDX-License-Identifier: MIT */
/* A WEFT_PROCS that is no number is said once, and the program goes on. */
#include <weft.h>

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts(weft_procs(0) >= 1 ? "runs" : "does not");
    return 0;
}
/*
 * exit: 0
 * procs: many 0 -1 1x
 * stdout:
 *     runs
 * stderr:
 *     weft: warning: WEFT_PROCS is not a number of at least 1; using the number of cores
 */
