/* SPDX-License-Identifier: MIT */
/* What errgroup promises in Go, shown for weft_group. */
#include <stdatomic.h>
#include <string.h>

#include "weft.h"
#include "weft/test.h"

static int returns(int err) { return err; }

static int waits_for_end(weft_ctx *ctx, atomic_int *ended)
{
    weft_recv(weft_ctx_done(ctx), NULL);
    atomic_fetch_add(ended, 1);
    return weft_ctx_err(ctx);
}

/* "Wait blocks until all function calls from the Go method have returned, then
 * returns the first non-nil error (if any) from them." */
WEFT_TEST(wait_returns_the_first_error)
{
    for (int round = 0; round < 100; round++) {
        weft_auto(weft_group, g) = weft_group_new(weft_background());
        atomic_int ended = 0;
        for (int i = 0; i < 5; i++)
            weft_group_go(g, waits_for_end, weft_group_ctx(g), &ended);
        weft_group_go(g, returns, 0);
        weft_group_go(g, returns, -ENOENT);
        int err = weft_group_wait(g);
        weft_check(err == -ENOENT);
        weft_check(ended == 5);
        int ended_with = weft_ctx_err(weft_group_ctx(g)), cause = weft_ctx_cause(weft_group_ctx(g));
        weft_check(ended_with == -ECANCELED);
        weft_check(cause == -ENOENT);
    }
}

/* A group without members, and one whose members all succeed, return 0. */
WEFT_TEST(success_is_zero)
{
    weft_auto(weft_group, none) = weft_group_new(weft_background());
    int err = weft_group_wait(none);
    weft_check(err == 0);
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    for (int i = 0; i < 100; i++)
        weft_group_go(g, returns, 0);
    err = weft_group_wait(g);
    weft_check(err == 0);
}

/* "The derived Context is canceled the first time a function passed to Go
 * returns a non-nil error or the first time Wait returns." */
WEFT_TEST(wait_ends_the_context)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_auto(weft_ctx, kept) = weft_ctx_ref(weft_group_ctx(g));
    int before = weft_ctx_err(kept);
    weft_check(before == 0);
    weft_group_wait(g);
    int after = weft_ctx_err(kept);
    weft_check(after == -ECANCELED);
}

static atomic_int running, peak;

static int counts(int rounds)
{
    int now = atomic_fetch_add(&running, 1) + 1, seen = peak;
    while (now > seen && !atomic_compare_exchange_weak(&peak, &seen, now))
        ;
    for (int i = 0; i < rounds; i++)
        weft_yield();
    atomic_fetch_sub(&running, 1);
    return 0;
}

/* "SetLimit limits the number of active goroutines in this group to at most n." */
WEFT_TEST(limit_holds)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    running = peak = 0;
    weft_group_set_limit(g, 3);
    for (int i = 0; i < 200; i++)
        weft_group_go(g, counts, i % 7);
    weft_group_wait(g);
    weft_check(peak <= 3);
    weft_check(running == 0);
}

WEFT_CHAN(gate, weft_unit);

static int stays(gate_rx *c)
{
    weft_recv(c, NULL);
    return 0;
}

/* "TryGo calls the given function in a new goroutine only if the number of
 * active goroutines in the group is currently below the configured limit." */
WEFT_TEST(try_go_says_no_at_the_limit)
{
    weft_auto(gate, c) = weft_make(gate, 0);
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_set_limit(g, 2);
    bool first = weft_group_try_go(g, stays, weft_rx(c));
    bool second = weft_group_try_go(g, stays, weft_rx(c));
    bool third = weft_group_try_go(g, stays, weft_rx(c));
    weft_check(first && second && !third);
    weft_close(c);
    int err = weft_group_wait(g);
    weft_check(err == 0);
}

static int panics(void)
{
    weft_panic("member broke");
    return 0;
}

static void wait_for(weft_group *g) { weft_group_wait(g); }

/* A member's panic is raised again in wait, and ends the others' context. */
WEFT_TEST(panic_of_a_member_comes_out_of_wait)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    atomic_int ended = 0;
    weft_group_go(g, waits_for_end, weft_group_ctx(g), &ended);
    weft_group_go(g, panics);
    weft_auto(weft_panic_info, p) = weft_try(wait_for, g);
    weft_check(p != NULL);
    weft_check(strcmp(weft_panic_message(p), "member broke") == 0);
    weft_check(ended == 1);
}

static void drop_group(void)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, panics);
}

/* The same when nobody waits: the scope end raises it. */
WEFT_TEST(panic_of_a_member_comes_out_of_the_scope)
{
    weft_auto(weft_panic_info, p) = weft_try(drop_group);
    weft_check(p != NULL);
    weft_check(strcmp(weft_panic_message(p), "member broke") == 0);
}

static int exits(void)
{
    weft_goexit();
    return -EIO;
}

WEFT_TEST(goexit_counts_as_success)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, exits);
    int err = weft_group_wait(g);
    weft_check(err == 0);
}

static int uses(weft_ctx *ctx, int *place)
{
    weft_sleep(ctx, WEFT_HOUR);
    *place = 42;
    return 0;
}

/* What members point to on the stack stays alive: the scope end waits. */
WEFT_TEST(scope_end_cancels_and_waits)
{
    int place = 0;
    {
        weft_auto(weft_group, g) = weft_group_new(weft_background());
        weft_group_go(g, uses, weft_group_ctx(g), &place);
    }
    weft_check(place == 42);
}

