/* SPDX-License-Identifier: MIT */
/* Singleflight: one call for all who ask meanwhile, and what becomes of its result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

static _Atomic int runs, released;

static void release_number(int *n)
{
    released++;
    free(n);
}

static int number(weft_flight_result *r, int n)
{
    runs++;
    int *p = malloc(sizeof *p);
    *p = n;
    weft_flight_set(r, p, release_number);
    return 0;
}

WEFT_TEST(a_call_alone_gets_its_own_result)
{
    weft_flight f = {0};
    {
        weft_auto(weft_flight_result, r) = NULL;
        int err = weft_flight_do(weft_background(), &f, "a", &r, number, 7);
        weft_check(err, ==, 0);
        weft_check(*(int *)weft_flight_value(r), ==, 7);
        weft_check(!weft_flight_shared(r));
        weft_check(released, ==, 0);
    }
    weft_check(released, ==, 1);
    weft_check(weft_flight_do(weft_background(), &f, "a", NULL, number, 8), ==, 0);
    weft_check(runs == 2 && released == 2);
}

/* ---- sharing --------------------------------------------------------------------- */

WEFT_CHAN(gate_chan, weft_unit);

static int gated(weft_flight_result *r, gate_chan_rx *gate, int n)
{
    weft_recv(gate, NULL);
    return number(r, n);
}

static void ask(weft_flight *f, const char *key, gate_chan_rx *gate, int n, _Atomic int *sum)
{
    weft_auto(weft_flight_result, r) = NULL;
    char copy[16]; /* the text counts, not the address */
    strcpy(copy, key);
    int err = weft_flight_do(weft_background(), f, copy, &r, gated, gate, n);
    weft_check(err, ==, 0);
    weft_check(weft_flight_shared(r));
    *sum += *(int *)weft_flight_value(r);
}

WEFT_TEST(all_who_ask_meanwhile_share_one_call)
{
    enum { N = 100 };
    static _Atomic int sum;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < N; i++)
        weft_wg_go(&wg, ask, &f, i % 2 ? "odd" : "even", weft_rx(gate), i % 2, &sum);
    weft_test_until_waiting(N - 2, WEFT_WAIT_ONCE);
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(runs, ==, 2);
    weft_check(sum, ==, N / 2);
    weft_check(released, ==, 2);
}

static int failing(weft_flight_result *r, gate_chan_rx *gate)
{
    weft_recv(gate, NULL);
    int *p = malloc(sizeof *p);
    weft_flight_set(r, p, release_number); /* given up again */
    return -EIO;
}

static void ask_failing(weft_flight *f, gate_chan_rx *gate, _Atomic int *failed)
{
    weft_flight_result *r = (void *)f;
    int err = weft_flight_do(weft_background(), f, "k", &r, failing, gate);
    weft_check(err, ==, -EIO);
    weft_check(r == NULL);
    ++*failed;
}

WEFT_TEST(errors_are_shared_and_leave_no_result)
{
    static _Atomic int failed;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, ask_failing, &f, weft_rx(gate), &failed);
    weft_test_until_waiting(9, WEFT_WAIT_ONCE);
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(failed == 10 && released == 1);
}

WEFT_TEST(forget_starts_anew)
{
    static _Atomic int sum;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, ask, &f, "k", weft_rx(gate), 1, &sum);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_wg_go(&wg, ask, &f, "k", weft_rx(gate), 1, &sum);
    weft_test_until_waiting(1, WEFT_WAIT_ONCE);
    weft_flight_forget(&f, "k");
    weft_flight_forget(&f, "unknown");
    weft_check(weft_flight_do(weft_background(), &f, "k", NULL, number, 5), ==, 0);
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(runs == 2 && sum == 2);
}

WEFT_TEST(flights_do_not_share_keys)
{
    static _Atomic int sum;
    weft_flight f = {0}, other = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < 2; i++)
        weft_wg_go(&wg, ask, &f, "k", weft_rx(gate), 1, &sum);
    weft_test_until_waiting(1, WEFT_WAIT_ONCE);
    weft_check(weft_flight_do(weft_background(), &other, "k", NULL, number, 5), ==, 0);
    weft_close(gate);
    weft_wg_wait(&wg);
}

/* ---- contexts --------------------------------------------------------------------------- */

static void ask_ctx(weft_ctx *ctx, weft_flight *f, gate_chan_rx *gate, _Atomic int *got)
{
    *got = weft_flight_do(ctx, f, "k", NULL, gated, gate, 1);
}

WEFT_TEST(a_follower_leaves_with_its_context)
{
    static _Atomic int leader = 1, follower = 1;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg wg = {0};
    weft_wg_go(&wg, ask_ctx, weft_background(), &f, weft_rx(gate), &leader);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_wg_go(&wg, ask_ctx, ctx, &f, weft_rx(gate), &follower);
    weft_test_until_waiting(1, WEFT_WAIT_ONCE);
    weft_ctx_cancel(ctx);
    while (follower == 1)
        weft_yield();
    weft_check(follower, ==, -ECANCELED);
    weft_check(leader, ==, 1);
    weft_check(weft_flight_do(ctx, &f, "k", NULL, number, 1), ==,
               -ECANCELED); /* before it begins */
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(leader == 0 && released == 1);
}

