/* SPDX-License-Identifier: MIT */
/* One read unlock too many. */
#include <weft.h>

static weft_rwmutex rw;

static void finish(void) { weft_rwmutex_runlock(&rw); /* @unlock */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_rwmutex_rlock(&rw);
    weft_rwmutex_rlock(&rw); /* @lock */
    finish();
    finish();
    finish(); /* @third */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: read unlock of unlocked rwmutex
 *     	it was last locked at weft_main rwmutex_read_unlock.c:@lock
 *
 *     goroutine N "main" [running]:
 *     finish rwmutex_read_unlock.c:@unlock
 *     weft_main rwmutex_read_unlock.c:@third
 */
