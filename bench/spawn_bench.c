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

static const struct bench_row rows[] = {
    {.name = "spawn", .run = run_spawn},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
