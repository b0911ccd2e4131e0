/* SPDX-License-Identifier: MIT */
/* Three goroutines, a mutex and both sides of reader-writer locks. */
#include <weft.h>

static weft_mutex mu;
static weft_rwmutex read_last, write_last;
static _Atomic int ready;

static void all_ready(void)
{
    ready++;
    while (ready < 3)
        weft_yield();
}

static void one(void)
{
    weft_mutex_lock(&mu); /* @one_has */
    all_ready();
    weft_rwmutex_rlock(&read_last); /* @one_waits */
}

static void two(void)
{
    weft_rwmutex_lock(&read_last); /* @two_has */
    all_ready();
    weft_rwmutex_lock(&write_last); /* @two_waits */
}

static void three(void)
{
    weft_rwmutex_lock(&write_last); /* @three_has */
    all_ready();
    weft_mutex_lock(&mu); /* @three_waits */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(one);
    weft_go(two);
    weft_go(three);
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     fatal error: deadlock: goroutines wait for each other's locks
 *
 *     goroutine N [rwmutex read lock]:
 *     one cycle_three.c:@one_waits
 *             waits for the rwmutex locked for writing at two cycle_three.c:@two_has by goroutine N
 *     ...
 *
 *     goroutine N [rwmutex write lock]:
 *     two cycle_three.c:@two_waits
 *             waits for the rwmutex locked for writing at three cycle_three.c:@three_has by goroutine N
 *     ...
 *
 *     goroutine N [mutex lock]:
 *     three cycle_three.c:@three_waits
 *             waits for the mutex locked at one cycle_three.c:@one_has by goroutine N
 *     ...
 */
