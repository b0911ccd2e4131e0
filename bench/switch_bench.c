/* SPDX-License-Identifier: MIT */
/*
 * switch_bench.c - handing the processor over.
 *
 *  yield      two goroutines that do nothing but yield: with one processor a
 *             bare switch and the run queue, with two also what idle
 *             processors that look for work cost.  An operation is one yield.
 *  roundtrip  ping-pong over two unbuffered channels: two hand-overs with a
 *             value each.  An operation is there and back.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

static void yielder(uint64_t count, uint64_t *yields)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < count; i++) {
        weft_yield();
        n++;
    }
    *yields = n;
}

static struct bench_result run_yield(uint64_t count)
{
    uint64_t left = 0, right = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    weft_wg_go(&wg, yielder, count, &left);
    weft_wg_go(&wg, yielder, count, &right);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = 2 * count, .elapsed_ns = elapsed, .checksum = left + right};
}

static void echo(u64_chan_rx *ping, u64_chan_tx *pong)
{
    weft_range (v, ping)
        weft_send(pong, v + 1);
}

static struct bench_result run_roundtrip(uint64_t count)
{
    weft_auto(u64_chan, ping) = weft_make(u64_chan, 0);
    weft_auto(u64_chan, pong) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, echo, weft_rx(ping), weft_tx(pong));
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v;
        weft_send(ping, i);
        weft_recv(pong, &v);
        sum += v;
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_close(ping);
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "yield", .run = run_yield},
    {.name = "roundtrip", .run = run_roundtrip},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
