/* SPDX-License-Identifier: MIT */
/* A reader that wants to write waits for itself; the check sees it also while others read. */
#include <weft.h>

static weft_rwmutex rw;

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_scoped_rlock(&rw); /* @read */
    weft_scoped_wlock(&rw); /* @write */
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: deadlock: goroutine N locks a rwmutex for writing that it holds for reading
 *     	it was locked at weft_main upgrade.c:@read
 *
 *     goroutine N "main" [running]:
 *     weft_main upgrade.c:@write
 */
