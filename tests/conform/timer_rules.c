/* SPDX-License-Identifier: MIT */
/*
 * Sleep, timers, tickers, calls after a time.
 *
 * Nothing here says how late something may be, only what must not be early and
 * what must never be; a slow machine is no failure.
 */
#include "rules.h"

/* ---- sleep ------------------------------------------------------------------------------------ */

/* Package time: "Sleep pauses the current goroutine for at least the duration d.  A negative or zero
 * duration causes Sleep to return immediately." */
WEFT_TEST(sleep_lasts_at_least_as_long_as_asked)
{
    static const int64_t durations[] = {1, 1000, 100000, 1000000, 7000000, 20000000};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        weft_time start = weft_now();
        int r = weft_sleep(weft_background(), durations[i]);
        weft_time took = weft_now() - start;
        weft_check(r, ==, 0);
        weft_check(took, >=, durations[i]);
    }
    int r = weft_sleep(weft_background(), 0);
    weft_check(r, ==, 0);
    r = weft_sleep(weft_background(), INT64_MIN);
    weft_check(r, ==, 0);
}

// weft:ignore nilctx is to panic
static void sleep_without_context(void) { (void)weft_sleep(NULL, 1); }

WEFT_TEST(sleep_wants_a_context) { check_panics("context", sleep_without_context); }

static atomic_int order_count;
static int order_of[64];

static void sleep_and_sign(int i, int ms)
{
    nap(ms);
    order_of[atomic_fetch_add(&order_count, 1)] = i;
}

/* Sleepers with a second between their ends wake in that order; with one processor, all of them. */
WEFT_TEST(sleepers_wake_in_the_order_of_their_deadlines)
{
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, sleep_and_sign, i, 40 - 5 * i);
    weft_wg_wait(&wg);
    weft_check(order_count, ==, 8);
    if (weft_procs(0) == 1)
        for (int i = 0; i < 8; i++)
            weft_check(order_of[i], ==, 7 - i);
}

WEFT_TEST(the_clocks_run)
{
    weft_time a = weft_now();
    int64_t wall = weft_wall();
    nap(2);
    weft_check(weft_now() - a, >=, 2 * WEFT_MILLISECOND);
    weft_check(wall > 1577836800 * WEFT_SECOND); /* after 2020 */
}

/* ---- timers -------------------------------------------------------------------------------------- */

/* Package time: "NewTimer creates a new Timer that will send the current time on its channel after
 * at least duration d." */
WEFT_TEST(timer_sends_the_time_once)
{
    weft_time start = weft_now();
    weft_auto(weft_timer, t) = weft_timer_new(3 * WEFT_MILLISECOND);
    weft_time at = 0;
    bool ok = weft_recv(weft_timer_chan(t), &at);
    weft_check(ok);
    weft_check(at, >=, start + 3 * WEFT_MILLISECOND);
    weft_check(at, <=, weft_now());
    nap(5);
    bool again = weft_try_recv(weft_timer_chan(t), &at);
    weft_check(!again);
    weft_auto(weft_timer, now) = weft_timer_new(-1);
    ok = weft_recv(weft_timer_chan(now), NULL);
    weft_check(ok);
}

/* Package time, since Go 1.23: "the timer channel associated with a Timer is now unbuffered, with
 * capacity 0"; "cap(t.C) and len(t.C) return 0". */
WEFT_TEST(timer_channel_looks_unbuffered)
{
    weft_auto(weft_timer, t) = weft_timer_new(0);
    weft_auto(weft_ticker, k) = weft_ticker_new(WEFT_MICROSECOND);
    nap(2);
    weft_check(weft_len(weft_timer_chan(t)), ==, 0);
    weft_check(weft_cap(weft_timer_chan(t)), ==, 0);
    weft_check(weft_len(weft_ticker_chan(k)), ==, 0);
    weft_check(weft_cap(weft_ticker_chan(k)), ==, 0);
    bool came = weft_try_recv(weft_timer_chan(t), NULL);
    weft_check(came);
}

/* Package time: "Stop prevents the Timer from firing.  It returns true if the call stops the timer,
 * false if the timer has already expired or been stopped." */
WEFT_TEST(stop_says_whether_it_was_armed)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
    bool was = weft_timer_stop(t);
    weft_check(was);
    was = weft_timer_stop(t);
    weft_check(!was);
    was = weft_timer_reset(t, WEFT_MICROSECOND);
    weft_check(!was);
    weft_recv(weft_timer_chan(t), NULL);
    was = weft_timer_stop(t);
    weft_check(!was);
    was = weft_timer_reset(t, WEFT_HOUR);
    weft_check(!was);
    was = weft_timer_reset(t, WEFT_HOUR);
    weft_check(was);
    was = weft_timer_stop(t);
    weft_check(was);
}