/* ---- other ends ---------------------------------------------------------------------------- */

static int panicking(weft_flight_result *r, gate_chan_rx *gate)
{
    (void)r;
    weft_recv(gate, NULL);
    weft_panic("no page %d", 404);
}

static int exiting(weft_flight_result *r, gate_chan_rx *gate)
{
    (void)r;
    weft_recv(gate, NULL);
    weft_goexit();
}

static void call_panicking(weft_flight *f, gate_chan_rx *gate)
{
    weft_flight_do(weft_background(), f, "k", NULL, panicking, gate);
}

static void expect_panic(weft_flight *f, gate_chan_rx *gate, _Atomic int *n)
{
    weft_auto(weft_panic_info, p) = weft_try(call_panicking, f, gate);
    weft_check(p && strstr(weft_panic_message(p), "no page 404"));
    ++*n;
}

WEFT_TEST(a_panic_reaches_all)
{
    static _Atomic int n;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < 5; i++)
        weft_wg_go(&wg, expect_panic, &f, weft_rx(gate), &n);
    weft_test_until_waiting(4, WEFT_WAIT_ONCE);
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(n, ==, 5);
    weft_check(weft_flight_do(weft_background(), &f, "k", NULL, number, 1), ==, 0);
}

static void call_exiting(weft_flight *f, gate_chan_rx *gate, _Atomic int *cancelled)
{
    int err = weft_flight_do(weft_background(), f, "k", NULL, exiting, gate);
    weft_check(err, ==, -ECANCELED);
    ++*cancelled;
}

WEFT_TEST(goexit_ends_the_leader_only)
{
    static _Atomic int cancelled;
    weft_flight f = {0};
    weft_auto(gate_chan, gate) = weft_make(gate_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < 5; i++)
        weft_wg_go(&wg, call_exiting, &f, weft_rx(gate), &cancelled);
    weft_test_until_waiting(4, WEFT_WAIT_ONCE);
    weft_close(gate);
    weft_wg_wait(&wg);
    weft_check(cancelled, ==, 4);
}

/* ---- misuse ----------------------------------------------------------------------------------- */

static void use_null(weft_flight *f)
{
    weft_flight_do(weft_background(), f, NULL, NULL, number, 1);
}
static void use(weft_flight *f) { weft_flight_do(weft_background(), f, "k", NULL, number, 1); }

static int set_twice(weft_flight_result *r)
{
    weft_flight_set(r, r, NULL);
    weft_flight_set(r, r, NULL);
    return 0;
}

static void call_set_twice(weft_flight *f)
{
    weft_flight_do(weft_background(), f, "k", NULL, set_twice);
}

static bool panics_with(weft_panic_info *p, const char *text)
{
    bool ok = p && strstr(weft_panic_message(p), text);
    weft_panic_info_free(p);
    return ok;
}

WEFT_TEST(misuse_panics)
{
    weft_flight f = {0};
    use(&f);
    weft_flight copy = f;
    weft_check(panics_with(weft_try(use, &copy), "flight was copied"));
    weft_check(panics_with(weft_try(use_null, &f), "key is NULL"));
    weft_check(panics_with(weft_try(use, NULL), "flight is NULL"));
    weft_check(panics_with(weft_try(call_set_twice, &f), "has its value already"));
}

/* ---- storm ------------------------------------------------------------------------------------- */

static int quick(weft_flight_result *r, _Atomic int *inside, int n)
{
    weft_check(++*inside, ==, 1); /* never two for one key */
    if (n % 3 == 0)
        weft_yield();
    int err = n % 5 == 0 ? -EIO : number(r, n);
    --*inside;
    return err;
}

static void storm(weft_flight *f, int id, _Atomic int *inside)
{
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 2000; i++) {
        weft_auto(weft_ctx, ctx) = i % 7 ? weft_ctx_with_cancel(weft_background())
                                         : weft_ctx_with_timeout(weft_background(), 2000);
        weft_auto(weft_flight_result, r) = NULL;
        int k = (i + id) % 4;
        int err = weft_flight_do(ctx, f, keys[k], &r, quick, &inside[k], i + id);
        weft_check(err == 0 || err == -EIO || err == -ETIMEDOUT);
        weft_check((err == 0) == (r != NULL));
        if (r)
            weft_check(*(int *)weft_flight_value(r) >= 0);
    }
}

WEFT_TEST(storm_of_flights)
{
    static _Atomic int inside[4];
    weft_flight f = {0};
    weft_wg wg = {0};
    for (int i = 0; i < 16; i++)
        weft_wg_go(&wg, storm, &f, i, inside);
    weft_wg_wait(&wg);
    weft_check(runs, ==, released);
}
