/* SPDX-License-Identifier: MIT */
/* The holder has ended; its record serves others by now, its number nobody. */
#include <weft.h>

static weft_mutex mu;

static void forgetful(void)
{
    weft_mutex_lock(&mu); /* @lock */
}

static void nothing(void) {}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, forgetful);
    weft_wg_wait(&wg);
    for (int i = 0; i < 1000; i++)
        weft_wg_go(&wg, nothing);
    weft_wg_wait(&wg);
    weft_mutex_lock(&mu); /* @main */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [mutex lock]:
 *     weft_main chain_ended.c:@main
 *             waits for the mutex locked at forgetful chain_ended.c:@lock by goroutine N, which has ended
 */
