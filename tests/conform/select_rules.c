/* SPDX-License-Identifier: MIT */
/* Select: which case happens, and what the others leave behind. */
#include "rules.h"

/* ---- who is chosen --------------------------------------------------------------------------- */

/* Spec: "If one or more of the communications can proceed, a single one that can proceed is chosen
 * via a uniform pseudo-random selection."
 *
 * N picks among k ready cases: each count lies within six standard deviations of N/k, which a fair
 * choice misses once in 500 million. */
static void check_uniform(const int *count, int k, int n)
{
    double p = 1.0 / k, mean = n * p, variance = n * p * (1 - p);
    for (int i = 0; i < k; i++) {
        double off = count[i] - mean;
        if (off * off > 36 * variance)
            weft_fail("case %d of %d was chosen %d times of %d", i, k, count[i], n);
    }
}

WEFT_TEST(ready_receives_are_chosen_uniformly)
{
    enum { N = 30000 };
    weft_auto(int_chan, a) = weft_make(int_chan, 1);
    weft_auto(int_chan, b) = weft_make(int_chan, 1);
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    int count[3] = {0};
    for (int i = 0; i < N; i++) {
        weft_try_send(a, 0);
        weft_try_send(b, 1);
        weft_try_send(c, 2);
        int v = -1;
        int chosen = weft_select(weft_on_recv(a, &v), weft_on_recv(b, &v), weft_on_recv(c, &v));
        weft_check(v, ==, chosen);
        count[chosen]++;
    }
    check_uniform(count, 3, N);
}

WEFT_TEST(sends_and_receives_are_chosen_alike)
{
    enum { N = 20000 };
    weft_auto(int_chan, full) = weft_make(int_chan, 1);
    weft_auto(int_chan, empty) = weft_make(int_chan, 1);
    weft_auto(int_chan, closed) = weft_make(int_chan, 0);
    weft_close(closed);
    weft_send(full, 1);
    int count[3] = {0};
    for (int i = 0; i < N; i++) {
        int chosen = weft_select(weft_on_recv(full, NULL), weft_on_send(empty, 1),
                                 weft_on_recv(closed, NULL), weft_on_timeout(WEFT_SECOND));
        count[chosen]++;
        if (chosen == 0)
            weft_send(full, 1);
        if (chosen == 1)
            weft_recv(empty, NULL);
    }
    check_uniform(count, 3, N);
}

WEFT_TEST(two_hundred_ready_cases_are_chosen_uniformly)
{
    enum { CASES = 200, N = 200 * 200 };
    static int_chan *c[CASES];
    static weft_case cases[CASES];
    static int count[CASES], v[CASES];
    for (int i = 0; i < CASES; i++) {
        c[i] = weft_make(int_chan, 1);
        weft_send(c[i], i);
        cases[i] = weft_on_recv(c[i], &v[i]);
    }
    for (int k = 0; k < N; k++) {
        int i = weft_select_n(cases, CASES);
        weft_check(v[i], ==, i);
        v[i] = -1;
        weft_send(c[i], i);
        count[i]++;
    }
    check_uniform(count, CASES, N);
    for (int i = 0; i < CASES; i++)
        weft_unref(c[i]);
}

/* The same channel twice counts twice. */
WEFT_TEST(a_channel_in_several_cases)
{
    enum { N = 20000 };
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    int count[3] = {0};
    weft_send(c, 0);
    for (int i = 0; i < N; i++) {
        int v[2] = {-1, -1}, chosen = weft_select(weft_on_recv(c, &v[0]), weft_on_recv(c, &v[1]),
                                                  weft_on_send(c, i + 1));
        count[chosen]++;
        if (chosen == 2)
            weft_recv(c, NULL); /* one stays inside */
        else {
            weft_check(v[1 - chosen], ==, -1);
            weft_send(c, i + 1);
        }
    }
    check_uniform(count, 3, N);
}

static void close_soon(int_chan_tx *c)
{
    weft_test_until_waiting(1, WEFT_WAIT_SELECT);
    weft_close(c);
}

static void send_soon(int_chan_tx *c, int v)
{
    weft_test_until_waiting(1, WEFT_WAIT_SELECT);
    weft_send(c, v);
}

