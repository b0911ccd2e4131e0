/* SPDX-License-Identifier: MIT */
/* Contexts.  So far there is the root: it never ends. */
#include "context/context_impl.h"

#include "weft/panic.h"

struct weft_ctx {
    weft_chan *done; /* closed when the context ends; NULL: never */
};

static struct weft_ctx background;

weft_ctx *weft_background(void)
{
    return &background;
}

int weft__ctx_check(weft_ctx *ctx)
{
    if (!ctx)
        weft_panic("a NULL context was passed; use weft_background()");
    return 0;
}

weft_chan *weft__ctx_done(weft_ctx *ctx)
{
    weft__ctx_check(ctx);
    return ctx->done;
}
