/* SPDX-License-Identifier: MIT */
/*
 * once_bench.c - things that are done once.
 *
 *  once       one goroutine asks again and again for what was set up at the
 *             first time, and uses it.  An operation is one asking.
 */
#include <weft.h>

#include "bench.h"

static weft_once ready = WEFT_ONCE_INIT;
static uint64_t answer;

static void set_up(void) { answer += 7; }

static struct bench_result run_once(uint64_t count)
{
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        weft_once_do(&ready, set_up);
        sum += answer;
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "once", .run = run_once},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
