/* SPDX-License-Identifier: MIT */
/*
 * "When [weft_main] returns the program ends, as in Go: other goroutines are not
 * waited for"; its result is the exit status, exit handlers run, streams are
 * flushed.
 */
#include <stdlib.h>
#include <weft.h>

static void computes(void)
{
    for (;;)
        weft_yield();
}

static void at_the_end(void) { puts("exit handler"); }

int weft_main(int argc, char **argv)
{
    atexit(at_the_end);
    printf("%d %s", argc, argv[argc] ? "?" : "arguments\n");
    for (int i = 0; i < 10; i++)
        weft_go(computes); // weft:ignore noexit main is to end beside it
    weft_yield();
    return 200;
}
/*
 * exit: 200
 * procs: 1 2 8
 * env: WEFT_LEAKS=fail
 * stdout:
 *     1 arguments
 *     exit handler
 * stderr:
 */
