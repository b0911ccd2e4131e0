/* SPDX-License-Identifier: MIT */
/*
 * sync_bench.c - wait groups, semaphores, conditions.
 *
 *  wg         four goroutines add one to the same wait group and say done, again
 *             and again, while another waits for all of it.  An operation is one
 *             add and its done.
 *  sem        eight goroutines want one of four units of a semaphore, again and
 *             again.  An operation is one acquire and its release.
 *  cond       eight goroutines wait on a condition; one says that there is
 *             something new, to all of them, and waits until all have seen it.
 *             An operation is one of them woken.
 */
#include <weft.h>

#include "bench.h"

enum { COUNTERS = 4, WANTING = 8, UNITS = 4, LISTENERS = 8 };

static void count_up_and_down(weft_wg *wg, uint64_t n, uint64_t *done)
{
    uint64_t mine = 0;
    for (uint64_t i = 0; i < n; i++) {
        weft_wg_add(wg, 1);
        mine += i;
        weft_wg_done(wg);
    }
    *done = mine;
    weft_wg_done(wg);
}

static struct bench_result run_wg(uint64_t count)
{
    uint64_t each = count / COUNTERS + 1, part[COUNTERS], sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    weft_wg_add(&wg, COUNTERS);
    for (int i = 0; i < COUNTERS; i++)
        weft_go(count_up_and_down, &wg, each, &part[i]);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < COUNTERS; i++)
        sum += part[i];
    return (struct bench_result){.ops = each * COUNTERS, .elapsed_ns = elapsed, .checksum = sum};
}

static void borrow(weft_sem *sem, uint64_t n, uint64_t *sum)
{
    uint64_t mine = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (weft_sem_acquire(weft_background(), sem, 1) != 0)
            break;
        mine += i;
        weft_sem_release(sem, 1);
    }
    *sum = mine;
}

static struct bench_result run_sem(uint64_t count)
{
    uint64_t each = count / WANTING + 1, part[WANTING], sum = 0;
    weft_sem sem = WEFT_SEM(UNITS);
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < WANTING; i++)
        weft_wg_go(&wg, borrow, &sem, each, &part[i]);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < WANTING; i++)
        sum += part[i];
    return (struct bench_result){.ops = each * WANTING, .elapsed_ns = elapsed, .checksum = sum};
}

struct news {
    weft_mutex mu; /* guards: the rest */
    weft_cond something_new, all_know;
    uint64_t number;
    int unaware;
};

static void listen(struct news *n, uint64_t last, uint64_t *sum)
{
    uint64_t mine = 0;
    weft_mutex_lock(&n->mu);
    for (uint64_t known = 0; known < last;) {
        while (n->number == known)
            weft_cond_wait(&n->something_new, &n->mu);
        known = n->number;
        mine += known;
        if (--n->unaware == 0)
            weft_cond_signal(&n->all_know);
    }
    weft_mutex_unlock(&n->mu);
    *sum = mine;
}

static struct bench_result run_cond(uint64_t count)
{
    uint64_t rounds = count / LISTENERS + 1, part[LISTENERS], sum = 0;
    struct news n = {.mu = WEFT_MUTEX_INIT};
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < LISTENERS; i++)
        weft_wg_go(&wg, listen, &n, rounds, &part[i]);
    weft_mutex_lock(&n.mu);
    for (uint64_t i = 1; i <= rounds; i++) {
        n.number = i;
        n.unaware = LISTENERS;
        weft_cond_broadcast(&n.something_new);
        while (n.unaware > 0)
            weft_cond_wait(&n.all_know, &n.mu);
    }
    weft_mutex_unlock(&n.mu);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < LISTENERS; i++)
        sum += part[i];
    return (struct bench_result){.ops = rounds * LISTENERS, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "wg", .run = run_wg},
    {.name = "sem", .run = run_sem},
    {.name = "cond", .run = run_cond},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
