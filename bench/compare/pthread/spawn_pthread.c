/* SPDX-License-Identifier: MIT */
/*
 * The life of a thread: the twin of bench/spawn_bench.c, which says what each
 * row does.
 *
 * The stacks are small, so that glibc keeps them for the next round instead of
 * mapping them anew; with its default size a thread costs about twice as much.
 */
#include <pthread.h>

#include "bench.h"
#include "thread.h"

enum { FAN = 1000, STACK_BYTES = 32 * 1024 };

struct job {
    uint64_t *slot, value;
};

static void *put(void *arg)
{
    struct job *job = arg;
    *job->slot = job->value;
    return NULL;
}

static struct bench_result run_fanout(uint64_t count)
{
    uint64_t slot[FAN] = {0}, sum = 0, ops = 0;
    struct job job[FAN];
    pthread_t thread[FAN];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    int64_t start = bench_now_ns();
    while (ops < count) {
        for (int i = 0; i < FAN; i++) {
            job[i] = (struct job){.slot = &slot[i], .value = ops++};
            bench_thread(&thread[i], &small, put, &job[i]);
        }
        for (int i = 0; i < FAN; i++)
            pthread_join(thread[i], NULL);
        for (int i = 0; i < FAN; i++)
            sum += slot[i];
    }
    int64_t elapsed = bench_now_ns() - start;
    pthread_attr_destroy(&small);
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = sum};
}

struct sum {
    uint64_t *sum, value;
};

static void *add_to(void *arg)
{
    struct sum *s = arg;
    *s->sum += s->value;
    return NULL;
}

static struct bench_result run_spawn(uint64_t count)
{
    uint64_t sum = 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        struct sum s = {&sum, i};
        pthread_t thread;
        bench_thread(&thread, &small, add_to, &s);
        pthread_join(thread, NULL);
    }
    int64_t elapsed = bench_now_ns() - start;
    pthread_attr_destroy(&small);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "spawn", .run = run_spawn},
    {.name = "fanout", .run = run_fanout},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
