/* SPDX-License-Identifier: MIT */
/*
 * Right: the end of the block cancels, whichever way it is left, a panic included.
 *
 * The goroutine has a reference of its own, so it does not matter who is done first.
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
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_go(listen, weft_ctx_ref(ctx), weft_rx(news));
    if (port < 1024)
        return -EACCES;
    weft_send(news, "serving");
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
 * Run: weft run 15_lost_cancel_right.c
 * Exit: 0
 * Prints:
 *     serve: Permission denied
 */
