/* SPDX-License-Identifier: MIT */
/* Contexts: how they end, in which order, what they carry, and who may still hold them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft.h>

static bool panics_with(weft_panic_info *p, const char *text)
{
    bool ok = p && strstr(weft_panic_message(p), text);
    if (p && !ok)
        printf("the panic says: %s\n", weft_panic_message(p));
    weft_panic_info_free(p);
    return ok;
}

static bool is_done(weft_ctx *ctx)
{
    return weft_select(weft_on_done(ctx), weft_on_default()) == 0;
}

/* ---- ending ---------------------------------------------------------------------- */

WEFT_TEST(background_never_ends)
{
    weft_ctx *bg = weft_background();
    weft_check(weft_ctx_err(bg), ==, 0);
    weft_check(weft_ctx_cause(bg), ==, 0);
    weft_check(weft_ctx_done(bg) == NULL);
    weft_check(!weft_ctx_deadline(bg, NULL));
    weft_check(weft_ctx_value(bg, &bg) == NULL);
    weft_auto(weft_ctx, same) = weft_background(); /* needs no release, and bears it */
    weft_ctx_unref(weft_ctx_ref(same));
    weft_check(same == bg);
}

WEFT_TEST(cancel_ends_it_once)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_check(weft_ctx_err(ctx), ==, 0);
    weft_check(!is_done(ctx));
    weft_ctx_cancel_cause(ctx, -ENOENT);
    weft_check(weft_ctx_err(ctx), ==, -ECANCELED);
    weft_check(weft_ctx_cause(ctx), ==, -ENOENT);
    weft_check(is_done(ctx));
    weft_ctx_cancel_cause(ctx, -EIO); /* comes too late to matter */
    weft_ctx_cancel(ctx);
    weft_check(weft_ctx_cause(ctx), ==, -ENOENT);
}

WEFT_TEST(a_cause_of_zero_is_the_error)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_cancel_cause(ctx, 0);
    weft_check(weft_ctx_cause(ctx), ==, -ECANCELED);
}

WEFT_TEST(done_asked_for_after_the_end_is_closed)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_cancel(ctx);
    weft_done_chan_rx *done = weft_ctx_done(ctx);
    weft_check(!weft_recv(done, NULL));
    weft_check(done == weft_ctx_done(ctx));
}

WEFT_TEST(children_end_with_their_parent_and_not_the_other_way_round)
{
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, a) = weft_ctx_with_cancel(root);
    weft_auto(weft_ctx, b) = weft_ctx_with_cancel(root);
    weft_auto(weft_ctx, aa) = weft_ctx_with_value(a, &root, "v");
    weft_auto(weft_ctx, aaa) = weft_ctx_with_cancel(aa);
    weft_ctx_cancel_cause(a, -EIO);
    weft_check(weft_ctx_err(root), ==, 0);
    weft_check(weft_ctx_err(b), ==, 0);
    weft_check(weft_ctx_err(aa), ==, -ECANCELED);
    weft_check(weft_ctx_cause(aa), ==, -EIO);
    weft_check(weft_ctx_cause(aaa), ==, -EIO);
    weft_check(is_done(aa) && is_done(aaa) && !is_done(b));
    weft_auto(weft_ctx, late) = weft_ctx_with_cancel(aa); /* born ended */
    weft_check(weft_ctx_cause(late), ==, -EIO);
    weft_check(is_done(late));
    weft_ctx_cancel(root);
    weft_check(weft_ctx_err(b), ==, -ECANCELED);
    weft_check(weft_ctx_cause(aaa), ==, -EIO);
}

WEFT_TEST(without_cancel_keeps_the_values_only)
{
    static int key;
    weft_auto(weft_ctx, root) = weft_ctx_with_timeout(weft_background(), WEFT_HOUR);
    weft_auto(weft_ctx, value) = weft_ctx_with_value(root, &key, "kept");
    weft_auto(weft_ctx, apart) = weft_ctx_without_cancel(value);
    weft_auto(weft_ctx, below) = weft_ctx_with_cancel(apart);
    weft_ctx_cancel(root);
    weft_check(weft_ctx_err(value), ==, -ECANCELED);
    weft_check(weft_ctx_err(apart), ==, 0);
    weft_check(weft_ctx_err(below), ==, 0);
    weft_check(weft_ctx_done(apart) == NULL);
    weft_check(!weft_ctx_deadline(below, NULL));
    weft_check((char *)weft_ctx_value(below, &key), ==, "kept");
}

