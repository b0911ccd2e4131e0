/* SPDX-License-Identifier: MIT */
/* Two goroutines wait for each other's locks, while one computes and main sleeps. */
#include <weft.h>

static weft_mutex a, b;
static _Atomic bool has_a, has_b;

static void first(void)
{
    weft_mutex_lock(&a); /* @first_a */
    has_a = true;
    while (!has_b)
        weft_yield();
    weft_mutex_lock(&b); /* @first_b */
}

static void second(void)
{
    weft_mutex_lock(&b); /* @second_b */
    has_b = true;
    while (!has_a)
        weft_yield();
    weft_mutex_lock(&a); /* @second_a */
}

static void busy(void)
{
    for (;;)
        weft_yield();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(first);  /* @go_first */
    weft_go(second); /* @go_second */
    weft_go(busy);
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: deadlock: goroutines wait for each other's locks
 *
 *     goroutine N [mutex lock]:
 *     first cycle.c:@first_b
 *             waits for the mutex locked at second cycle.c:@second_b by goroutine N
 *     created by weft_main cycle.c:@go_first in goroutine N
 *
 *     goroutine N [mutex lock]:
 *     second cycle.c:@second_a
 *             waits for the mutex locked at first cycle.c:@first_a by goroutine N
 *     created by weft_main cycle.c:@go_second in goroutine N
 */
