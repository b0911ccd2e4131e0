/* SPDX-License-Identifier: MIT */
/*
 * Wrong: on one way out of the function the context is not cancelled.
 *
 * What runs on its behalf is never told that it may stop.
 */
#include <weft.h>

WEFT_CHAN(text_chan, const char *);

static void listen(weft_ctx *ctx, text_chan_rx *news)
{
    weft_defer(weft_ctx_unref, ctx);
    const char *line;
    while (weft_recv_ctx(ctx, news, &line) == 0)
        puts(line);
}

static int serve(text_chan *news, int port)
{
    weft_ctx *ctx = weft_ctx_with_cancel(weft_background());
    weft_go(listen, weft_ctx_ref(ctx), weft_rx(news));
    if (port < 1024)
        return -EACCES; /* the cancel is lost */
    weft_send(news, "serving");
    weft_ctx_cancel(ctx);
    weft_ctx_unref(ctx);
    return 0;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int err = serve(weft_make(text_chan, 0), 80);
    printf("serve: %s\n", weft_strerror(err));
    return 0;
}

/*
 * Run: WEFT_LEAKS=fail weft run 15_lost_cancel_wrong.c
 * Exit: 3
 * Prints:
 *     serve: Permission denied
 * weft says:
 *     goroutine leak: 1 goroutine [chan receive] at listen 15_lost_cancel_wrong.c:15
 *
 *     goroutine 65 [chan receive]:
 *     listen 15_lost_cancel_wrong.c:15
 *             channel made at weft_main 15_lost_cancel_wrong.c:34, capacity 0
 *     created by serve 15_lost_cancel_wrong.c:22 in goroutine 1
 */