/* The same while it waits: one case gets the value, the others leave no trace. */
WEFT_TEST(a_channel_in_several_cases_while_waiting)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < 200; i++) {
        int v[3] = {-1, -1, -1};
        weft_go(send_soon, weft_tx(c), i);
        int chosen =
            weft_select(weft_on_recv(c, &v[0]), weft_on_recv(c, &v[1]), weft_on_recv(c, &v[2]));
        for (int k = 0; k < 3; k++)
            weft_check(v[k], ==, k == chosen ? i : -1);
        bool more = weft_try_send(c, 1);
        weft_check(!more);
    }
}

/* A select does not meet itself. */
WEFT_TEST(send_and_receive_on_one_channel_in_one_select)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    int v = -1;
    int chosen = weft_select(weft_on_send(c, 1), weft_on_recv(c, &v), weft_on_default());
    weft_check(chosen, ==, 2);
    chosen =
        weft_select(weft_on_send(c, 1), weft_on_recv(c, &v), weft_on_timeout(2 * WEFT_MILLISECOND));
    weft_check(chosen, ==, 2);
    weft_go(send_soon, weft_tx(c), 5);
    chosen = weft_select(weft_on_send(c, 1), weft_on_recv(c, &v));
    weft_check(chosen, ==, 1);
    weft_check(v, ==, 5);
}

static void both_ways(int_chan *c, atomic_long *balance, int n)
{
    for (int i = 0; i < n; i++) {
        int v;
        if (weft_select(weft_on_send(c, 3), weft_on_recv(c, &v)) == 0)
            atomic_fetch_add(balance, 3);
        else
            atomic_fetch_sub(balance, v);
    }
}

/* An even number of them can always go on: each operation of one is half of a pair. */
WEFT_TEST(goroutines_that_both_send_and_receive_meet_each_other)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    atomic_long balance = 0;
    weft_wg wg = {0};
    weft_wg_go(&wg, both_ways, c, &balance, 5000);
    weft_wg_go(&wg, both_ways, c, &balance, 5000);
    weft_wg_wait(&wg);
    weft_check(balance, ==, 0);
}

/* ---- default and timeout ------------------------------------------------------------------------ */

/* Spec: "Otherwise, if there is a default case, that case is chosen." */
WEFT_TEST(default_only_when_nothing_else_is_ready)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_auto(int_chan, d) = weft_make(int_chan, 0);
    int v;
    for (int i = 0; i < 1000; i++) {
        int chosen = weft_select(weft_on_default(), weft_on_recv(c, &v), weft_on_recv(d, &v));
        weft_check(chosen, ==, 0);
        chosen = weft_select(weft_on_send(c, i), weft_on_default(), weft_on_recv(d, &v));
        weft_check(chosen, ==, 0);
        chosen = weft_select(weft_on_send(c, i), weft_on_default());
        weft_check(chosen, ==, 1);
        chosen = weft_select(weft_on_default(), weft_on_recv(c, &v), weft_on_recv(d, &v));
        weft_check(chosen, ==, 1);
        weft_check(v, ==, i);
    }
}

/* weft: "the timeout is taken only when nothing else is ready", even one that is over at once. */
WEFT_TEST(timeout_only_when_nothing_else_is_ready)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    for (int i = 0; i < 1000; i++) {
        weft_send(c, i);
        int v, chosen = weft_select(weft_on_timeout(0), weft_on_recv(c, &v), weft_on_timeout(-5));
        weft_check(chosen, ==, 1);
        weft_check(v, ==, i);
    }
    int v, chosen = weft_select(weft_on_recv(c, &v), weft_on_timeout(0));
    weft_check(chosen, ==, 1);
    chosen = weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_HOUR), weft_on_timeout(-1));
    weft_check(chosen, ==, 2);
}

WEFT_TEST(timeout_takes_its_time)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_time start = weft_now();
    int chosen = weft_select(weft_on_timeout(50 * WEFT_MILLISECOND), weft_on_recv(c, NULL),
                             weft_on_timeout(20 * WEFT_MILLISECOND));
    weft_time took = weft_now() - start;
    weft_check(chosen, ==, 2);
    weft_check(took, >=, 20 * WEFT_MILLISECOND);
    start = weft_now();
    chosen = weft_select(weft_on_timeout(5 * WEFT_MILLISECOND)); /* no channel at all */
    weft_check(chosen, ==, 0);
    weft_check(weft_now() - start, >=, 5 * WEFT_MILLISECOND);
}

