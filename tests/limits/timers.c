/* SPDX-License-Identifier: MIT */
/*
 * A million timers armed and stopped again, and 100,000 goroutines that sleep:
 * none is lost, none too early, and both take seconds at the most.
 */
#include "limits.h"

enum { TIMERS = 1000000, SLEEPERS = 100000, MOST_BYTES = 512, MOST_S = 15 };

static weft_timer *timer[TIMERS];
static atomic_int slept, early;

static void nap(weft_duration d)
{
    weft_time before = weft_now();
    weft_sleep(weft_background(), d);
    if (weft_now() - before < d)
        atomic_fetch_add(&early, 1);
    atomic_fetch_add(&slept, 1);
}

static void arm_and_stop(void)
{
    long before = resident(), peak;
    int armed = 0, stopped_twice = 0;
    weft_time start = weft_now();
    for (int i = 0; i < TIMERS; i++)
        timer[i] = weft_timer_new(WEFT_HOUR + (weft_duration)(weft_rand() % (uint64_t)WEFT_HOUR));
    peak = resident();
    /* Half of them from the outside in, the other half in order. */
    for (int i = 0; i < TIMERS / 2; i += 2) {
        armed += weft_timer_stop(timer[i]);
        armed += weft_timer_stop(timer[TIMERS - 1 - i]);
    }
    for (int i = 0; i < TIMERS; i++) {
        armed += weft_timer_stop(timer[i]);
        stopped_twice += weft_timer_stop(timer[i]);
    }
    for (int i = 0; i < TIMERS; i++) {
        REQUIRE(!weft_try_recv(weft_timer_chan(timer[i]), NULL));
        weft_timer_unref(timer[i]);
    }
    int ms = (int)((weft_now() - start) / WEFT_MILLISECOND);
    long each = (peak - before) / TIMERS;
    verdict(armed == TIMERS && stopped_twice == 0, "a million timers armed and stopped",
            "%d stopped, %d twice", armed, stopped_twice);
    verdict(each <= MOST_BYTES, "memory of a timer", "%ld bytes, at most %d", each, MOST_BYTES);
    verdict(ms < MOST_S * 1000, "time for a million timers", "%d ms", ms);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    arm_and_stop();
    weft_wg wg = {0};
    weft_time start = weft_now();
    for (int i = 0; i < SLEEPERS; i++)
        weft_wg_go(&wg, nap, (weft_duration)(i % 200) * WEFT_MILLISECOND);
    weft_wg_wait(&wg);
    int ms = (int)((weft_now() - start) / WEFT_MILLISECOND);
    verdict(slept == SLEEPERS && early == 0, "100000 sleepers", "%d woke, %d too early", slept,
            early);
    verdict(ms < MOST_S * 1000, "time for 100000 sleepers", "%d ms", ms);
    return verdicts_failed != 0;
}
