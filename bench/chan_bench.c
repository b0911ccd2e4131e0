/* SPDX-License-Identifier: MIT */
/*
 * chan_bench.c - buffered channels.
 *
 *  buffered   one goroutine sends to a channel with one slot and takes the
 *             value back: two operations that never wait.  An operation is the
 *             pair.
 *  pcC_PxQ    P producers and Q consumers at one channel of capacity C.  An
 *             operation is one value carried across.
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
}

static void consume(u64_chan_rx *in, uint64_t *sum)
{
    uint64_t mine = 0;
    weft_range (v, in)
        mine += v;
    *sum = mine;
}

enum { MOST = 64 };

static struct bench_result run_pc(uint64_t count, const int *with)
{
    int capacity = with[0], producers = with[1], consumers = with[2];
    uint64_t each = count / (uint64_t)producers + 1, part[MOST], sum = 0;
    weft_auto(u64_chan, c) = weft_make(u64_chan, capacity);
    weft_wg producing = WEFT_WG_INIT, consuming = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < consumers; i++)
        weft_wg_go(&consuming, consume, weft_rx(c), &part[i]);
    for (int i = 0; i < producers; i++)
        weft_wg_go(&producing, produce, weft_tx(c), each);
    weft_wg_wait(&producing);
    weft_close(c);
    weft_wg_wait(&consuming);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < consumers; i++)
        sum += part[i];
    return (struct bench_result){
        .ops = each * (uint64_t)producers, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "buffered", .run = run_buffered},
    {.name = "pc0_1x1", .run_with = run_pc, .with = {0, 1, 1}},
    {.name = "pc0_4x4", .run_with = run_pc, .with = {0, 4, 4}},
    {.name = "pc0_64x1", .run_with = run_pc, .with = {0, 64, 1}},
    {.name = "pc0_1x64", .run_with = run_pc, .with = {0, 1, 64}},
    {.name = "pc1_1x1", .run_with = run_pc, .with = {1, 1, 1}},
    {.name = "pc1_4x4", .run_with = run_pc, .with = {1, 4, 4}},
    {.name = "pc1_64x1", .run_with = run_pc, .with = {1, 64, 1}},
    {.name = "pc1_1x64", .run_with = run_pc, .with = {1, 1, 64}},
    {.name = "pc10_1x1", .run_with = run_pc, .with = {10, 1, 1}},
    {.name = "pc10_4x4", .run_with = run_pc, .with = {10, 4, 4}},
    {.name = "pc10_64x1", .run_with = run_pc, .with = {10, 64, 1}},
    {.name = "pc10_1x64", .run_with = run_pc, .with = {10, 1, 64}},
    {.name = "pc128_1x1", .run_with = run_pc, .with = {128, 1, 1}},
    {.name = "pc128_4x4", .run_with = run_pc, .with = {128, 4, 4}},
    {.name = "pc128_64x1", .run_with = run_pc, .with = {128, 64, 1}},
    {.name = "pc128_1x64", .run_with = run_pc, .with = {128, 1, 64}},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