static void feed(int_chan_tx *c, int n)
{
    for (int i = 0; i < n; i++) {
        if (i % 16 == 0)
            (void)weft_sleep(weft_background(), 150 * WEFT_MICROSECOND);
        weft_send(c, i);
    }
    weft_close(c);
}

/* A timeout that races with a value: the value is either taken or still there. */
WEFT_TEST(timeout_loses_no_value)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_go(feed, weft_tx(c), 3000);
    int next = 0, timeouts = 0;
    for (bool ok = true; ok;) {
        int v = -1;
        if (weft_select(weft_on_recv_ok(c, &v, &ok), weft_on_timeout(100 * WEFT_MICROSECOND)) == 1)
            timeouts++;
        else if (ok)
            weft_check(v == next++);
    }
    weft_check(next, ==, 3000);
    weft_check(timeouts > 0);
}

/* ---- NULL channels and no cases -------------------------------------------------------------------- */

/* Spec: "Since communication on nil channels can never proceed, a select with only nil channels and
 * no default case blocks forever." */
static void select_null(void)
{
    int_chan *none = NULL;
    weft_select(weft_on_recv(none, NULL), weft_on_send(none, 1));
}

static void select_nothing(void) { weft_select_n(NULL, 0); }

WEFT_TEST(only_null_channels_wait_for_ever)
{
    waits_for_ever();
    weft_go(select_null);
    weft_go(select_nothing);
    weft_test_until_waiting(2, WEFT_WAIT_SELECT_NONE);
}

WEFT_TEST(null_cases_are_dead)
{
    int_chan *none = NULL;
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    int v = 0;
    for (int i = 0; i < 100; i++) {
        int chosen = weft_select(weft_on_recv(none, &v), weft_on_send(none, 1), weft_on_send(c, i),
                                 weft_on_recv_ok(none, &v, &(bool){0}));
        weft_check(chosen, ==, 2);
        chosen = weft_select(weft_on_send(none, 1), weft_on_recv(c, &v));
        weft_check(chosen, ==, 1);
    }
    int chosen = weft_select(weft_on_recv(none, &v), weft_on_default());
    weft_check(chosen, ==, 1);
    chosen = weft_select(weft_on_recv(none, &v), weft_on_timeout(WEFT_MILLISECOND));
    weft_check(chosen, ==, 1);
    /* and while it waits */
    weft_go(send_soon, weft_tx(c), 9);
    chosen = weft_select(weft_on_recv(none, &v), weft_on_recv(c, &v));
    weft_check(chosen == 1 && v == 9);
}

/* The background context never ends: a case that cannot happen. */
WEFT_TEST(background_is_never_done)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_send(c, 1);
    for (int i = 0; i < 100; i++) {
        int chosen = weft_select(weft_on_done(weft_background()), weft_on_default());
        weft_check(chosen, ==, 1);
    }
    int v, chosen = weft_select(weft_on_done(weft_background()), weft_on_recv(c, &v));
    weft_check(chosen, ==, 1);
}

/* ---- close ------------------------------------------------------------------------------------------ */

WEFT_TEST(close_makes_a_receive_case_ready)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_auto(int_chan, d) = weft_make(int_chan, 0);
    int v = -1;
    bool ok = true;
    weft_go(close_soon, weft_tx(c));
    int chosen = weft_select(weft_on_recv(d, NULL), weft_on_recv_ok(c, &v, &ok));
    weft_check(chosen, ==, 1);
    weft_check(!ok);
    weft_check(v, ==, 0);
    v = -1, ok = true;
    chosen = weft_select(weft_on_recv_ok(c, &v, &ok), weft_on_default());
    weft_check(chosen == 0 && !ok && v == 0);
}

/* ok tells a sent value from a close, in both ways of arriving. */
WEFT_TEST(ok_is_true_for_a_sent_value)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    int v = -1;
    bool ok = false;
    weft_go(send_soon, weft_tx(c), 0);
    weft_select(weft_on_recv_ok(c, &v, &ok));
    weft_check(ok && v == 0);
    weft_auto(int_chan, b) = weft_make(int_chan, 1);
    weft_send(b, 0);
    ok = false, v = -1;
    weft_select(weft_on_recv_ok(b, &v, &ok));
    weft_check(ok && v == 0);
}

/* ---- many ---------------------------------------------------------------------------------------------- */

