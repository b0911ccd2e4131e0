/* SPDX-License-Identifier: MIT */
/*
 * Handing the processor over between threads: the twin of bench/switch_bench.c,
 * which says what each row does.  Two semaphores carry the turn of a round trip.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "bench.h"
#include "thread.h"

struct yielder {
    uint64_t count, yields;
};

static void *yielder(void *arg)
{
    struct yielder *y = arg;
    uint64_t n = 0;
    for (uint64_t i = 0; i < y->count; i++) {
        sched_yield();
        n++;
    }
    y->yields = n;
    return NULL;
}

static struct bench_result run_yield(uint64_t count)
{
    struct yielder y[2] = {{.count = count}, {.count = count}};
    pthread_t thread[2];
    int64_t start = bench_now_ns();
    for (int i = 0; i < 2; i++)
        bench_thread(&thread[i], NULL, yielder, &y[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){
        .ops = 2 * count, .elapsed_ns = elapsed, .checksum = y[0].yields + y[1].yields};
}

struct table {
    sem_t ping, pong;
    uint64_t ball, count;
};

static void *echo(void *arg)
{
    struct table *t = arg;
    for (uint64_t i = 0; i < t->count; i++) {
        sem_wait(&t->ping);
        t->ball++;
        sem_post(&t->pong);
    }
    return NULL;
}

static struct bench_result run_roundtrip(uint64_t count)
{
    struct table t = {.count = count};
    pthread_t other;
    uint64_t sum = 0;
    sem_init(&t.ping, 0, 0);
    sem_init(&t.pong, 0, 0);
    bench_thread(&other, NULL, echo, &t);
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        t.ball = i;
        sem_post(&t.ping);
        sem_wait(&t.pong);
        sum += t.ball;
    }
    int64_t elapsed = bench_now_ns() - start;
    pthread_join(other, NULL);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "yield", .run = run_yield},
    {.name = "roundtrip", .run = run_roundtrip},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
