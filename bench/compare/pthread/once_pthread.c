/* SPDX-License-Identifier: MIT */
/*
 * pthread_once(): the twin of bench/once_bench.c, which says what each row
 * does.
 */
#include <pthread.h>

#include "bench.h"
#include "thread.h"

static pthread_once_t ready = PTHREAD_ONCE_INIT;
static uint64_t answer;

static void set_up(void) { answer += 7; }

static struct bench_result run_once(uint64_t count)
{
    uint64_t sum = 0;
    bench_not_alone();
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        pthread_once(&ready, set_up);
        sum += answer;
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "once", .run = run_once},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
