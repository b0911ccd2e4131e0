/* SPDX-License-Identifier: MIT */
/* Wait groups and groups. */
#include "pairs.h"

PAIR(wg_done)

static void write_done(weft_wg *wg, bool late)
{
    if (!late)
        x = 1;
    weft_wg_done(wg);
    if (late)
        x = 1;
    add_told();
}

static void wg_done(bool late)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_go(write_done, &wg, late);
    weft_wg_wait(&wg);
    get_x();
    until_told(1);
}

static void norace_wg_done(void) { wg_done(false); }
static void race_wg_done(void) { wg_done(true); }

/* Waiting for one group tells nothing of another's members. */
PAIR(wg_other)

static void nothing(void) {}

static void wg_other(bool right)
{
    weft_wg wg = {0}, other = {0};
    weft_wg_go(&wg, set_x, 1);
    weft_wg_go(&other, nothing);
    weft_wg_wait(right ? &wg : &other);
    x = 2;
    weft_wg_wait(&wg);
    weft_wg_wait(&other);
}

static void norace_wg_other(void) { wg_other(true); }
static void race_wg_other(void) { wg_other(false); }

PAIR(group_wait)

static int write_member(void)
{
    x = 1;
    tell(1);
    return 0;
}

static void norace_group_wait(void)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, write_member);
    weft_group_wait(g);
    get_x();
}

static void race_group_wait(void)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, write_member);
    until_told(1);
    get_x();
    weft_group_wait(g);
}

/* The end of a member that made room for another happens before that one. */
PAIR(group_limit)

static int add_member(void)
{
    x++;
    return 0;
}

static void group_limit(int limit)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_set_limit(g, limit);
    weft_group_go(g, add_member);
    weft_group_go(g, add_member);
    weft_group_wait(g);
}

static void norace_group_limit(void) { group_limit(1); }
static void race_group_limit(void) { group_limit(2); }

/* The error of a member happens before what learns of it by the context. */
PAIR(group_error)

static int fail_after_writing(void)
{
    x = 1;
    return -EIO;
}

static int wait_for_error(weft_ctx *ctx)
{
    weft_recv(weft_ctx_done(ctx), NULL);
    get_x();
    return 0;
}

static int wait_for_step(void)
{
    until_told(1);
    get_x();
    return 0;
}

static int tell_and_fail(void)
{
    x = 1;
    tell(1);
    return -EIO;
}

static void norace_group_error(void)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, wait_for_error, weft_group_ctx(g));
    weft_group_go(g, fail_after_writing);
    weft_group_wait(g);
}

static void race_group_error(void)
{
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, wait_for_step);
    weft_group_go(g, tell_and_fail);
    weft_group_wait(g);
}
