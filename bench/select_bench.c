/* SPDX-License-Identifier: MIT */
/*
 * select_bench.c - waiting for the first of several channels.
 *
 *  select2    one sender alternates between two unbuffered channels, the
 *             receiver selects over both.  An operation is one value received.
 *  selectctx  the receiver selects over one unbuffered channel and the end of a
 *             context, as every wait should that can be cancelled.  The same
 *             operation.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

static void alternate(u64_chan_tx *even, u64_chan_tx *odd, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (i % 2 == 0)
            weft_send(even, i);
        else
            weft_send(odd, i);
    }
}

static struct bench_result run_select2(uint64_t count)
{
    weft_auto(u64_chan, even) = weft_make(u64_chan, 0);
    weft_auto(u64_chan, odd) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, alternate, weft_tx(even), weft_tx(odd), count);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v = 0;
        switch (weft_select(weft_on_recv(even, &v), weft_on_recv(odd, &v))) {
        case 0:
            sum += v;
            break;
        case 1: /* weighted, so that a value from the wrong case shows */
            sum += 3 * v;
            break;
        }
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static void send_all(u64_chan_tx *c, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        weft_send(c, i);
}

static struct bench_result run_selectctx(uint64_t count)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_auto(u64_chan, c) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, send_all, weft_tx(c), count);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v = 0;
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(ctx))) {
        case 0:
            sum += v;
            break;
        case 1: /* nobody cancels it */
            sum += count;
            break;
        }
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "select2", .run = run_select2},
    {.name = "selectctx", .run = run_selectctx},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
