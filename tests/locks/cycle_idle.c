/* SPDX-License-Identifier: MIT */
/* Nothing runs, but main would wake by itself, so it is no ordinary deadlock. */
#include <weft.h>

static weft_mutex a, b;
static _Atomic bool has_b;

static void second(void)
{
    weft_scoped_lock(&b); /* @second_b */
    has_b = true;
    weft_scoped_lock(&a); /* @second_a */
}

static void first(void)
{
    weft_scoped_lock(&a); /* @first_a */
    weft_go(second);      /* @go_second */
    while (!has_b)
        (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
    weft_scoped_lock(&b); /* @first_b */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(first); /* @go_first */
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: deadlock: goroutines wait for each other's locks
 *
 *     goroutine N [mutex lock]:
 *     first cycle_idle.c:@first_b
 *             waits for the mutex locked at second cycle_idle.c:@second_b by goroutine N
 *     created by weft_main cycle_idle.c:@go_first in goroutine N
 *
 *     goroutine N [mutex lock]:
 *     second cycle_idle.c:@second_a
 *             waits for the mutex locked at first cycle_idle.c:@first_a by goroutine N
 *     created by first cycle_idle.c:@go_second in goroutine N
 */