/* ---- deadlines ---------------------------------------------------------------------- */

WEFT_TEST(deadlines_are_inherited_when_sooner)
{
    weft_time soon, later, got;
    weft_auto(weft_ctx, a) = weft_ctx_with_timeout(weft_background(), WEFT_HOUR);
    weft_check(weft_ctx_deadline(a, &soon));
    weft_auto(weft_ctx, b) = weft_ctx_with_timeout(a, 2 * WEFT_HOUR);
    weft_check(weft_ctx_deadline(b, &later) && later == soon);
    weft_auto(weft_ctx, c) = weft_ctx_with_deadline(b, soon - WEFT_MINUTE);
    weft_auto(weft_ctx, d) = weft_ctx_with_value(c, &soon, NULL);
    weft_check(weft_ctx_deadline(d, &got) && got == soon - WEFT_MINUTE);
    weft_check(weft_ctx_err(d), ==, 0);
}

WEFT_TEST(a_deadline_in_the_past_ends_it_at_once)
{
    weft_auto(weft_ctx, a) = weft_ctx_with_timeout(weft_background(), 0);
    weft_auto(weft_ctx, b) = weft_ctx_with_timeout(weft_background(), INT64_MIN);
    weft_auto(weft_ctx, c) = weft_ctx_with_deadline(weft_background(), weft_now() - 1);
    weft_check(weft_ctx_err(a) == -ETIMEDOUT && weft_ctx_err(b) == -ETIMEDOUT &&
               weft_ctx_err(c) == -ETIMEDOUT);
    weft_check(is_done(a));
    weft_auto(weft_ctx, cancelled) = weft_ctx_with_cancel(weft_background());
    weft_ctx_cancel(cancelled);
    weft_auto(weft_ctx, d) = weft_ctx_with_timeout(cancelled, 0);
    weft_check(weft_ctx_err(d), ==, -ECANCELED); /* the parent came first */
}

enum { DEADLINES = 8 };
static const int deadline_ms[DEADLINES] = {35, 5, 25, 15, 40, 10, 30, 20};

/* Whatever was to end well before has ended: two that are near may change places. */
static void check_order(weft_ctx **ctx, int i)
{
    weft_recv(weft_ctx_done(ctx[i]), NULL);
    for (int k = 0; k < DEADLINES; k++)
        if (deadline_ms[k] + 10 <= deadline_ms[i])
            weft_check(weft_ctx_err(ctx[k]), ==, -ETIMEDOUT);
    weft_check(weft_ctx_err(ctx[i]), ==, -ETIMEDOUT);
}

WEFT_TEST(deadlines_pass_in_their_order)
{
    weft_ctx *ctx[DEADLINES];
    weft_wg wg = {0};
    for (int i = 0; i < DEADLINES; i++)
        ctx[i] = weft_ctx_with_timeout(weft_background(), 5 * deadline_ms[i] * WEFT_MILLISECOND);
    for (int i = 0; i < DEADLINES; i++)
        weft_wg_go(&wg, check_order, ctx, i);
    weft_wg_wait(&wg);
    for (int i = 0; i < DEADLINES; i++)
        weft_ctx_unref(ctx[i]);
}

WEFT_TEST(cancel_beats_the_deadline_and_disarms_it)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), 20 * WEFT_MILLISECOND);
    weft_ctx_cancel(ctx);
    weft_sleep(weft_background(), 40 * WEFT_MILLISECOND);
    weft_check(weft_ctx_err(ctx), ==, -ECANCELED);
}

WEFT_TEST(a_deadline_reaches_the_whole_tree)
{
    weft_auto(weft_ctx, root) = weft_ctx_with_timeout(weft_background(), 10 * WEFT_MILLISECOND);
    weft_auto(weft_ctx, a) = weft_ctx_with_cancel(root);
    weft_auto(weft_ctx, b) = weft_ctx_with_timeout(a, WEFT_HOUR);
    int err = weft_sleep(b, WEFT_HOUR);
    weft_check(err, ==, -ETIMEDOUT);
    weft_check(weft_ctx_err(a), ==, -ETIMEDOUT);
}