static void go_after_wait(weft_group *g) { weft_group_go(g, returns, 0); }
static void wait_again(weft_group *g) { weft_group_wait(g); }
static void change_limit(weft_group *g) { weft_group_set_limit(g, 7); }

/* Misuse names where the group was waited for, or that members run. */
WEFT_TEST(misuse_panics)
{
    weft_auto(gate, c) = weft_make(gate, 0);
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, stays, weft_rx(c));
    weft_auto(weft_panic_info, limit) = weft_try(change_limit, g);
    weft_check(limit && strstr(weft_panic_message(limit), "still run"));
    weft_close(c);
    weft_group_wait(g);
    weft_auto(weft_panic_info, go) = weft_try(go_after_wait, g);
    weft_check(go && strstr(weft_panic_message(go), "it was waited for at"));
    weft_auto(weft_panic_info, wait) = weft_try(wait_again, g);
    weft_check(wait && strstr(weft_panic_message(wait), "the group is over"));
}

static int nested(weft_ctx *ctx, int depth)
{
    if (depth == 0)
        return 0;
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int i = 0; i < 3; i++)
        weft_group_go(g, nested, weft_group_ctx(g), depth - 1);
    return weft_group_wait(g);
}

static int fails_then(int err) { return err; }

static int panics_after(weft_ctx *ctx)
{
    weft_sleep(ctx, WEFT_HOUR);
    return panics();
}

WEFT_TEST(a_panic_is_not_lost_behind_an_error)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, panics_after, weft_group_ctx(g));
    weft_group_go(g, fails_then, -EIO);
    weft_auto(weft_panic_info, p) = weft_try(wait_for, g);
    weft_check(p && strcmp(weft_panic_message(p), "member broke") == 0);
    weft_check(weft_ctx_cause(weft_group_ctx(g)), ==, -EIO);
}

static void go_with_limit_zero(weft_group *g)
{
    weft_group_set_limit(g, 0);
    weft_group_go(g, returns, 0);
}

WEFT_TEST(a_limit_of_zero_lets_nobody_in)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_auto(weft_panic_info, p) = weft_try(go_with_limit_zero, g);
    weft_check(p && strstr(weft_panic_message(p), "limit of the group is 0"));
    weft_check(!weft_group_try_go(g, returns, 0));
    weft_group_set_limit(g, -1);
    weft_check(weft_group_try_go(g, returns, 0));
    weft_check(weft_group_wait(g), ==, 0);
}

/* A binary tree of members that launch each other while the group is waited for. */
static int branch(weft_group *g, atomic_int *n, int depth)
{
    ++*n;
    if (depth > 0) {
        weft_group_go(g, branch, g, n, depth - 1);
        weft_group_go(g, branch, g, n, depth - 1);
    }
    return 0;
}

WEFT_TEST(members_launch_members)
{
    atomic_int n = 0;
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, branch, g, &n, 10);
    weft_check(weft_group_wait(g), ==, 0);
    weft_check(n, ==, 2047);
}

/* What is guarded by the limit alone needs no other lock. */
static int use_alone(long *plain, atomic_int *inside)
{
    weft_check(++*inside == 1);
    ++*plain;
    weft_yield();
    --*inside;
    return 0;
}

WEFT_TEST(a_limit_of_one_is_a_lock)
{
    long plain = 0;
    atomic_int inside = 0;
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_set_limit(g, 1);
    for (int i = 0; i < 1000; i++) {
        weft_group_go(g, use_alone, &plain, &inside);
        if (i % 2)
            weft_group_try_go(g, use_alone, &plain, &inside);
    }
    weft_check(weft_group_wait(g), ==, 0);
    weft_check(plain >= 1000);
}

static int stormy(weft_ctx *ctx, int i)
{
    switch (i % 50) {
    case 0:
        return weft_sleep(ctx, 20 * WEFT_MICROSECOND);
    case 7:
        weft_yield();
        break;
    case 13:
        weft_goexit();
    case 31:
        return i % 3 ? 0 : -EIO;
    }
    return 0;
}

static void storm(int rounds, atomic_int *failed)
{
    for (int k = 0; k < rounds; k++) {
        weft_auto(weft_ctx, ctx) =
            weft_ctx_with_timeout(weft_background(), (k % 3 + 1) * 200 * WEFT_MICROSECOND);
        weft_auto(weft_group, g) = weft_group_new(ctx);
        if (k % 2)
            weft_group_set_limit(g, k % 5 + 1);
        for (int i = 0; i < 60; i++)
            if (k % 4)
                weft_group_go(g, stormy, weft_group_ctx(g), i + k);
            else
                weft_group_try_go(g, stormy, weft_group_ctx(g), i + k);
        if (k % 7 == 0)
            continue; /* the end of the scope joins */
        int err = weft_group_wait(g);
        weft_check(err == 0 || err == -EIO || err == -ETIMEDOUT || err == -ECANCELED);
        *failed += err != 0;
    }
}

WEFT_TEST(storm_of_groups)
{
    atomic_int failed = 0;
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, storm, 100, &failed);
    weft_wg_wait(&wg);
    weft_test_until_idle();
    weft_check(weft_num_goroutine(), ==, 1);
}

WEFT_TEST(groups_nest)
{
    int err = nested(weft_background(), 6);
    weft_check(err == 0);
}
