/* SPDX-License-Identifier: MIT */
/* Timers by the thousand, tickers, sleeps, time limits, contexts with deadlines. */
#include "fault.h"

enum { TIMERS = 5000, SLEEPERS = 300 };

static weft_timer *timer[TIMERS];
static atomic_int slept;

static void nap(void)
{
    weft_sleep(weft_background(), WEFT_MILLISECOND);
    atomic_fetch_add(&slept, 1);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    int fired = 0, armed = 0;
    for (int i = 0; i < TIMERS; i++)
        timer[i] = weft_timer_new(i % 50 == 0 ? WEFT_MICROSECOND : WEFT_HOUR);
    for (int i = 0; i < SLEEPERS; i++)
        weft_wg_go(&wg, nap);
    for (int i = 0; i < TIMERS; i += 50)
        fired += weft_recv(weft_timer_chan(timer[i]), NULL);
    weft_auto(weft_ticker, ticker) = weft_ticker_new(100 * WEFT_MICROSECOND);
    for (int i = 0; i < 10; i++)
        REQUIRE(weft_recv(weft_ticker_chan(ticker), NULL));
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
    REQUIRE(weft_select(weft_on_done(ctx), weft_on_timeout(WEFT_HOUR)) == 0);
    weft_wg_wait(&wg);
    for (int i = 0; i < TIMERS; i++) {
        armed += weft_timer_stop(timer[i]);
        weft_timer_unref(timer[i]);
    }
    REQUIRE(fired == TIMERS / 50 && armed == TIMERS - fired && slept == SLEEPERS);
    puts("ok");
    return 0;
}