static void stop_racing(weft_ctx *ctx, int64_t when)
{
    while (weft_now() < when)
        weft_yield();
    weft_ctx_unref(ctx);
}

/* The last reference goes at the very moment when the timer fires. */
WEFT_TEST(timers_fire_while_the_context_goes)
{
    for (int round = 0; round < 300; round++) {
        weft_wg wg = {0};
        int64_t when = weft_now() + 200 * WEFT_MICROSECOND;
        for (int i = 0; i < 8; i++) {
            weft_ctx *ctx = weft_ctx_with_deadline(weft_background(), when);
            weft_wg_go(&wg, stop_racing, ctx, when + (i - 4) * 2000);
        }
        weft_wg_wait(&wg);
    }
}

/* ---- values -------------------------------------------------------------------------- */

WEFT_TEST(values_are_found_at_any_depth_nearest_first)
{
    enum { DEPTH = 1000 };
    static char keys[DEPTH], other;
    weft_ctx *ctx = weft_ctx_ref(weft_background());
    for (int i = 0; i < DEPTH; i++) {
        weft_ctx *next =
            i % 3 ? weft_ctx_with_value(ctx, &keys[i], &keys[i]) : weft_ctx_with_cancel(ctx);
        weft_ctx_unref(ctx);
        ctx = next;
    }
    for (int i = 0; i < DEPTH; i++)
        weft_check(weft_ctx_value(ctx, &keys[i]) == (i % 3 ? &keys[i] : NULL));
    weft_check(weft_ctx_value(ctx, &other) == NULL);
    weft_ctx *shadow = weft_ctx_with_value(ctx, &keys[1], &other);
    weft_check(weft_ctx_value(shadow, &keys[1]) == &other);
    weft_check(weft_ctx_value(ctx, &keys[1]) == &keys[1]);
    weft_ctx_unref(ctx);
    weft_ctx_unref(shadow);
}

WEFT_TEST(dropping_a_value_context_leaves_its_parent_alone)
{
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    {
        weft_auto(weft_ctx, value) = weft_ctx_with_value(root, &root, NULL);
        weft_check(weft_ctx_err(value), ==, 0);
    }
    weft_check(weft_ctx_err(root), ==, 0);
}

/* ---- trees ----------------------------------------------------------------------------- */

WEFT_TEST(a_hundred_thousand_children_end_in_one_pass)
{
    enum { N = 100000 };
    weft_ctx **child = malloc(N * sizeof *child);
    weft_ctx *root = weft_ctx_with_cancel(weft_background());
    for (int i = 0; i < N; i++)
        child[i] = weft_ctx_with_cancel(root);
    weft_ctx_cancel(root);
    for (int i = 0; i < N; i++)
        weft_check(weft_ctx_err(child[i]), ==, -ECANCELED);
    weft_ctx_unref(root); /* before its children */
    for (int i = 0; i < N; i++)
        weft_ctx_unref(child[(i * 7919L) % N]);
    free(child);
}

/* A chain would be the end of the stack if ending or releasing recursed. */
WEFT_TEST(a_chain_of_a_hundred_thousand_ends_and_goes)
{
    enum { N = 100000 };
    weft_ctx *root = weft_ctx_with_cancel(weft_background()), *last = weft_ctx_ref(root);
    for (int i = 0; i < N; i++) {
        weft_ctx *next = weft_ctx_with_cancel(last);
        weft_ctx_unref(last);
        last = next;
    }
    weft_ctx_cancel(root);
    weft_check(weft_ctx_err(last), ==, -ECANCELED);
    weft_ctx_unref(root);
    weft_ctx_unref(last);
}

