/* SPDX-License-Identifier: MIT */
/* Before the sanitizer ends the program for want of room, weft says what is wanting and what helps. */
#include <weft.h>

WEFT_CHAN(gate, weft_unit);

static void wait_for(gate *g) { weft_recv(g, NULL); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(gate, g) = weft_make(gate, 0);
    for (int i = 0; i < 1000; i++)
        weft_go(wait_for, g); /* @spawn */
    return 0;
}

/*
 * flags: -race
 * cc: gcc
 * env: WEFT_FAULT=fiber=900
 * exit: 2
 * stderr:
 *     weft: WEFT_FAULT: fiber 900 fails
 *     fatal error: race detector: this compiler's ThreadSanitizer cannot tell more than 8040 goroutines at once apart
 *     	CC=clang builds with one that can; or let fewer run at a time, as behind a semaphore
 *     
 *     goroutine N "main" [running]:
 *     weft_main race_limit.c:@spawn
 *     ...
 */