static void send_to_each(int_chan **c, int n, int rounds)
{
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < n; i++)
            weft_send(c[i], r * n + i);
}

/* 200 cases, waiting: the value comes with its case, and none is lost. */
WEFT_TEST(two_hundred_cases_while_waiting)
{
    enum { CASES = 200, ROUNDS = 5 };
    static int_chan *c[CASES];
    static weft_case cases[CASES];
    static int v[CASES];
    weft_wg wg = {0};
    for (int i = 0; i < CASES; i++) {
        c[i] = weft_make(int_chan, 0);
        cases[i] = weft_on_recv(c[i], &v[i]);
    }
    weft_wg_go(&wg, send_to_each, c, CASES, ROUNDS);
    for (int k = 0; k < CASES * ROUNDS; k++) {
        int i = weft_select_n(cases, CASES);
        weft_check(i, ==, k % CASES);
        weft_check(v[i], ==, k);
    }
    weft_wg_wait(&wg);
    for (int i = 0; i < CASES; i++)
        weft_unref(c[i]);
}

static void select_all(int_chan **c, int n, int rounds, atomic_long *sum)
{
    weft_case cases[20];
    int v = 0, one = 1;
    for (int i = 0; i < n; i++) {
        cases[i] = i % 2 ? weft_on_recv(c[i / 2], &v) : weft_on_send(c[i / 2], 1);
        if (i % 2 == 0)
            cases[i].value = &one; /* the case's own copy ends with this block */
    }
    for (int r = 0; r < rounds; r++) {
        int i = weft_select_n(cases, (size_t)n);
        atomic_fetch_add(sum, i % 2 ? -v : 1);
    }
}

static void drain(int_chan **c, int n, atomic_long *sum)
{
    int v;
    for (int i = 0; i < n; i++)
        while (weft_try_recv(c[i], &v))
            atomic_fetch_sub(sum, v);
}

/* Selects over the same channels in different orders neither block each other nor lose a value:
 * what was sent is what was received and what is left. */
WEFT_TEST(selects_over_shared_channels_keep_the_balance)
{
    enum { CHANNELS = 10 };
    int_chan *c[CHANNELS], *backwards[CHANNELS];
    atomic_long sum = 0;
    weft_wg wg = {0};
    for (int i = 0; i < CHANNELS; i++)
        backwards[CHANNELS - 1 - i] = c[i] = weft_make(int_chan, i % 3);
    for (int k = 0; k < 6; k++)
        weft_wg_go(&wg, select_all, k % 2 ? c : backwards, k < 4 ? 20 : 6, 3000, &sum);
    /* An odd one out may be left alone with channels that only fit one: let it find somebody. */
    while (weft_num_goroutine() > 1) {
        drain(c, CHANNELS, &sum);
        for (int i = 0; i < CHANNELS; i++)
            if (weft_try_send(c[i], 1))
                atomic_fetch_add(&sum, 1);
        nap(1);
    }
    weft_wg_wait(&wg);
    drain(c, CHANNELS, &sum);
    weft_check(sum, ==, 0);
    for (int i = 0; i < CHANNELS; i++)
        weft_unref(c[i]);
}

static int evaluated;
static int_chan *first(int_chan *c)
{
    weft_check(evaluated, ==, 0);
    evaluated = 1;
    return c;
}
static int second(int v)
{
    weft_check(evaluated == 1 || evaluated == 2);
    evaluated = 2;
    return v;
}
static int_chan *third(int_chan *c)
{
    weft_check(evaluated, ==, 2);
    evaluated = 3;
    return c;
}

/* Spec: "the channel operands of receive operations and the channel and right-hand-side expressions
 * of send statements are evaluated exactly once, in source order, upon entering the select
 * statement."  C leaves the order within an initializer list open (C11 6.7.9p23), so one case a
 * list element is all that weft can promise: each exactly once, chosen or not. */
WEFT_TEST(operands_are_evaluated_once_chosen_or_not)
{
    weft_auto(int_chan, full) = weft_make(int_chan, 1);
    weft_auto(int_chan, empty) = weft_make(int_chan, 0);
    weft_send(full, 1);
    weft_case cases[] = {weft_on_send(first(full), second(2)), weft_on_recv(third(empty), NULL),
                         weft_on_default()};
    int chosen = weft_select_n(cases, 3);
    weft_check(chosen, ==, 2);
    weft_check(evaluated, ==, 3);
}