static void attach_until_ended(weft_ctx *root, _Atomic long *made)
{
    for (;;) {
        weft_auto(weft_ctx, a) = weft_ctx_with_timeout(root, WEFT_HOUR);
        weft_auto(weft_ctx, b) = weft_ctx_with_value(a, &made, NULL);
        weft_ctx *c = weft_ctx_with_cancel(b);
        weft_defer(weft_ctx_unref, c);
        (*made)++;
        if (weft_ctx_err(root) != 0) {
            weft_auto(weft_ctx, late) = weft_ctx_with_cancel(root);
            weft_check(weft_ctx_err(late), ==, -ECANCELED);              /* made after the end */
            weft_check(weft_sleep(c, 10 * WEFT_SECOND), ==, -ECANCELED); /* made before it */
            return;
        }
        if (*made % 64 == 0)
            weft_yield();
    }
}

WEFT_TEST(children_that_attach_while_the_parent_ends_end_too)
{
    static _Atomic long made;
    for (int round = 0; round < 200; round++) {
        weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
        weft_wg wg = {0};
        for (int i = 0; i < 4; i++)
            weft_wg_go(&wg, attach_until_ended, root, &made);
        weft_yield();
        weft_ctx_cancel(root);
        weft_wg_wait(&wg);
    }
}

/* ---- waiting ----------------------------------------------------------------------------- */

WEFT_CHAN(int_chan, int);

static void wait_all_ways(weft_ctx *ctx, int_chan *never, int way, _Atomic int *woken)
{
    int v, err = 0;
    switch (way % 5) {
    case 0:
        err = weft_sleep(ctx, WEFT_HOUR);
        break;
    case 1:
        err = weft_recv_ctx(ctx, never, &v);
        break;
    case 2:
        err = weft_send_ctx(ctx, never + 0, 1);
        break;
    case 3:
        weft_recv(weft_ctx_done(ctx), NULL);
        err = weft_ctx_err(ctx);
        break;
    case 4:
        weft_check(weft_select(weft_on_recv(never, NULL), weft_on_done(ctx)), ==, 1);
        err = weft_ctx_err(ctx);
        break;
    }
    weft_check(err, ==, -ECANCELED);
    (*woken)++;
}

WEFT_TEST(cancel_wakes_whoever_waits_in_whatever_way)
{
    enum { N = 500 };
    static _Atomic int woken;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    int_chan *never = NULL;
    weft_wg wg = {0};
    int before = weft_num_goroutine();
    for (int i = 0; i < N; i++)
        weft_wg_go(&wg, wait_all_ways, ctx, never, i, &woken);
    weft_test_until_idle();
    weft_ctx_cancel(ctx);
    weft_wg_wait(&wg);
    weft_check(woken, ==, N);
    weft_test_until_idle();
    weft_check(weft_num_goroutine(), ==, before);
}

WEFT_TEST(an_ended_context_wins_over_what_is_ready)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_ctx_cancel(ctx);
    weft_check(weft_send_ctx(ctx, c, 1), ==, -ECANCELED);
    weft_check(weft_len(c), ==, 0);
    weft_check(weft_sleep(ctx, 0), ==, -ECANCELED);
}

/* ---- after_func ---------------------------------------------------------------------------- */

static void count_call(_Atomic int *n, int by) { *n += by; }

WEFT_TEST(after_func_runs_once_when_the_context_ends)
{
    static _Atomic int n;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, value) = weft_ctx_with_value(ctx, &ctx, NULL);
    weft_ctx_after_func(ctx, count_call, &n, 1);
    weft_ctx_after_func(value, count_call, &n, 10);
    weft_ctx_call off = weft_ctx_after_func(ctx, count_call, &n, 100);
    weft_ctx_call on = weft_ctx_after_func(ctx, count_call, &n, 1000);
    weft_check(weft_ctx_call_stop(off));
    weft_check(!weft_ctx_call_stop(off));
    weft_test_until_idle();
    weft_check(n, ==, 0);
    weft_ctx_cancel(ctx);
    weft_test_until_idle();
    weft_check(n, ==, 1011);
    weft_check(!weft_ctx_call_stop(on));
    weft_ctx_after_func(value, count_call, &n, 10000); /* ended already: at once */
    weft_test_until_idle();
    weft_check(n, ==, 11011);
}

