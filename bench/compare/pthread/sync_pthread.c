/* SPDX-License-Identifier: MIT */
/*
 * Semaphores and conditions between threads: the twin of bench/sync_bench.c,
 * which says what each row does.
 */
#include <pthread.h>
#include <semaphore.h>

#include "bench.h"
#include "thread.h"

enum { WANTING = 8, UNITS = 4, LISTENERS = 8 };

struct lender {
    sem_t sem;
    uint64_t each;
};

struct borrower {
    struct lender *lender;
    uint64_t sum;
};

static void *borrow(void *arg)
{
    struct borrower *b = arg;
    struct lender *l = b->lender;
    uint64_t mine = 0;
    for (uint64_t i = 0; i < l->each; i++) {
        sem_wait(&l->sem);
        mine += i;
        sem_post(&l->sem);
    }
    b->sum = mine;
    return NULL;
}

static struct bench_result run_sem(uint64_t count)
{
    struct lender l = {.each = count / WANTING + 1};
    struct borrower b[WANTING];
    pthread_t thread[WANTING];
    uint64_t sum = 0;
    sem_init(&l.sem, 0, UNITS);
    int64_t start = bench_now_ns();
    for (int i = 0; i < WANTING; i++) {
        b[i] = (struct borrower){.lender = &l};
        bench_thread(&thread[i], NULL, borrow, &b[i]);
    }
    for (int i = 0; i < WANTING; i++)
        pthread_join(thread[i], NULL);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < WANTING; i++)
        sum += b[i].sum;
    return (struct bench_result){.ops = l.each * WANTING, .elapsed_ns = elapsed, .checksum = sum};
}

struct news {
    pthread_mutex_t mu; /* guards: the rest */
    pthread_cond_t something_new, all_know;
    uint64_t number, last;
    int unaware;
};

struct listener {
    struct news *news;
    uint64_t sum;
};

static void *listen_for(void *arg)
{
    struct listener *l = arg;
    struct news *n = l->news;
    uint64_t mine = 0;
    pthread_mutex_lock(&n->mu);
    for (uint64_t known = 0; known < n->last;) {
        while (n->number == known)
            pthread_cond_wait(&n->something_new, &n->mu);
        known = n->number;
        mine += known;
        if (--n->unaware == 0)
            pthread_cond_signal(&n->all_know);
    }
    pthread_mutex_unlock(&n->mu);
    l->sum = mine;
    return NULL;
}

static struct bench_result run_cond(uint64_t count)
{
    uint64_t rounds = count / LISTENERS + 1, sum = 0;
    struct news n = {.mu = PTHREAD_MUTEX_INITIALIZER,
                     .something_new = PTHREAD_COND_INITIALIZER,
                     .all_know = PTHREAD_COND_INITIALIZER,
                     .last = rounds};
    struct listener l[LISTENERS];
    pthread_t thread[LISTENERS];
    int64_t start = bench_now_ns();
    for (int i = 0; i < LISTENERS; i++) {
        l[i] = (struct listener){.news = &n};
        bench_thread(&thread[i], NULL, listen_for, &l[i]);
    }
    pthread_mutex_lock(&n.mu);
    for (uint64_t i = 1; i <= rounds; i++) {
        n.number = i;
        n.unaware = LISTENERS;
        pthread_cond_broadcast(&n.something_new);
        while (n.unaware > 0)
            pthread_cond_wait(&n.all_know, &n.mu);
    }
    pthread_mutex_unlock(&n.mu);
    for (int i = 0; i < LISTENERS; i++)
        pthread_join(thread[i], NULL);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < LISTENERS; i++)
        sum += l[i].sum;
    return (struct bench_result){
        .ops = rounds * LISTENERS, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "sem", .run = run_sem},
    {.name = "cond", .run = run_cond},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
