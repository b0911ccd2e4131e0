/* SPDX-License-Identifier: MIT */
/* Before the sanitizer ends the program for want of mappings, weft says what is wanting and what helps. */
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
 * cc: clang
 * env: WEFT_FAULT=fiber=900
 * exit: 2
 * stderr:
 *     weft: WEFT_FAULT: fiber 900 fails
 *     fatal error: race detector: 900 goroutines at once use up the memory mappings that the kernel lets a process have
 *     ...
 *     
 *     goroutine N "main" [running]:
 *     weft_main race_limit_maps.c:@spawn
 *     ...
 */