WEFT_TEST(after_func_on_what_never_ends)
{
    static _Atomic int n;
    weft_ctx_call bg = weft_ctx_after_func(weft_background(), count_call, &n, 1);
    weft_check(weft_ctx_call_stop(bg));
    weft_ctx *gone = weft_ctx_with_cancel(weft_background());
    weft_ctx_call lost = weft_ctx_after_func(gone, count_call, &n, 1);
    weft_ctx_unref(gone); /* nobody can end it any more */
    weft_check(!weft_ctx_call_stop(lost));
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    weft_ctx *kept = weft_ctx_with_cancel(root);
    weft_ctx_after_func(kept, count_call, &n, 1);
    weft_ctx_unref(kept); /* but its parent can end this one */
    weft_ctx_cancel(root);
    weft_test_until_idle();
    weft_check(n, ==, 1);
}

static void stop_calls(weft_ctx_call *call, int n, _Atomic int *stopped)
{
    for (int i = 0; i < n; i++)
        if (weft_ctx_call_stop(call[i]))
            ++*stopped;
}

static void cancel_it(weft_ctx *ctx) { weft_ctx_cancel(ctx); }

WEFT_TEST(a_call_is_either_stopped_or_run)
{
    enum { N = 64 };
    static _Atomic int ran, stopped;
    for (int round = 0; round < 300; round++) {
        weft_auto(weft_ctx, a) = weft_ctx_with_cancel(weft_background());
        weft_auto(weft_ctx, b) = weft_ctx_with_cancel(a);
        weft_ctx_call call[N];
        ran = stopped = 0;
        for (int i = 0; i < N; i++)
            call[i] = weft_ctx_after_func(i % 2 ? a : b, count_call, &ran, 1);
        weft_wg wg = {0};
        weft_wg_go(&wg, stop_calls, call, N, &stopped);
        weft_wg_go(&wg, cancel_it, a);
        weft_wg_go(&wg, stop_calls, call, N, &stopped);
        weft_wg_wait(&wg);
        weft_test_until_idle();
        weft_check(ran + stopped, ==, N);
    }
}

/* ---- references --------------------------------------------------------------------------- */

static void keeper(weft_ctx *ctx, _Atomic int *result)
{
    weft_defer(weft_ctx_unref, ctx);
    *result = weft_sleep(ctx, WEFT_HOUR);
}

WEFT_TEST(scope_end_cancels_what_others_keep)
{
    static _Atomic int result;
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
        weft_go(keeper, weft_ctx_ref(ctx), &result);
        weft_test_until_waiting(1, WEFT_WAIT_SLEEP);
    }
    weft_test_until_idle();
    weft_check(result, ==, -ECANCELED);
}

WEFT_TEST(the_maker_may_give_it_away)
{
    weft_ctx *given;
    {
        weft_auto(weft_ctx, mine) = weft_ctx_with_cancel(weft_background());
        given = mine;
        mine = NULL;
    }
    weft_check(weft_ctx_err(given), ==, 0);
    weft_ctx_unref(given);
    weft_ctx_unref(NULL);
    weft_check(weft_ctx_ref(NULL) == NULL);
}

/* ---- misuse -------------------------------------------------------------------------------- */

static void use_err(weft_ctx *ctx) { weft_ctx_err(ctx); }
static void use_cancel(weft_ctx *ctx) { weft_ctx_cancel(ctx); }
static void use_parent(weft_ctx *ctx) { weft_ctx_unref(weft_ctx_with_cancel(ctx)); }
static void use_ref(weft_ctx *ctx) { weft_ctx_ref(ctx); }
static void use_unref(weft_ctx *ctx) { weft_ctx_unref(ctx); }
static void use_done(weft_ctx *ctx) { weft_ctx_done(ctx); }
static void use_value(weft_ctx *ctx) { weft_ctx_value(ctx, &ctx); }
static void use_sleep(weft_ctx *ctx) { weft_sleep(ctx, WEFT_SECOND); }
static void use_after(weft_ctx *ctx) { weft_ctx_after_func(ctx, use_err, ctx); }
static void use_select(weft_ctx *ctx) { weft_select(weft_on_done(ctx)); }
static void key_of_null(weft_ctx *ctx) { weft_ctx_unref(weft_ctx_with_value(ctx, NULL, ctx)); }

static void (*const uses[])(weft_ctx *) = {use_err,  use_cancel, use_parent, use_ref,   use_unref,
                                           use_done, use_value,  use_sleep,  use_after, use_select};

