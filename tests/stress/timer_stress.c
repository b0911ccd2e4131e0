/* SPDX-License-Identifier: MIT */
/*
 * Timers stopped, reset and dropped while they fire, by many goroutines: no
 * value from before a stop or reset arrives after it, stop and the call of
 * weft_after_func() agree about who was first, sleeps are never too short.
 */
#include "stress.h"

static atomic_bool stop;
static atomic_long calls;

static void resets(void)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
    while (!stop) {
        weft_duration d = (weft_duration)random_below(200) * WEFT_MICROSECOND;
        weft_time before = weft_now();
        weft_timer_reset(t, d);
        if (random_below(2)) {
            weft_time at;
            REQUIRE(weft_recv(weft_timer_chan(t), &at));
            REQUIRE(at >= before + d);
        } else {
            weft_sleep(weft_background(), (weft_duration)random_below(200) * WEFT_MICROSECOND);
            weft_timer_stop(t);
            REQUIRE(!weft_try_recv(weft_timer_chan(t), NULL));
            REQUIRE(!weft_timer_stop(t));
        }
        REQUIRE(weft_len(weft_timer_chan(t)) == 0 && weft_cap(weft_timer_chan(t)) == 0);
    }
}

static void count(atomic_long *mine)
{
    atomic_fetch_add(mine, 1);
    atomic_fetch_add(&calls, 1);
}

static void after_funcs(void)
{
    atomic_long mine = 0;
    long begun = 0, stopped = 0;
    while (!stop) {
        weft_auto(weft_timer, t) =
            weft_after_func((weft_duration)random_below(100) * WEFT_MICROSECOND, count, &mine);
        begun++;
        weft_sleep(weft_background(), (weft_duration)random_below(100) * WEFT_MICROSECOND);
        if (weft_timer_stop(t))
            stopped++;
        else
            while (mine < begun - stopped) { /* it has begun: it will be counted */
                weft_timer_wait(t);
                weft_yield();
            }
        REQUIRE(mine == begun - stopped);
    }
}

static void ticks(void)
{
    while (!stop) {
        // weft:ignore timerloop many of them are the point
        weft_auto(weft_ticker, t) = weft_ticker_new(50 * WEFT_MICROSECOND);
        weft_time last = 0, now;
        for (uint32_t i = random_below(20); i > 0; i--) {
            REQUIRE(weft_recv(weft_ticker_chan(t), &now));
            REQUIRE(now > last);
            last = now;
        }
        if (random_below(2))
            weft_ticker_stop(t);
    }
}

static void sleeps(void)
{
    while (!stop) {
        weft_duration d = (weft_duration)random_below(1000) * WEFT_MICROSECOND;
        weft_time before = weft_now();
        weft_sleep(weft_background(), d);
        REQUIRE(weft_now() - before >= d);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++) {
        weft_wg_go(&wg, resets);
        weft_wg_go(&wg, after_funcs);
        weft_wg_go(&wg, ticks);
        for (int k = 0; k < 10; k++)
            weft_wg_go(&wg, sleeps);
    }
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    REQUIRE(calls > 0);
    puts("ok");
    return 0;
}
