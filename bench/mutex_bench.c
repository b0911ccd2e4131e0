/* SPDX-License-Identifier: MIT */
/*
 * mutex_bench.c - mutual exclusion.
 *
 *  mutex      one goroutine locks a free mutex, adds to what it guards, and
 *             unlocks.  An operation is the lock and the unlock.
 */
#include <weft.h>

#include "bench.h"

struct account {
    weft_mutex mu;
    uint64_t total; /* mu guards: total */
};

static struct bench_result run_mutex(uint64_t count)
{
    struct account a = {.mu = WEFT_MUTEX_INIT};
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        weft_mutex_lock(&a.mu);
        a.total += i;
        weft_mutex_unlock(&a.mu);
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = a.total};
}

static const struct bench_row rows[] = {
    {.name = "mutex", .run = run_mutex},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