/* Package time: "For a chan-based timer created with NewTimer(d), as of Go 1.23, any receive from
 * t.C after Stop has returned is guaranteed to block rather than receive any stale time value from
 * before the Stop"; and since the channel is unbuffered, "t.Stop reports whether the call stops the
 * timer" is true for a value not taken. */
WEFT_TEST(stop_discards_a_value_not_taken)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_MICROSECOND);
    nap(3);
    bool was = weft_timer_stop(t);
    weft_check(was);
    bool came = weft_try_recv(weft_timer_chan(t), NULL);
    weft_check(!came);
    was = weft_timer_stop(t);
    weft_check(!was);
}

WEFT_TEST(reset_discards_a_value_not_taken)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_MICROSECOND);
    nap(3);
    bool was = weft_timer_reset(t, WEFT_HOUR);
    weft_check(was);
    bool came = weft_try_recv(weft_timer_chan(t), NULL);
    weft_check(!came);
    weft_time before = weft_now();
    was = weft_timer_reset(t, WEFT_MILLISECOND);
    weft_check(was);
    weft_time at;
    weft_recv(weft_timer_chan(t), &at);
    weft_check(at, >=, before + WEFT_MILLISECOND);
}

/* No stale value after stop or reset in any interleaving: the timer fires around the very moment. */
WEFT_TEST(no_stale_value_however_close)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
    int stopped = 0, late = 0;
    for (int i = 0; i < 4000; i++) {
        weft_timer_reset(t, (i % 40) * WEFT_MICROSECOND);
        if (i % 3 == 0)
            weft_yield();
        else
            for (weft_time until = weft_now() + (i % 37) * WEFT_MICROSECOND; weft_now() < until;)
                ;
        if (i % 2) {
            bool was = weft_timer_stop(t);
            weft_check(was); /* nobody took the value, so it was armed or had one */
            bool came = weft_try_recv(weft_timer_chan(t), NULL);
            weft_check(!came);
            stopped++;
        } else {
            weft_time before = weft_now();
            bool was = weft_timer_reset(t, 50 * WEFT_MICROSECOND);
            weft_check(was);
            weft_time at;
            weft_recv(weft_timer_chan(t), &at);
            weft_check(at, >=, before + 50 * WEFT_MICROSECOND);
            late++;
        }
    }
    weft_check(stopped + late, ==, 4000);
}

static atomic_bool quit;

static void take_values(weft_timer *t, atomic_int *taken)
{
    while (!quit) {
        weft_time at;
        if (weft_select(weft_on_recv(weft_timer_chan(t), &at), weft_on_timeout(WEFT_MILLISECOND)) ==
            0)
            atomic_fetch_add(taken, 1);
    }
}

/* With a receiver at work: each setting is either taken by it or stopped by us, never both, never
 * neither. */
WEFT_TEST(each_setting_is_either_received_or_stopped)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
    weft_timer_stop(t);
    atomic_int taken = 0;
    int stopped = 0, set = 0;
    weft_wg wg = {0};
    weft_wg_go(&wg, take_values, t, &taken);
    for (int i = 0; i < 3000; i++) {
        weft_timer_reset(t, (i % 30) * WEFT_MICROSECOND);
        set++;
        for (weft_time until = weft_now() + (i % 23) * WEFT_MICROSECOND; weft_now() < until;)
            weft_yield();
        stopped += weft_timer_stop(t);
    }
    quit = true;
    weft_wg_wait(&wg);
    weft_check(taken + stopped, ==, set);
}

static void take_one(weft_time_chan_rx *c, atomic_int *done)
{
    weft_recv(c, NULL);
    atomic_fetch_add(done, 1);
}

WEFT_TEST(a_timer_serves_one_of_several_receivers)
{
    weft_auto(weft_timer, t) = weft_timer_new(2 * WEFT_MILLISECOND);
    atomic_int done = 0;
    for (int i = 0; i < 3; i++)
        weft_go(take_one, weft_timer_chan(t), &done);
    nap(10);
    weft_test_until_idle();
    weft_check(done, ==, 1);
    for (int i = 1; i < 3; i++) {
        weft_timer_reset(t, WEFT_MICROSECOND);
        while (done == i)
            weft_yield();
    }
    weft_test_until_idle();
}

WEFT_TEST(timers_in_a_select)
{
    weft_auto(weft_timer, fast) = weft_timer_new(2 * WEFT_MILLISECOND);
    weft_auto(weft_timer, slow) = weft_timer_new(WEFT_HOUR);
    int chosen = weft_select(weft_on_recv(weft_timer_chan(slow), NULL),
                             weft_on_recv(weft_timer_chan(fast), NULL));
    weft_check(chosen, ==, 1);
}

