/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue between threads, a mutex with two conditions: the twin of
 * bench/chan_bench.c, which says what each row does.
 */
#include <pthread.h>

#include "bench.h"
#include "thread.h"

enum { MOST = 64, MOST_SLOTS = 128 };

struct queue {
    pthread_mutex_t mu; /* guards: the rest */
    pthread_cond_t not_empty, not_full;
    int capacity, first, length;
    bool closed;
    uint64_t slot[MOST_SLOTS];
};

static void put(struct queue *q, uint64_t v)
{
    pthread_mutex_lock(&q->mu);
    while (q->length == q->capacity)
        pthread_cond_wait(&q->not_full, &q->mu);
    q->slot[(q->first + q->length++) % q->capacity] = v;
    pthread_cond_signal(&q->not_empty);
    pthread_mutex_unlock(&q->mu);
}

static bool get(struct queue *q, uint64_t *v)
{
    pthread_mutex_lock(&q->mu);
    while (q->length == 0 && !q->closed)
        pthread_cond_wait(&q->not_empty, &q->mu);
    bool ok = q->length > 0;
    if (ok) {
        *v = q->slot[q->first];
        q->first = (q->first + 1) % q->capacity;
        q->length--;
        pthread_cond_signal(&q->not_full);
    }
    pthread_mutex_unlock(&q->mu);
    return ok;
}

static void close_queue(struct queue *q)
{
    pthread_mutex_lock(&q->mu);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_mutex_unlock(&q->mu);
}

struct end {
    struct queue *q;
    uint64_t count, sum;
};

static void *produce(void *arg)
{
    struct end *e = arg;
    for (uint64_t i = 0; i < e->count; i++)
        put(e->q, i);
    return NULL;
}

static void *consume(void *arg)
{
    struct end *e = arg;
    uint64_t v, sum = 0;
    while (get(e->q, &v))
        sum += v;
    e->sum = sum;
    return NULL;
}

static struct bench_result run_pc(uint64_t count, const int *with)
{
    int producers = with[1], consumers = with[2];
    struct queue q = {.mu = PTHREAD_MUTEX_INITIALIZER,
                      .not_empty = PTHREAD_COND_INITIALIZER,
                      .not_full = PTHREAD_COND_INITIALIZER,
                      .capacity = with[0]};
    struct end from = {.q = &q, .count = count / (uint64_t)producers + 1}, to[MOST];
    pthread_t producing[MOST], consuming[MOST];
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (int i = 0; i < consumers; i++) {
        to[i] = (struct end){.q = &q};
        bench_thread(&consuming[i], NULL, consume, &to[i]);
    }
    for (int i = 0; i < producers; i++)
        bench_thread(&producing[i], NULL, produce, &from);
    for (int i = 0; i < producers; i++)
        pthread_join(producing[i], NULL);
    close_queue(&q);
    for (int i = 0; i < consumers; i++)
        pthread_join(consuming[i], NULL);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < consumers; i++)
        sum += to[i].sum;
    return (struct bench_result){
        .ops = from.count * (uint64_t)producers, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "pc1_1x1", .run_with = run_pc, .with = {1, 1, 1}},
    {.name = "pc1_4x4", .run_with = run_pc, .with = {1, 4, 4}},
    {.name = "pc1_64x1", .run_with = run_pc, .with = {1, 64, 1}},
    {.name = "pc1_1x64", .run_with = run_pc, .with = {1, 1, 64}},
    {.name = "pc10_1x1", .run_with = run_pc, .with = {10, 1, 1}},
    {.name = "pc10_4x4", .run_with = run_pc, .with = {10, 4, 4}},
    {.name = "pc10_64x1", .run_with = run_pc, .with = {10, 64, 1}},
    {.name = "pc10_1x64", .run_with = run_pc, .with = {10, 1, 64}},
    {.name = "pc128_1x1", .run_with = run_pc, .with = {128, 1, 1}},
    {.name = "pc128_4x4", .run_with = run_pc, .with = {128, 4, 4}},
    {.name = "pc128_64x1", .run_with = run_pc, .with = {128, 64, 1}},
    {.name = "pc128_1x64", .run_with = run_pc, .with = {128, 1, 64}},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
