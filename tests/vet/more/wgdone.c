/* SPDX-License-Identifier: MIT */
/* Done on some ways only: loops, switches, callees; and always. */
#include <stdatomic.h>
#include <stdlib.h>
#include <weft.h>
WEFT_CHAN(ints, int);

static weft_wg all;

static void by_kind(weft_wg *wg, int kind)
{
    switch (kind) {
    case 0:
        puts("none");
        return; //! wgdone
    default:
        weft_yield();
    }
    weft_wg_done(wg);
}
static void by_global(ints *c)
{
    int v;
    while (weft_recv(c, &v))
        if (v < 0)
            return; //! wgdone
    weft_wg_done(&all);
}
static void at_error(weft_ctx *ctx, weft_wg *wg)
{
    if (weft_sleep(ctx, WEFT_SECOND)) {
        puts("cancelled");
        return; //! wgdone
    }
    weft_wg_done(wg);
}

static void deferred(weft_wg *wg, int kind) { weft_defer(weft_wg_done, wg); if (!kind) return; weft_yield(); }
static void finish(weft_wg *wg) { weft_wg_done(wg); }
static void by_callee(weft_wg *wg, int kind) { if (!kind) { finish(wg); return; } weft_yield(); finish(wg); }
static void by_goto(weft_wg *wg, int kind)
{
    if (!kind)
        goto out;
    weft_yield();
out:
    weft_wg_done(wg);
}
static atomic_int left = 3;
static void last_one(weft_wg *wg) { if (atomic_fetch_sub(&left, 1) == 1) weft_wg_done(wg); }
static void fails(weft_wg *wg, int kind) { if (!kind) weft_panic("no kind"); weft_wg_done(wg); }
static void both(weft_wg *wg, int kind) { if (kind) weft_wg_done(wg); else weft_wg_done(wg); }
static void hands_on(weft_wg *wg, int kind) { if (kind) weft_go(finish, wg); else weft_wg_done(wg); }
void f(weft_ctx *ctx, weft_wg *wg, ints *c)
{
    weft_wg_add(wg, 9);
    weft_wg_add(&all, 1);
    weft_go(by_kind, wg, 1);
    weft_go(by_global, c);
    weft_go(at_error, ctx, wg);
    weft_go(deferred, wg, 1);
    weft_go(by_callee, wg, 1);
    weft_go(by_goto, wg, 1);
    weft_go(last_one, wg);
    weft_go(fails, wg, 1);
    weft_go(both, wg, 1);
    weft_go(hands_on, wg, 1);
    weft_wg_wait(wg);
}
