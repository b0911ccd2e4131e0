/* SPDX-License-Identifier: MIT */
/* When all are asleep the report comes at once, and says who is to blame. */
#include <weft.h>

static weft_mutex a, b;

static void second(void)
{
    weft_scoped_lock(&b); /* @second_b */
    weft_scoped_lock(&a); /* @second_a */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_mutex_lock(&a); /* @main_a */
    weft_go(second);
    weft_test_until_idle();
    weft_mutex_lock(&b); /* @main_b */
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *     goroutines 1 and 2 wait for each other
 *
 *     goroutine N "main" [mutex lock]:
 *     weft_main chain_cycle.c:@main_b
 *             waits for the mutex locked at second chain_cycle.c:@second_b by goroutine N,
 *             which waits for the mutex locked at weft_main chain_cycle.c:@main_a by goroutine N
 *
 *     goroutine N [mutex lock]:
 *     second chain_cycle.c:@second_a
 *             waits for the mutex locked at weft_main chain_cycle.c:@main_a by goroutine N,
 *             which waits for the mutex locked at second chain_cycle.c:@second_b by goroutine N
 *     ...
 */
