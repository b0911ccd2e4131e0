/* SPDX-License-Identifier: MIT */
/* A context that is kept in a struct for longer than its maker had it. */
#include <weft.h>

struct request {
    weft_ctx *ctx;
};

static void begin(struct request *r)
{
    weft_ctx *ctx = weft_ctx_with_cancel(weft_background());
    r->ctx = ctx;
    weft_ctx_unref(ctx); /* @last */
}

static int serve(struct request *r) { return weft_sleep(r->ctx, WEFT_MILLISECOND); /* @use */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct request r;
    begin(&r);
    return serve(&r); /* @call */
}
/*
 * exit: 2
 * stderr:
 *     panic: use of a context after its last reference was dropped
 *     	it was dropped at begin stale_context.c:@last
 *
 *     goroutine N "main" [running]:
 *     serve stale_context.c:@use
 *     weft_main stale_context.c:@call
 */
