/* SPDX-License-Identifier: MIT */
/* A context at hand, and another one used. */
#include <weft.h>

static int query(weft_ctx *ctx, int id) { return weft_sleep(ctx, id * WEFT_MILLISECOND); }
static void audit(weft_ctx *ctx, int id) { (void)query(ctx, id); }

int ignored(weft_ctx *ctx, int id)
{
    int err = weft_ctx_err(ctx);
    return err ? err : query(weft_background(), id); //! ctxpass
}
int derived_from_nothing(weft_ctx *ctx, int id)
{
    int err = query(ctx, id);
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(weft_background(), WEFT_SECOND); //! ctxpass
    return err ? err : query(limited, id);
}
void detached(weft_ctx *ctx, int id)
{
    (void)query(ctx, id);
    weft_go(audit, weft_background(), id); //! ctxpass
}
static int deep(int id) { return query(weft_background(), id); }
int limited_but_not_given(weft_ctx *ctx, int id)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, WEFT_SECOND); //! ctxpass
    int err = deep(id);
    return err ? err : weft_ctx_err(limited);
}

int handed_on(weft_ctx *ctx, int id)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, WEFT_SECOND);
    return query(limited, id);
}
int fallback(weft_ctx *ctx, int id) { return query(ctx ? ctx : weft_background(), id); }
int default_one(weft_ctx *ctx, int id)
{
    if (!ctx)
        ctx = weft_background();
    return query(ctx, id);
}
int unused(weft_ctx *ctx, int id) { (void)ctx; return query(weft_background(), id); }
int clean_end(weft_ctx *ctx, int id)
{
    while (weft_ctx_err(ctx) == 0)
        (void)query(ctx, id);
    weft_auto(weft_ctx, grace) = weft_ctx_with_timeout(weft_background(), 5 * WEFT_SECOND);
    return query(grace, -id);
}
int root(int id) { return query(weft_background(), id); }
void outlives(weft_ctx *ctx, int id)
{
    weft_auto(weft_ctx, own) = weft_ctx_without_cancel(ctx);
    weft_wg wg = {0};
    weft_wg_go(&wg, audit, own, id);
    weft_wg_wait(&wg);
}
long computes(weft_ctx *ctx)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, WEFT_SECOND);
    long n = 0;
    while (weft_ctx_err(limited) == 0)
        n++;
    return n;
}
