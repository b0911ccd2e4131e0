/* SPDX-License-Identifier: MIT */
/*
 * chan_bench.c - buffered channels.
 *
 *  buffered   one goroutine sends to a channel with one slot and takes the
 *             value back: two operations that never wait.  An operation is the
 *             pair.
 *  prodcons   one producer, one consumer, 128 slots.  An operation is one
 *             value carried across.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

static struct bench_result run_buffered(uint64_t count)
{
    weft_auto(u64_chan, c) = weft_make(u64_chan, 1);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v;
        weft_send(c, i);
        weft_recv(c, &v);
        sum += v;
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static void produce(u64_chan_tx *out, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        weft_send(out, i);
    weft_close(out);
}

static struct bench_result run_prodcons(uint64_t count)
{
    weft_auto(u64_chan, c) = weft_make(u64_chan, 128);
    weft_wg wg = WEFT_WG_INIT;
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    weft_wg_go(&wg, produce, weft_tx(c), count);
    weft_range (v, c)
        sum += v;
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "buffered", .run = run_buffered},
    {.name = "prodcons", .run = run_prodcons},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