WEFT_TEST(use_after_the_last_unref_panics)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        weft_ctx *ctx = weft_ctx_with_cancel(weft_background());
        weft_ctx_unref(ctx);
        weft_check(panics_with(weft_try(uses[i], ctx), "after its last reference was dropped"));
        weft_ctx *reuse = weft_ctx_with_cancel(weft_background()); /* the same record */
        weft_check(panics_with(weft_try(uses[i], ctx), "after its last reference was dropped"));
        weft_check(weft_ctx_err(reuse), ==, 0);
        weft_ctx_unref(reuse);
    }
}

WEFT_TEST(a_dropped_parent_with_children_is_stale_too)
{
    weft_ctx *parent = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, child) = weft_ctx_with_cancel(parent);
    weft_ctx_unref(parent);
    weft_check(panics_with(weft_try(use_cancel, parent), "after its last reference was dropped"));
    weft_check(weft_ctx_err(child), ==, 0);
}

WEFT_TEST(null_contexts_panic)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (uses[i] != use_ref && uses[i] != use_unref)
            weft_check(panics_with(weft_try(uses[i], NULL), "NULL context"));
}

WEFT_TEST(what_cannot_be_cancelled_says_so)
{
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, value) = weft_ctx_with_value(root, &root, NULL);
    weft_auto(weft_ctx, apart) = weft_ctx_without_cancel(root);
    weft_check(panics_with(weft_try(use_cancel, weft_background()), "background"));
    weft_check(panics_with(weft_try(use_cancel, value), "weft_ctx_with_value"));
    weft_check(panics_with(weft_try(use_cancel, apart), "weft_ctx_without_cancel"));
    weft_check(panics_with(weft_try(key_of_null, root), "key is NULL"));
    weft_check(weft_ctx_err(root), ==, 0);
}

static void wait_without_reference(weft_ctx *ctx) { weft_recv(weft_ctx_done(ctx), NULL); }

static void drop_under_waiter(void)
{
    weft_ctx *ctx = weft_ctx_with_cancel(weft_background());
    weft_go(wait_without_reference, ctx);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_ctx_unref(ctx);
}

static void outer(void)
{
    weft_auto(weft_panic_info, p) = weft_try(drop_under_waiter);
    weft_check(p && strstr(weft_panic_message(p), "dropped while 1 goroutine waits for its end"));
}

WEFT_TEST(dropping_what_is_waited_for_panics)
{
    setenv("WEFT_LEAKS", "off", 1); /* the goroutine is lost, that is the point */
    outer();
}

/* ---- storms ---------------------------------------------------------------------------------- */

static void storm(weft_ctx *root, int rounds, _Atomic long *ends)
{
    for (int i = 0; i < rounds; i++) {
        uint64_t r = weft_rand();
        weft_auto(weft_ctx, a) = r & 1 ? weft_ctx_with_cancel(root)
                                       : weft_ctx_with_timeout(root, (int64_t)(r >> 8 & 0xffff));
        weft_auto(weft_ctx, b) = weft_ctx_with_value(a, &root, NULL);
        weft_auto(weft_ctx, c) = weft_ctx_with_cancel(b);
        if (r & 2)
            weft_go(keeper, weft_ctx_ref(c), (_Atomic int *)&ends[1]);
        if (r & 4)
            weft_yield();
        if (r & 8)
            weft_ctx_cancel(c);
        if (r & 16)
            weft_sleep(c, (int64_t)(r >> 24 & 0xffff));
        ++*ends;
    }
}

WEFT_TEST(storm_of_contexts)
{
    static _Atomic long ends[2];
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, storm, root, 2000, &ends[0]);
    weft_wg_wait(&wg);
    weft_test_until_idle();
    weft_check(ends[0], ==, 16000);
    weft_check(weft_num_goroutine(), ==, 1);
}

