/* SPDX-License-Identifier: MIT */
/* Ends of contexts: loops, goto, out of several, callees that keep and that do not. */
#include <stdlib.h>
#include <weft.h>

static int ask(weft_ctx *ctx, int n) { return weft_sleep(ctx, n); }
static void watch(weft_ctx *ctx) { weft_defer(weft_ctx_unref, ctx); while (!weft_sleep(ctx, WEFT_SECOND)) ; }
struct session { weft_ctx *ctx; };     // weft:ignore ctxfield keeps a reference of its own

int never(weft_ctx *p) { weft_ctx *c = weft_ctx_with_cancel(p); return ask(c, 3); } //! lostcancel
int in_loop(weft_ctx *p, int n)
{
    for (int i = 0; i < n; i++) {
        weft_ctx *c = weft_ctx_with_timeout(p, WEFT_SECOND); //! lostcancel
        int err = ask(c, i);
        if (err)
            return err;
        weft_ctx_unref(c);
    }
    return 0;
}
int second_of_two(weft_ctx *p, int x)
{
    weft_ctx *a = weft_ctx_with_cancel(p);
    weft_ctx *b = weft_ctx_with_timeout(a, WEFT_SECOND); //! lostcancel
    int err = ask(b, x);
    if (err == 0)
        weft_ctx_unref(b);
    weft_ctx_cancel(a);
    weft_ctx_unref(a);
    return err;
}
void only_referenced(weft_ctx *p)
{
    weft_ctx *c = weft_ctx_with_cancel(p); //! lostcancel
    weft_go(watch, weft_ctx_ref(c));
}
int switched(weft_ctx *p, int kind)
{
    weft_ctx *c = weft_ctx_with_cancel(p); //! lostcancel
    switch (kind) {
    case 0:
        weft_ctx_unref(c);
        return 0;
    case 1:
        return ask(c, 1);
    default:
        weft_ctx_cancel(c);
        weft_ctx_unref(c);
        return -1;
    }
}

int scoped(weft_ctx *p, int n)
{
    for (int i = 0; i < n; i++) {
        weft_auto(weft_ctx, c) = weft_ctx_with_timeout(p, WEFT_SECOND);
        if (ask(c, i))
            return -1;
    }
    return 0;
}
int deferred(weft_ctx *p, int n)
{
    weft_ctx *c = weft_ctx_with_cancel(p);
    weft_defer(weft_ctx_unref, c);
    return n ? ask(c, n) : 0;
}
void given(weft_ctx *p) { weft_go(watch, weft_ctx_with_cancel(p)); }
weft_ctx *returned(weft_ctx *p, int x)
{
    weft_ctx *c = weft_ctx_with_cancel(p);
    if (x) {
        weft_ctx_unref(c);
        return NULL;
    }
    return c;
}
void stored(weft_ctx *p, struct session *s) { s->ctx = weft_ctx_with_cancel(p); }
void finish(weft_ctx *ctx);
void handed_to_others(weft_ctx *p) { weft_ctx *c = weft_ctx_with_cancel(p); finish(c); }
static void close_session(weft_ctx *c) { weft_ctx_cancel(c); weft_ctx_unref(c); }
int by_helper(weft_ctx *p) { weft_ctx *c = weft_ctx_with_cancel(p); int r = ask(c, 1); close_session(c); return r; }
int only_when_wanted(weft_ctx *p, int limit)
{
    weft_ctx *c = NULL;
    if (limit)
        c = weft_ctx_with_timeout(p, limit * WEFT_SECOND);
    int r = ask(c ? c : p, 1);
    if (c)
        weft_ctx_unref(c);
    return r;
}
int weft_main(int argc, char **argv)
{
    (void)argv;
    weft_ctx *all = weft_ctx_with_cancel(weft_background());
    return ask(all, argc);
}
