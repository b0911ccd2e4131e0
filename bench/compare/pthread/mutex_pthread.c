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
    bench_not_alone();
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
    uint64_t size, next, total, worked;
    int64_t longest_ns;
    int work; /* steps, inside and outside */
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

static void *take_and_work(void *arg)
{
    struct pot *p = arg;
    uint64_t outside = 0;
    for (bool more = true; more;) {
        uint64_t mine = 0;
        pthread_mutex_lock(&p->mu);
        more = p->next < p->size;
        if (more) {
            mine = p->next++;
            p->total += bench_work(mine, p->work);
        }
        pthread_mutex_unlock(&p->mu);
        if (more)
            outside += bench_work(mine + 1, p->work);
    }
    pthread_mutex_lock(&p->mu);
    p->worked += outside;
    pthread_mutex_unlock(&p->mu);
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

static struct bench_result run_contended(uint64_t count, const int *with)
{
    struct pot fast = {.mu = PTHREAD_MUTEX_INITIALIZER, .size = count};
    struct pot timed = {.mu = PTHREAD_MUTEX_INITIALIZER, .size = count / 4 + 1};
    int64_t elapsed = empty(&fast, with[0], take);
    empty(&timed, with[0], take_by_the_clock);
    struct bench_result r = {
        .ops = count, .elapsed_ns = elapsed, .checksum = fast.total + timed.total};
    snprintf(r.more, sizeof r.more, "longest_ms=%.3f", (double)timed.longest_ns / 1e6);
    return r;
}

static struct bench_result run_working(uint64_t count, const int *with)
{
    struct pot p = {.mu = PTHREAD_MUTEX_INITIALIZER, .size = count, .work = with[1]};
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

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
