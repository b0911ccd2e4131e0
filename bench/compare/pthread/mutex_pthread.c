/* SPDX-License-Identifier: MIT */
/*
 * Mutual exclusion with threads: the twin of bench/mutex_bench.c, which says
 * what each row does.
 */
#include <pthread.h>

#include "bench.h"
#include "thread.h"

struct account {
    pthread_mutex_t mu;
    uint64_t total; /* mu guards: total */
};

static struct bench_result run_mutex(uint64_t count)
{
    struct account a = {.mu = PTHREAD_MUTEX_INITIALIZER};
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        pthread_mutex_lock(&a.mu);
        a.total += i;
        pthread_mutex_unlock(&a.mu);
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = a.total};
}

struct pot {
    pthread_mutex_t mu; /* guards: the rest, but for size */
    uint64_t size, next, total;
    int64_t longest_ns;
};

static void *take(void *arg)
{
    struct pot *p = arg;
    for (bool more = true; more;) {
        pthread_mutex_lock(&p->mu);
        more = p->next < p->size;
        if (more)
            p->total += p->next++;
        pthread_mutex_unlock(&p->mu);
    }
    return NULL;
}

static void *take_by_the_clock(void *arg)
{
    struct pot *p = arg;
    for (bool more = true; more;) {
        int64_t start = bench_now_ns();
        pthread_mutex_lock(&p->mu);
        int64_t waited = bench_now_ns() - start;
        if (waited > p->longest_ns)
            p->longest_ns = waited;
        more = p->next < p->size;
        if (more)
            p->total += p->next++;
        pthread_mutex_unlock(&p->mu);
    }
    return NULL;
}

enum { MOST_THREADS = 64 };

/* empty - let that many threads empty a pot; returns how long it took. */
static int64_t empty(struct pot *p, int threads, void *(*taker)(void *))
{
    pthread_t thread[MOST_THREADS];
    int64_t start = bench_now_ns();
    for (int i = 0; i < threads; i++)
        bench_thread(&thread[i], NULL, taker, p);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return bench_now_ns() - start;
}

static struct bench_result run_contended(uint64_t count, int threads)
{
    struct pot fast = {.mu = PTHREAD_MUTEX_INITIALIZER, .size = count};
    struct pot timed = {.mu = PTHREAD_MUTEX_INITIALIZER, .size = count / 4 + 1};
    int64_t elapsed = empty(&fast, threads, take);
    empty(&timed, threads, take_by_the_clock);
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

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
