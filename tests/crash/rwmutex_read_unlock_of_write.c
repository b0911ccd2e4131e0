/* SPDX-License-Identifier: MIT */
/* A write lock that is ended like a read lock, by another goroutine. */
#include <weft.h>

static weft_rwmutex rw;

static void finish(void) { weft_rwmutex_runlock(&rw); /* @unlock */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_rwmutex_lock(&rw); /* @lock */
    weft_wg wg = {0};
    weft_wg_go(&wg, finish); /* @go */
    weft_wg_wait(&wg);       /* @wait */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: read unlock of a rwmutex that is locked for writing
 *     	it was locked at weft_main rwmutex_read_unlock_of_write.c:@lock by goroutine N
 *
 *     goroutine N [running]:
 *     finish rwmutex_read_unlock_of_write.c:@unlock
 *     created by weft_main rwmutex_read_unlock_of_write.c:@go in goroutine N
 *
 *     goroutine N "main" [wg wait]:
 *     weft_main rwmutex_read_unlock_of_write.c:@wait
 */
