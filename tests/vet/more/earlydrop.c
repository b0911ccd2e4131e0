/* SPDX-License-Identifier: MIT */
/* Dropped while in use. */
#include <weft.h>
WEFT_CHAN(ints, int);
static void watch(weft_ctx *ctx) { while (weft_sleep(ctx, WEFT_SECOND) == 0) puts("tick"); }
static void owner(weft_ctx *ctx) { weft_defer(weft_ctx_unref, ctx); while (weft_sleep(ctx, WEFT_SECOND) == 0) puts("tick"); }
static void consume(ints *c) { weft_range (v, c) printf("%d\n", v); }
static void consumer(ints *c) { weft_auto(ints, mine) = c; weft_range (v, mine) printf("%d\n", v); }
static void one(ints *c) { int v; weft_recv(c, &v); printf("%d\n", v); }

void context(weft_ctx *p) { weft_auto(weft_ctx, c) = weft_ctx_with_cancel(p); weft_go(watch, c); } //! earlydrop
void channel(int n)
{
    weft_auto(ints, c) = weft_make(ints, 4);
    weft_go(consume, c); //! earlydrop
    for (int i = 0; i < n; i++)
        weft_send(c, i);
    weft_close(c);
}
void by_hand(weft_ctx *p, int x)
{
    weft_ctx *c = weft_ctx_with_timeout(p, WEFT_SECOND);
    weft_go(watch, c); //! earlydrop
    if (x)
        puts("x");
    weft_ctx_cancel(c);
    weft_ctx_unref(c);
}

void own_reference(weft_ctx *p) { weft_auto(weft_ctx, c) = weft_ctx_with_cancel(p); weft_go(owner, weft_ctx_ref(c)); }
void own_channel(int n)
{
    weft_auto(ints, c) = weft_make(ints, 4);
    weft_go(consumer, weft_ref(c));
    for (int i = 0; i < n; i++)
        weft_send(c, i);
    weft_close(c);
}
void waits(weft_ctx *p)
{
    weft_auto(weft_ctx, c) = weft_ctx_with_cancel(p);
    weft_wg wg = {0};
    weft_wg_go(&wg, watch, c);
    weft_ctx_cancel(c);
    weft_wg_wait(&wg);
}
void meets(void) { weft_auto(ints, c) = weft_make(ints, 0); weft_go(one, c); weft_send(c, 1); }
