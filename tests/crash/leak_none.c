/* SPDX-License-Identifier: MIT */
/* Sleepers, timers and goroutines on their last steps are no leak, and the status is the program's. */
#include <weft.h>

static void sleeper(void) { (void)weft_sleep(weft_background(), WEFT_HOUR); }
static void waits_a_while(void) { weft_select(weft_on_timeout(WEFT_HOUR)); }
static void last_steps(weft_wg *wg)
{
    weft_wg_done(wg);
    for (volatile int i = 0; i < 100000; i++)
        ;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_go(sleeper);
    weft_go(waits_a_while);
    (void)weft_after_func(WEFT_HOUR, sleeper);
    weft_wg_add(&wg, 20);
    for (int i = 0; i < 20; i++)
        weft_go(last_steps, &wg);
    weft_wg_wait(&wg);
    return 7;
}
/*
 * exit: 7
 * env: WEFT_LEAKS=fail
 * stdout:
 * stderr:
 */
