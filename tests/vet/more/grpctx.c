/* SPDX-License-Identifier: MIT */
/* Advice: members of a group and the group's context. */
#include <weft.h>
static int fetch(weft_ctx *ctx, int id) { return weft_sleep(ctx, id * WEFT_SECOND); }
static int store(int id, weft_ctx *ctx) { return weft_sleep(ctx, id * WEFT_SECOND); } // weft:ignore ctxfirst to show the second place

int parent(weft_ctx *ctx)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, fetch, ctx, 1); //! grpctx
    return weft_group_wait(g);
}
int in_loop(weft_ctx *ctx, int n)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int i = 0; i < n; i++)
        weft_group_go(g, fetch, ctx, i); //! grpctx
    return weft_group_wait(g);
}
int second_place(weft_ctx *ctx)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    if (!weft_group_try_go(g, store, 1, ctx)) //! grpctx
        return -1;
    return weft_group_wait(g);
}

int own(weft_ctx *ctx)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, fetch, weft_group_ctx(g), 1);
    return weft_group_wait(g);
}
int other(weft_ctx *ctx, weft_ctx *longer)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, fetch, longer, 1);
    return weft_group_wait(g);
}
static int none(int id) { return id; }
int without(weft_ctx *ctx)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, none, 1);
    return weft_group_wait(g);
}
