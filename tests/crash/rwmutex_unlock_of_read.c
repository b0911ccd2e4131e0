/* SPDX-License-Identifier: MIT */
/* A read lock that is ended like a write lock, while others read too. */
#include <weft.h>

static weft_rwmutex rw;
static weft_wg reading, end;

static void read(bool stay)
{
    for (int i = 0; i < 1000; i++) {
        weft_rwmutex_rlock(&rw); /* @lock */
        if (stay && i == 999)
            break;
        weft_rwmutex_runlock(&rw);
    }
    weft_wg_done(&reading);
    weft_wg_wait(&end);
}

static void finish(void) { weft_rwmutex_unlock(&rw); /* @unlock */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg_add(&end, 1);
    weft_wg_add(&reading, 4);
    for (int i = 0; i < 4; i++)
        weft_go(read, i < 2);
    weft_wg_wait(&reading);
    finish(); /* @call */
    return 0;
}
/*
 * exit: 2
 * procs: 1 2 8
 * stderr:
 *     fatal error: unlock of a rwmutex that is locked for reading
 *     	it was last locked at read rwmutex_unlock_of_read.c:@lock
 *
 *     goroutine N "main" [running]:
 *     finish rwmutex_unlock_of_read.c:@unlock
 *     weft_main rwmutex_unlock_of_read.c:@call
 *
 *     ...
 */
