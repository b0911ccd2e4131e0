/* SPDX-License-Identifier: MIT */
/* A rwmutex that was copied while it was locked, and the copy is unlocked. */
#include <weft.h>

static weft_rwmutex rw;

static void unlock(weft_rwmutex copy) { weft_rwmutex_runlock(&copy); /* @copy */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_rwmutex_rlock(&rw); /* @original */
    unlock(rw);              /* @call */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: rwmutex was copied after its first use
 *     	the original was last locked at weft_main copied_rwmutex.c:@original
 *
 *     goroutine N "main" [running]:
 *     unlock copied_rwmutex.c:@copy
 *     weft_main copied_rwmutex.c:@call
 */
