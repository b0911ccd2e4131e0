/* SPDX-License-Identifier: MIT */
/*
 * spawn_bench.c - the life of a goroutine that does next to nothing.
 *
 *  spawn      launch one, let it run, wait for its end by a wait group, then
 *             the next.  An operation is one such life.
 */
#include <weft.h>

#include "bench.h"

static void add_to(uint64_t *sum, uint64_t v) { *sum += v; }

static struct bench_result run_spawn(uint64_t count)
{
    uint64_t sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        weft_wg_go(&wg, add_to, &sum, i);
        weft_wg_wait(&wg);
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

enum { FAN = 1000 };

static void put(uint64_t *slot, uint64_t v) { *slot = v; }

static struct bench_result run_fanout(uint64_t count)
{
    uint64_t slot[FAN] = {0}, sum = 0, ops = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    while (ops < count) {
        for (int i = 0; i < FAN; i++)
            weft_wg_go(&wg, put, &slot[i], ops++);
        weft_wg_wait(&wg);
        for (int i = 0; i < FAN; i++)
            sum += slot[i];
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "spawn", .run = run_spawn},
    {.name = "fanout", .run = run_fanout},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
