/* SPDX-License-Identifier: MIT */
/*
 * Right: every goroutine has a way out: its result is received, or the context ends.
 *
 * The channel is closed when the last worker has ended, so the loop over the results ends too.
 */
#include <weft.h>

WEFT_CHAN(text_chan, const char *);

static const char *process(const char *item) { return item; }

static void worker(weft_ctx *ctx, text_chan_tx *results, const char *item)
{
    switch (weft_select(weft_on_send(results, process(item)), weft_on_done(ctx))) {
    case 0:
        break; /* sent */
    case 1:
        return; /* nobody wants it any more */
    }
}

static void close_after(weft_wg *workers, text_chan_tx *results)
{
    weft_wg_wait(workers);
    weft_close(results);
}

static int process_data(weft_ctx *ctx, const char *const *data, int n)
{
    weft_auto(text_chan, results) = weft_make(text_chan, 0);
    weft_wg workers = {0}, closer = {0};
    for (int i = 0; i < n; i++)
        weft_wg_go(&workers, worker, ctx, weft_tx(results), data[i]);
    weft_wg_go(&closer, close_after, &workers, weft_tx(results));

    int seen = 0;
    weft_range (r, results)
        seen += *r != '\0';
    weft_wg_wait(&closer); /* it used our workers and our channel */
    return seen;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static const char *const data[] = {"a", "b", "c"};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), 10 * WEFT_SECOND);
    printf("%d results\n", process_data(ctx, data, 3));
    return 0;
}

/*
 * Run: weft run 01_unread_channel_right.c
 * Exit: 0
 * Prints:
 *     3 results
 */
