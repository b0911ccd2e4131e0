/* SPDX-License-Identifier: MIT */
/*
 * Threads that compute and one that sleeps: the twin of bench/scale_bench.c,
 * which says what the row does.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "bench.h"
#include "thread.h"

enum { MOST_PROCS = 64, MILLISECOND = 1000000 };

struct computation {
    atomic_bool *enough;
    uint64_t result;
};

static void *compute(void *arg)
{
    struct computation *c = arg;
    while (!atomic_load_explicit(c->enough, memory_order_relaxed))
        c->result += bench_work(c->result, 1000);
    return NULL;
}

static struct bench_result run_wakebusy(uint64_t count)
{
    int64_t *late_ns = calloc(count, sizeof *late_ns);
    cpu_set_t cpus;
    if (!late_ns || sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        abort();
    int procs = CPU_COUNT(&cpus) < MOST_PROCS ? CPU_COUNT(&cpus) : MOST_PROCS;
    atomic_bool enough = false;
    struct computation c[MOST_PROCS];
    pthread_t thread[MOST_PROCS];
    int64_t start = bench_now_ns();
    for (int i = 0; i < procs; i++) {
        c[i] = (struct computation){.enough = &enough};
        bench_thread(&thread[i], NULL, compute, &c[i]);
    }
    for (uint64_t i = 0; i < count; i++) {
        int64_t when = bench_now_ns() + MILLISECOND;
        nanosleep(&(struct timespec){.tv_nsec = MILLISECOND}, NULL);
        late_ns[i] = bench_now_ns() - when;
    }
    struct bench_result r = {
        .ops = count, .elapsed_ns = bench_now_ns() - start, .checksum = count};
    atomic_store(&enough, true);
    for (int i = 0; i < procs; i++)
        pthread_join(thread[i], NULL);
    bench_lateness(&r, late_ns, count);
    free(late_ns);
    return r;
}

static const struct bench_row rows[] = {
    {.name = "wakebusy", .run = run_wakebusy, .cold = true},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
