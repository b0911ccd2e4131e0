/* SPDX-License-Identifier: MIT */
/* Contexts around contexts. */
#include <weft.h>
static char key;
static int work(weft_ctx *ctx) { return weft_sleep(ctx, WEFT_SECOND); }

int values(weft_ctx *ctx, int **items, int n)
{
    for (int i = 0; i < n; i++) {
        ctx = weft_ctx_with_value(ctx, &key, items[i]); //! fatctx
        if (work(ctx))
            return -1;
    }
    return 0;
}
void timeouts(weft_ctx *ctx)
{
    while (work(ctx) == 0)
        ctx = weft_ctx_with_timeout(ctx, WEFT_SECOND); //! fatctx lostcancel
}
void in_while(weft_ctx *ctx, int n)
{
    weft_ctx *c = ctx;
    do {
        c = weft_ctx_without_cancel(c); //! fatctx
    } while (n-- && work(c));
}

int of_the_round(weft_ctx *ctx, int **items, int n)
{
    for (int i = 0; i < n; i++) {
        weft_auto(weft_ctx, one) = weft_ctx_with_value(ctx, &key, items[i]);
        if (work(one))
            return -1;
    }
    return 0;
}
int once(weft_ctx *ctx, int n)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, WEFT_SECOND);
    for (int i = 0; i < n; i++)
        if (work(limited))
            return -1;
    return 0;
}
int two_layers(weft_ctx *ctx)
{
    weft_auto(weft_ctx, a) = weft_ctx_with_value(ctx, &key, "v");
    weft_auto(weft_ctx, b) = weft_ctx_with_timeout(a, WEFT_SECOND);
    return work(b);
}