/* ---- signals ----------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;
static void handler(int sig)
{
    (void)sig;
    handled++;
}

WEFT_TEST(a_signal_ends_the_contexts_that_watch_it)
{
    weft_auto(weft_ctx, a) = weft_ctx_with_signals(weft_background(), SIGUSR1, SIGUSR2, 0);
    weft_auto(weft_ctx, b) = weft_ctx_with_signals(weft_background(), SIGUSR2, 0);
    weft_auto(weft_ctx, child) = weft_ctx_with_cancel(a);
    kill(getpid(), SIGUSR1);
    int err = weft_sleep(child, 10 * WEFT_SECOND);
    weft_check(err, ==, -ECANCELED);
    weft_check(weft_ctx_cause(child), ==, -EINTR);
    weft_check(weft_ctx_err(b), ==, 0);
    kill(getpid(), SIGUSR1); /* still caught */
    kill(getpid(), SIGUSR2);
    weft_check(weft_sleep(b, 10 * WEFT_SECOND), ==, -ECANCELED);
}

/* Everybody waits, and only a signal can change that. */
static void send_signal(void)
{
    usleep(30 * 1000);
    kill(getpid(), SIGUSR1);
}

WEFT_TEST(waiting_for_a_signal_is_no_deadlock)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_signals(weft_background(), SIGUSR1, 0);
    weft_go(send_signal);
    weft_recv(weft_ctx_done(ctx), NULL);
    weft_check(weft_ctx_cause(ctx), ==, -EINTR);
}

/* TSan runs a handler when the thread next makes a call that it intercepts. */
static bool handled_reaches(int n)
{
    for (int i = 0; i < 1000 && handled < n; i++)
        usleep(1000);
    return handled == n;
}

WEFT_TEST(the_former_handler_comes_back)
{
    signal(SIGUSR1, handler);
    weft_ctx *a = weft_ctx_with_signals(weft_background(), SIGUSR1, 0);
    weft_ctx *b = weft_ctx_with_signals(a, SIGUSR1, 0);
    weft_ctx_unref(a);
    raise(SIGUSR1);
    weft_check(handled, ==, 0);
    weft_check(weft_sleep(b, 10 * WEFT_SECOND), ==, -ECANCELED);
    weft_ctx_unref(b);
    raise(SIGUSR1);
    weft_check(handled_reaches(1));

    weft_auto(weft_ctx, c) = weft_ctx_with_signals(weft_background(), SIGUSR1, 0);
    weft_ctx_cancel(c); /* lets go of the signal at once */
    raise(SIGUSR1);
    weft_check(handled_reaches(2));
    signal(SIGUSR1, SIG_DFL);
}

static void watch_number(int sig)
{
    weft_ctx_unref(weft_ctx_with_signals(weft_background(), sig, 0));
}

WEFT_TEST(signals_that_cannot_be_watched)
{
    weft_check(panics_with(weft_try(watch_number, SIGKILL), "cannot be caught"));
    weft_check(panics_with(weft_try(watch_number, SIGSEGV), "fault"));
    weft_check(panics_with(weft_try(watch_number, 65), "no such signal"));
    weft_check(panics_with(weft_try(watch_number, -1), "no such signal"));
    weft_check(panics_with(weft_try(watch_number, 32), "cannot be caught"));
    weft_check(panics_with(weft_try(watch_number, 0), "no signal is given"));
}

static void watch_for_a_while(_Atomic int *ended)
{
    for (int i = 0; i < 300; i++) {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_signals(weft_background(), SIGUSR1, SIGUSR2, 0);
        kill(getpid(), i % 2 ? SIGUSR1 : SIGUSR2);
        if (i % 3)
            weft_check(weft_sleep(ctx, 10 * WEFT_SECOND), ==, -ECANCELED);
        ++*ended;
    }
}

/* TSan delays a signal that comes while its own handler is in place, which it
 * is for a moment whenever one is installed; so there one context stays. */
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

WEFT_TEST(signals_come_while_contexts_come_and_go)
{
    static _Atomic int ended;
    signal(SIGUSR1, SIG_IGN); /* between two contexts it must not kill us */
    signal(SIGUSR2, SIG_IGN);
#if UNDER_TSAN
    weft_auto(weft_ctx, one) = weft_ctx_with_signals(weft_background(), SIGUSR1, SIGUSR2, 0);
#endif
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, watch_for_a_while, &ended);
    weft_wg_wait(&wg);
    weft_check(ended, ==, 1200);
}
