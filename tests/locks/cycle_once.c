/* SPDX-License-Identifier: MIT */
/* The one that runs the once needs a lock that one of those who wait for it holds. */
#include <weft.h>

static weft_mutex mu;
static weft_once once;

static void init(void)
{
    (void)weft_sleep(weft_background(), 50 * WEFT_MILLISECOND);
    weft_scoped_lock(&mu); /* @init */
}

static void first(void)
{
    weft_once_do(&once, init); /* @first */
}

static void second(void)
{
    weft_scoped_lock(&mu);     /* @lock */
    weft_once_do(&once, init); /* @second */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(first);
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    weft_go(second);
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     fatal error: deadlock: goroutines wait for each other
 *
 *     goroutine N [mutex lock]:
 *     init cycle_once.c:@init
 *     first cycle_once.c:@first
 *             waits for the mutex locked at second cycle_once.c:@lock by goroutine N
 *     ...
 *
 *     goroutine N [once]:
 *     second cycle_once.c:@second
 *             waits for the once begun at first cycle_once.c:@first by goroutine N
 *     ...
 */