/* weft: "Dropping a weft_timer or ticker stops it"; a pending timer is no leak. */
WEFT_TEST(dropped_timers_are_gone)
{
    for (int i = 0; i < 1000; i++) {
        // weft:ignore timerloop many of them are the point
        weft_auto(weft_timer, t) = weft_timer_new(i % 2 ? WEFT_HOUR : i * WEFT_MICROSECOND / 10);
        // weft:ignore timerloop many of them are the point
        weft_auto(weft_ticker, k) = weft_ticker_new(10 * WEFT_MICROSECOND);
        if (i % 3 == 0)
            weft_yield();
    }
    weft_timer_unref(NULL);
    weft_ticker_unref(NULL);
    (void)weft_after_func(WEFT_HOUR, weft_yield);
}

static void stop_null(void) { weft_timer_stop(NULL); }
static void reset_null(void) { weft_timer_reset(NULL, 1); }
static void chan_null(void) { (void)weft_timer_chan(NULL); }

WEFT_TEST(null_timers_panic)
{
    check_panics("timer is NULL", stop_null);
    check_panics("timer is NULL", reset_null);
    check_panics("timer is NULL", chan_null);
}

WEFT_TEST(a_hundred_thousand_timers)
{
    enum { N = 100000 };
    static weft_timer *t[N];
    for (int i = 0; i < N; i++)
        t[i] = weft_timer_new(WEFT_HOUR - i * WEFT_MILLISECOND);
    int stopped = 0;
    for (int i = 0; i < N; i += 2)
        stopped += weft_timer_stop(t[i]);
    weft_check(stopped, ==, N / 2);
    for (int i = 1; i < N; i += 2)
        weft_timer_reset(t[i], i % 1000 * WEFT_MICROSECOND);
    for (int i = 1; i < N; i += 2)
        weft_recv(weft_timer_chan(t[i]), NULL);
    for (int i = 0; i < N; i++)
        weft_timer_unref(t[i]);
}

/* ---- tickers -------------------------------------------------------------------------------------- */

/* Package time: "The period of the ticks is specified by the duration argument." */
WEFT_TEST(ticker_ticks)
{
    weft_time start = weft_now(), before = start;
    weft_auto(weft_ticker, t) = weft_ticker_new(2 * WEFT_MILLISECOND);
    int n = 0;
    weft_range (at, weft_ticker_chan(t)) {
        weft_check(at, >, before);
        before = at;
        weft_check(at, >=, start + (n + 1) * 2 * WEFT_MILLISECOND);
        if (++n == 10)
            break;
    }
}

/* Package time: "The ticker will adjust the time interval or drop ticks to make up for slow
 * receivers." */
WEFT_TEST(ticks_that_nobody_took_are_dropped)
{
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_MILLISECOND);
    nap(30);
    int stored = 0;
    while (weft_try_recv(weft_ticker_chan(t), NULL))
        stored++;
    weft_check(stored, <=, 2); /* the one kept, and perhaps one that just came */
    weft_check(stored, >=, 1);
}

/* Package time: "Stop turns off a ticker.  After Stop, no more ticks will be sent.  Stop does not
 * close the channel". */
WEFT_TEST(stopped_tickers_are_silent)
{
    for (int i = 0; i < 200; i++) {
        // weft:ignore timerloop many of them are the point
        weft_auto(weft_ticker, t) = weft_ticker_new(5 * WEFT_MICROSECOND);
        if (i % 2)
            weft_recv(weft_ticker_chan(t), NULL);
        weft_ticker_stop(t);
        bool open = false;
        bool came = weft_try_recv_ok(weft_ticker_chan(t), NULL, &open);
        weft_check(!came && open);
        if (i % 50 == 0) {
            nap(1);
            came = weft_try_recv(weft_ticker_chan(t), NULL);
            weft_check(!came);
        }
    }
}

/* Package time: "Reset stops a ticker and resets its period to the specified duration.  The next
 * tick will arrive after the new period elapses." */
WEFT_TEST(ticker_reset_starts_a_new_period)
{
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_HOUR);
    weft_time before = weft_now(), at;
    weft_ticker_reset(t, WEFT_MILLISECOND);
    weft_recv(weft_ticker_chan(t), &at);
    weft_check(at, >=, before + WEFT_MILLISECOND);
    nap(3); /* a tick waits now */
    before = weft_now();
    weft_ticker_reset(t, 2 * WEFT_MILLISECOND);
    weft_recv(weft_ticker_chan(t), &at);
    weft_check(at, >=, before + 2 * WEFT_MILLISECOND);
    weft_ticker_stop(t);
    weft_ticker_reset(t, WEFT_MICROSECOND);
    weft_recv(weft_ticker_chan(t), NULL);
}

