/* SPDX-License-Identifier: MIT */
/* A writer waits for a reader, who waits behind the writer to read again. */
#include <weft.h>

static weft_rwmutex rw;
static _Atomic bool reading;

static void reader(void)
{
    weft_scoped_rlock(&rw); /* @first */
    reading = true;
    (void)weft_sleep(weft_background(), 100 * WEFT_MILLISECOND);
    weft_scoped_rlock(&rw); /* @again */
}

static void writer(void)
{
    while (!reading)
        weft_yield();
    weft_scoped_wlock(&rw);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(reader); /* @go */
    weft_go(writer);
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: deadlock: a goroutine waits for itself
 *
 *     goroutine N [rwmutex read lock]:
 *     reader cycle_readers.c:@again
 *             waits for the rwmutex locked for reading at reader cycle_readers.c:@first by goroutine N
 *     created by weft_main cycle_readers.c:@go in goroutine N
 */
