/* SPDX-License-Identifier: MIT */
/* Sleeping, and the clocks. */
#include "chan/chan_impl.h"
#include "context/context_impl.h"
#include "platform/platform.h"
#include "sched/sched.h"
#include "weft/go.h"
#include "weft/select.h"
#include "weft/time.h"

weft_time weft_now(void) { return weft__now(); }

int64_t weft_wall(void) { return weft__wall_now(); }

static bool wake_sleeper(struct timer *t, int64_t now, struct timer_due *due)
{
    (void)now;
    due->ready = t->arg;
    return false;
}

static void arm(void *timer)
{
    struct timer *t = timer;
    weft__timer_arm(t, t->when, false);
}

static void sleep_until(int64_t when, uintptr_t pc)
{
    struct timer t = {.when = when, .fire = wake_sleeper, .arg = weft__current()};
    weft__park_commit(WAIT_SLEEP, NULL, pc, arm, &t);
}

int weft_impl_sleep(weft_ctx *ctx, weft_duration d)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    if (d <= 0) {
        weft_yield();
        return 0;
    }
    if (weft__ctx_done(ctx)) {
        weft_case cases[] = {
            {WEFT_IMPL_CASE_DONE, NULL, NULL, {.ctx = ctx}},
            {WEFT_IMPL_CASE_TIMEOUT, NULL, NULL, {.timeout = d}},
        };
        return weft__select(cases, 2, pc, WAIT_SLEEP, NULL) == 1 ? 0 : weft__ctx_check(ctx);
    }
    if (weft__current()->thread)
        weft__thread_sleep(d);
    else
        sleep_until(weft__deadline(d), pc);
    return 0;
}