static void ticker_of(weft_duration d) { weft_ticker_unref(weft_ticker_new(d)); }
static void reset_to(weft_ticker *t, weft_duration d) { weft_ticker_reset(t, d); }

/* Package time: "The duration d must be greater than zero; if not, NewTicker will panic." */
WEFT_TEST(ticker_periods_are_positive)
{
    check_panics("period must be positive", ticker_of, 0);
    check_panics("period must be positive", ticker_of, -1);
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_HOUR);
    check_panics("period must be positive", reset_to, t, 0);
}

/* ---- calls after a time ------------------------------------------------------------------------------- */

static atomic_int called;
static _Atomic uint64_t called_in;
static atomic_long called_with;

static void note_call(int a, long b)
{
    called_in = weft_goroutine_id();
    called_with = a + b;
    atomic_fetch_add(&called, 1);
}

/* Package time: "AfterFunc waits for the duration to elapse and then calls f in its own goroutine." */
WEFT_TEST(after_func_runs_in_a_goroutine_of_its_own)
{
    weft_time start = weft_now();
    weft_timer *t = weft_after_func(2 * WEFT_MILLISECOND, note_call, 1, 41L);
    weft_check(weft_timer_chan(t) == NULL);
    while (called == 0)
        weft_yield();
    weft_check(weft_now() - start, >=, 2 * WEFT_MILLISECOND);
    weft_check(called_with, ==, 42);
    weft_check(called_in, !=, 0);
    weft_check(called_in, !=, weft_goroutine_id());
    bool was = weft_timer_stop(t);
    weft_check(!was);
    weft_timer_wait(t);
    /* Reset schedules f to run again. */
    was = weft_timer_reset(t, WEFT_MICROSECOND);
    weft_check(!was);
    while (called == 1)
        weft_yield();
    weft_timer_wait(t);
    weft_timer_unref(t);
}

/* weft: dropping the handle does not stop the call. */
WEFT_TEST(after_func_goes_on_without_its_handle)
{
    weft_timer_unref(weft_after_func(WEFT_MILLISECOND, note_call, 1, 2L));
    while (called == 0)
        weft_yield();
    weft_test_until_idle();
}

/* Package time: "For a func-based timer created with AfterFunc(d, f), if t.Stop returns false, then
 * the timer has already expired and the function f has been started in its own goroutine".  So each
 * call is either stopped or happens. */
WEFT_TEST(after_func_is_either_stopped_or_called)
{
    int stopped = 0;
    for (int i = 0; i < 3000; i++) {
        weft_auto(weft_timer, t) = weft_after_func((i % 20) * WEFT_MICROSECOND, note_call, i, 0L);
        for (weft_time until = weft_now() + (i % 25) * WEFT_MICROSECOND; weft_now() < until;)
            ;
        int before = called;
        if (weft_timer_stop(t)) {
            stopped++;
            weft_check(called == before);
        } else {
            weft_timer_wait(t); /* weft: joins a call that stop came too late for */
            weft_check(stopped + called, ==, i + 1);
        }
    }
    weft_check(stopped + called, ==, 3000);
}

static void slow_call(atomic_int *state)
{
    *state = 1;
    nap(10);
    *state = 2;
}

WEFT_TEST(timer_wait_joins_the_call)
{
    atomic_int state = 0;
    weft_auto(weft_timer, t) = weft_after_func(0, slow_call, &state);
    while (state == 0)
        weft_yield();
    bool was = weft_timer_stop(t);
    weft_check(!was);
    weft_timer_wait(t);
    weft_check(state, ==, 2);
    weft_timer_wait(t); /* nothing under way: at once */
}

static void exits(atomic_int *state)
{
    *state = 1;
    weft_goexit();
}

WEFT_TEST(timer_wait_joins_a_call_that_exits)
{
    atomic_int state = 0;
    weft_auto(weft_timer, t) = weft_after_func(0, exits, &state);
    while (state == 0)
        weft_yield();
    weft_timer_wait(t);
    weft_check(state, ==, 1);
}

static void stop_itself(weft_timer **t, atomic_int *out)
{
    while (!*(weft_timer *volatile *)t)
        weft_yield();
    *out = weft_timer_stop(*t) ? 1 : 2;
}

WEFT_TEST(a_call_may_stop_and_reset_its_own_timer)
{
    weft_timer *t = NULL;
    atomic_int out = 0;
    *(weft_timer *volatile *)&t = weft_after_func(0, stop_itself, &t, &out);
    while (out == 0)
        weft_yield();
    weft_check(out, ==, 2);
    weft_timer_wait(t);
    weft_timer_unref(t);
}
