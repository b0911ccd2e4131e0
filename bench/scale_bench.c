/* SPDX-License-Identifier: MIT */
/*
 * scale_bench.c - what only shows with more than one processor, or more threads.
 *
 *  imbalance  one goroutine launches 1,000 jobs, waits for all, and again; every
 *             50th takes 5 microseconds and the others 50 nanoseconds, so
 *             processors that have nothing left must take from those that have.
 *             An operation is one job.
 *  outside    a thread that is none of the runtime's sends into a channel with
 *             128 slots, a goroutine receives.  An operation is one value.
 *  wakebusy   as many goroutines compute as there are processors, and never
 *             look up; another one sleeps a millisecond COUNT times.  How late
 *             it woke: p50_us, p99_us, p999_us, of which the row compares p50_us.
 */
#include <weft.h>

#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

enum { JOBS = 1000, LONG_EVERY = 50, LONG_STEPS = 5000, SHORT_STEPS = 50 };

static void job(uint64_t *slot, uint64_t number)
{
    *slot = bench_work(number, number % LONG_EVERY == 0 ? LONG_STEPS : SHORT_STEPS);
}

static struct bench_result run_imbalance(uint64_t count)
{
    uint64_t slot[JOBS] = {0}, sum = 0, ops = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    while (ops < count) {
        for (int i = 0; i < JOBS; i++)
            weft_wg_go(&wg, job, &slot[i], ops++);
        weft_wg_wait(&wg);
        for (int i = 0; i < JOBS; i++)
            sum += slot[i];
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = sum};
}

WEFT_CHAN(u64_chan, uint64_t);

struct outside {
    u64_chan *c;
    uint64_t count;
};

static void *send_from_outside(void *arg)
{
    struct outside *o = arg;
    for (uint64_t i = 0; i < o->count; i++)
        weft_send(o->c, i);
    weft_close(o->c);
    return NULL;
}

static struct bench_result run_outside(uint64_t count)
{
    weft_auto(u64_chan, c) = weft_make(u64_chan, 128);
    struct outside o = {c, count};
    uint64_t sum = 0;
    pthread_t thread;
    int64_t start = bench_now_ns();
    if (pthread_create(&thread, NULL, send_from_outside, &o) != 0)
        abort();
    weft_range (v, c)
        sum += v;
    int64_t elapsed = bench_now_ns() - start;
    pthread_join(thread, NULL);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static void compute(atomic_bool *enough, uint64_t *result)
{
    while (!atomic_load_explicit(enough, memory_order_relaxed))
        *result += bench_work(*result, 1000);
}

enum { MOST_PROCS = 64 };

static struct bench_result run_wakebusy(uint64_t count)
{
    int64_t *late_ns = calloc(count, sizeof *late_ns);
    if (!late_ns)
        abort();
    atomic_bool enough = false;
    uint64_t result[MOST_PROCS] = {0};
    weft_wg wg = WEFT_WG_INIT;
    int procs = weft_procs(0) < MOST_PROCS ? weft_procs(0) : MOST_PROCS;
    int64_t start = bench_now_ns();
    for (int i = 0; i < procs; i++)
        weft_wg_go(&wg, compute, &enough, &result[i]);
    for (uint64_t i = 0; i < count; i++) {
        int64_t when = bench_now_ns() + WEFT_MILLISECOND;
        weft_sleep(weft_background(), WEFT_MILLISECOND);
        late_ns[i] = bench_now_ns() - when;
    }
    struct bench_result r = {.ops = count, .elapsed_ns = bench_now_ns() - start, .checksum = count};
    atomic_store(&enough, true);
    weft_wg_wait(&wg);
    bench_lateness(&r, late_ns, count);
    free(late_ns);
    return r;
}

static const struct bench_row rows[] = {
    {.name = "imbalance", .run = run_imbalance},
    {.name = "outside", .run = run_outside},
    {.name = "wakebusy", .run = run_wakebusy, .cold = true},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
