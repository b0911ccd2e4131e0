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
 *  mutex2w100, mutex2w1000, ...
 *             the same, with about so many nanoseconds of work for each number
 *             with the mutex held and as much without; no second pass.
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
    uint64_t size, next, total, worked;
    int64_t longest_ns;
    int work; /* steps, inside and outside */
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

static void take_and_work(struct pot *p)
{
    uint64_t outside = 0;
    for (bool more = true; more;) {
        uint64_t mine = 0;
        weft_mutex_lock(&p->mu);
        more = p->next < p->size;
        if (more) {
            mine = p->next++;
            p->total += bench_work(mine, p->work);
        }
        weft_mutex_unlock(&p->mu);
        if (more)
            outside += bench_work(mine + 1, p->work);
    }
    weft_mutex_lock(&p->mu);
    p->worked += outside;
    weft_mutex_unlock(&p->mu);
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

static struct bench_result run_contended(uint64_t count, const int *with)
{
    struct pot fast = {.mu = WEFT_MUTEX_INIT, .size = count};
    struct pot timed = {.mu = WEFT_MUTEX_INIT, .size = count / 4 + 1};
    int64_t elapsed = empty(&fast, with[0], take);
    empty(&timed, with[0], take_by_the_clock);
    struct bench_result r = {
        .ops = count, .elapsed_ns = elapsed, .checksum = fast.total + timed.total};
    snprintf(r.more, sizeof r.more, "longest_ms=%.3f", (double)timed.longest_ns / 1e6);
    return r;
}

static struct bench_result run_working(uint64_t count, const int *with)
{
    struct pot p = {.mu = WEFT_MUTEX_INIT, .size = count, .work = with[1]};
    int64_t elapsed = empty(&p, with[0], take_and_work);
    return (struct bench_result){
        .ops = count, .elapsed_ns = elapsed, .checksum = p.total + p.worked};
}

static const struct bench_row rows[] = {
    {.name = "mutex", .run = run_mutex},
    {.name = "mutex2", .run_with = run_contended, .with = {2}},
    {.name = "mutex8", .run_with = run_contended, .with = {8}},
    {.name = "mutex64", .run_with = run_contended, .with = {64}},
    {.name = "mutex2w100", .run_with = run_working, .with = {2, 100}},
    {.name = "mutex8w100", .run_with = run_working, .with = {8, 100}},
    {.name = "mutex64w100", .run_with = run_working, .with = {64, 100}},
    {.name = "mutex2w1000", .run_with = run_working, .with = {2, 1000}},
    {.name = "mutex8w1000", .run_with = run_working, .with = {8, 1000}},
    {.name = "mutex64w1000", .run_with = run_working, .with = {64, 1000}},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
