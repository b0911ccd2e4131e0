/* SPDX-License-Identifier: MIT */
/* Timers, tickers and calls after a time. */
#include "pairs.h"

static void read_close(int_chan *c)
{
    get_x();
    weft_close(c);
}

static void write_tell(void)
{
    x = 1;
    tell(1);
}

/* Arming happens before the call. */
PAIR(after_func)

static void after_func(bool late)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    if (!late)
        x = 1;
    weft_auto(weft_timer, t) = weft_after_func(1000, read_close, c);
    if (late)
        x = 1;
    weft_recv(c, NULL);
}

static void norace_after_func(void) { after_func(false); }
static void race_after_func(void) { after_func(true); }

/* A call knows nothing of whoever armed another timer. */
PAIR(after_func_others)

static void write_arm(int_chan *mine)
{
    x = 1;
    weft_timer_unref(weft_after_func(0, (weft_close), mine));
    weft_recv(mine, NULL);
    tell(1);
}

static void after_func_others(bool wait)
{
    weft_wg wg = {0};
    weft_auto(int_chan, first) = weft_make(int_chan, 0);
    weft_auto(int_chan, second) = weft_make(int_chan, 0);
    weft_wg_go(&wg, write_arm, first);
    until_told(1);
    if (wait)
        weft_wg_wait(&wg);
    weft_timer_unref(weft_after_func(0, read_close, second));
    weft_recv(second, NULL);
    weft_wg_wait(&wg);
}

static void norace_after_func_others(void) { after_func_others(true); }
static void race_after_func_others(void) { after_func_others(false); }

/* The end of the call happens before weft_timer_wait() returns; a stop too late orders nothing. */
PAIR(timer_stop)

static void norace_timer_stop(void)
{
    weft_auto(weft_timer, t) = weft_after_func(0, write_tell);
    until_told(1);
    if (!weft_timer_stop(t))
        weft_timer_wait(t);
    get_x();
}

static void race_timer_stop(void)
{
    weft_auto(weft_timer, t) = weft_after_func(0, write_tell);
    until_told(1);
    if (!weft_timer_stop(t))
        get_x();
    weft_timer_wait(t);
}

/* A stop in time: the call never runs, and nothing races with it. */
PAIR(timer_stop_early)

static void norace_timer_stop_early(void)
{
    weft_auto(weft_timer, t) = weft_after_func(WEFT_MINUTE, write_tell);
    if (weft_timer_stop(t))
        x = 2;
}

static void race_timer_stop_early(void)
{
    weft_auto(weft_timer, t) = weft_after_func(0, write_tell);
    until_told(1);
    weft_timer_stop(t);
    x = 2;
}

/* Resetting happens before the call that it leads to. */
PAIR(timer_reset)

static void timer_reset(bool late)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(weft_timer, t) = weft_after_func(WEFT_MINUTE, read_close, c);
    if (!late)
        x = 1;
    weft_timer_reset(t, 1000);
    if (late)
        x = 1;
    weft_recv(c, NULL);
}

static void norace_timer_reset(void) { timer_reset(false); }
static void race_timer_reset(void) { timer_reset(true); }

/* Making a timer happens before the receive of its value. */
PAIR(timer_chan)

static void wait_read(weft_time_chan_rx *c)
{
    weft_recv(c, NULL);
    get_x();
}

static void make_timer(weft_timer **out, bool late)
{
    if (!late)
        x = 1;
    weft_timer *t = weft_timer_new(1000);
    if (late)
        x = 1;
    atomic_store_explicit((_Atomic(weft_timer *) *)out, t, memory_order_relaxed);
}

static void timer_chan(bool late)
{
    weft_wg wg = {0};
    weft_timer *t = NULL;
    weft_wg_go(&wg, make_timer, &t, late);
    weft_timer *seen;
    while (!(seen = atomic_load_explicit((_Atomic(weft_timer *) *)&t, memory_order_relaxed)))
        weft_yield();
    wait_read(weft_timer_chan(seen));
    weft_wg_wait(&wg);
    weft_timer_unref(t);
}

static void norace_timer_chan(void) { timer_chan(false); }
static void race_timer_chan(void) { timer_chan(true); }

/* The value of one timer tells nothing of who armed another. */
PAIR(timer_others)

static void arm_and_wait(void)
{
    x = 1;
    weft_auto(weft_timer, t) = weft_timer_new(0);
    weft_recv(weft_timer_chan(t), NULL);
    tell(1);
}

static void timer_others(bool wait)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, arm_and_wait);
    until_told(1);
    if (wait)
        weft_wg_wait(&wg);
    weft_auto(weft_timer, t) = weft_timer_new(0);
    weft_recv(weft_timer_chan(t), NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_timer_others(void) { timer_others(true); }
static void race_timer_others(void) { timer_others(false); }

PAIR(ticker)

static void tick_read(weft_time_chan_rx *c)
{
    for (int i = 0; i < 3; i++)
        weft_recv(c, NULL);
    get_x();
}

static void ticker(bool late)
{
    weft_wg wg = {0};
    if (!late)
        x = 1;
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_MILLISECOND);
    weft_wg_go(&wg, tick_read, weft_ticker_chan(t));
    if (late)
        x = 1;
    weft_wg_wait(&wg);
}

static void norace_ticker(void) { ticker(false); }
static void race_ticker(void) { ticker(true); }
