/* SPDX-License-Identifier: MIT */
/*
 * mutex_bench.c - mutual exclusion.
 *
 *  mutex      one goroutine locks a free mutex, adds to what it guards, and
 *             unlocks.  An operation is the lock and the unlock.
 *  mutex2, mutex8, mutex64
 *             that many goroutines want the same mutex, with nothing to do in
 *             between.  They take numbers from a common pot until it is empty,
 *             so all of them want it until the end.  An operation is one number
 *             taken.  A second pass over a quarter as many numbers measures
 *             each wait by the clock and reports the longest (longest_ms); the
 *             clock would slow down the first.
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

struct pot {
    weft_mutex mu; /* guards: the rest, but for size */
    uint64_t size, next, total;
    int64_t longest_ns;
};

static void take(struct pot *p)
{
    for (bool more = true; more;) {
        weft_mutex_lock(&p->mu);
        more = p->next < p->size;
        if (more)
            p->total += p->next++;
        weft_mutex_unlock(&p->mu);
    }
}

static void take_by_the_clock(struct pot *p)
{
    for (bool more = true; more;) {
        int64_t start = bench_now_ns();
        weft_mutex_lock(&p->mu);
        int64_t waited = bench_now_ns() - start;
        if (waited > p->longest_ns)
            p->longest_ns = waited;
        more = p->next < p->size;
        if (more)
            p->total += p->next++;
        weft_mutex_unlock(&p->mu);
    }
}

/* empty - let that many goroutines empty a pot; returns how long it took. */
static int64_t empty(struct pot *p, int goroutines, void (*taker)(struct pot *))
{
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < goroutines; i++)
        weft_wg_go(&wg, taker, p);
    weft_wg_wait(&wg);
    return bench_now_ns() - start;
}

static struct bench_result run_contended(uint64_t count, int goroutines)
{
    struct pot fast = {.mu = WEFT_MUTEX_INIT, .size = count};
    struct pot timed = {.mu = WEFT_MUTEX_INIT, .size = count / 4 + 1};
    int64_t elapsed = empty(&fast, goroutines, take);
    empty(&timed, goroutines, take_by_the_clock);
    struct bench_result r = {
        .ops = count, .elapsed_ns = elapsed, .checksum = fast.total + timed.total};
    snprintf(r.more, sizeof r.more, "longest_ms=%.3f", (double)timed.longest_ns / 1e6);
    return r;
}

static struct bench_result run_mutex2(uint64_t count) { return run_contended(count, 2); }
static struct bench_result run_mutex8(uint64_t count) { return run_contended(count, 8); }
static struct bench_result run_mutex64(uint64_t count) { return run_contended(count, 64); }

static const struct bench_row rows[] = {
    {.name = "mutex", .run = run_mutex},
    {.name = "mutex2", .run = run_mutex2},
    {.name = "mutex8", .run = run_mutex8},
    {.name = "mutex64", .run = run_mutex64},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
