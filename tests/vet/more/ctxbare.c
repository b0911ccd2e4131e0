/* SPDX-License-Identifier: MIT */
/* Advice: channel operations that could heed the context. */
#include <weft.h>
WEFT_CHAN(ints, int);

int bare_recv(weft_ctx *ctx, ints *c)
{
    int v = 0;
    if (weft_ctx_err(ctx) == 0)
        weft_recv(c, &v); //! ctxbare
    return v;
}
void bare_send(weft_ctx *ctx, ints *c) { weft_send(c, weft_ctx_err(ctx)); } //! ctxbare
int in_range(weft_ctx *ctx, ints *c)
{
    int sum = 0;
    weft_range (v, c) //! ctxbare
        sum += v + weft_ctx_err(ctx);
    return sum;
}

int heeds(weft_ctx *ctx, ints *c) { int v = 0; return weft_recv_ctx(ctx, c, &v) ? -1 : v; }
int selects(weft_ctx *ctx, ints *c)
{
    int v = 0;
    return weft_select(weft_on_recv(c, &v), weft_on_done(ctx)) ? -1 : v;
}
int none(ints *c) { int v = 0; weft_recv(c, &v); return v; }
int tries(weft_ctx *ctx, ints *c) { int v = 0; return weft_try_recv(c, &v) ? v : weft_ctx_err(ctx); }
