/* SPDX-License-Identifier: MIT */
/*
 * Channels of all sizes by the thousand, selects with more cases than fit on
 * the stack, contexts, and contained panics.
 */
#include "fault.h"

enum { CHANNELS = 3000, CASES = 200, PANICS = 100 };

WEFT_CHAN(int_chan, int);

static int_chan *channel[CHANNELS];

static void fill(int_chan_tx *c)
{
    for (int i = 0; i < 5; i++)
        weft_send(c, i);
}

static void fail_at(int i) { weft_panic("number %d", i); }

static void listen_to(weft_ctx *ctx, int_chan_tx *done)
{
    weft_case cases[CASES + 1];
    for (int i = 0; i < CASES; i++)
        cases[i] = weft_on_recv(channel[i], NULL);
    cases[CASES] = weft_on_done(ctx);
    REQUIRE(weft_select_n(cases, CASES + 1) == CASES);
    weft_send(done, 1);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, done) = weft_make(int_chan, 0);
    int sum = 0, v;
    for (int i = 0; i < CHANNELS; i++)
        channel[i] = weft_make(int_chan, i % 100 == 99 ? 100000 : i % 7);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    for (int i = 0; i < 20; i++)
        weft_go(listen_to, ctx, weft_tx(done));
    for (int i = CASES; i < CHANNELS; i += 50)
        weft_go(fill, weft_tx(channel[i]));
    for (int i = CASES; i < CHANNELS; i += 50)
        for (int k = 0; k < 5; k++)
            sum += weft_recv(channel[i], &v) ? v : 1000;
    weft_yield();
    weft_ctx_cancel(ctx);
    for (int i = 0; i < 20; i++)
        REQUIRE(weft_recv(done, &v) && v == 1);
    REQUIRE(sum == (CHANNELS - CASES) / 50 * 10);
    for (int i = 0; i < PANICS; i++) {
        weft_auto(weft_panic_info, p) = weft_try(fail_at, i);
        REQUIRE(p && atoi(weft_panic_message(p) + 7) == i);
    }
    for (int i = 0; i < CHANNELS; i++)
        weft_unref(channel[i]);
    puts("ok");
    return 0;
}
