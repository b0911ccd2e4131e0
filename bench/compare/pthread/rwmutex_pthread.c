/* SPDX-License-Identifier: MIT */
/*
 * Many readers, few writers, with threads: the twin of bench/rwmutex_bench.c,
 * which says what each row does.
 */
#include <pthread.h>

#include "bench.h"
#include "thread.h"

enum { THREADS = 8 };

struct pair {
    pthread_rwlock_t rw; /* guards: left, right, which are always equal */
    uint64_t left, right;
};

struct user {
    struct pair *p;
    uint64_t n, write_every;
    uint64_t equal; /* reads that saw what they should */
};

static void *use(void *arg)
{
    struct user *u = arg;
    struct pair *p = u->p;
    uint64_t seen = 0, since = 0;
    for (uint64_t i = 0; i < u->n; i++) {
        if (++since == u->write_every) {
            since = 0;
            pthread_rwlock_wrlock(&p->rw);
            p->left++;
            p->right++;
            pthread_rwlock_unlock(&p->rw);
        } else {
            pthread_rwlock_rdlock(&p->rw);
            seen += p->left == p->right;
            pthread_rwlock_unlock(&p->rw);
        }
    }
    u->equal = seen;
    return NULL;
}

static struct bench_result run_rwmutex(uint64_t count, const int *with)
{
    struct pair p = {.rw = PTHREAD_RWLOCK_INITIALIZER};
    uint64_t each = count / THREADS + 1, seen = 0;
    struct user user[THREADS];
    pthread_t thread[THREADS];
    int64_t start = bench_now_ns();
    for (int i = 0; i < THREADS; i++) {
        user[i] = (struct user){.p = &p, .n = each, .write_every = (uint64_t)with[0]};
        bench_thread(&thread[i], NULL, use, &user[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < THREADS; i++)
        seen += user[i].equal;
    return (struct bench_result){
        .ops = each * THREADS, .elapsed_ns = elapsed, .checksum = seen * 1000 + p.left};
}

static const struct bench_row rows[] = {
    {.name = "rwmutex0", .run_with = run_rwmutex, .with = {0}},
    {.name = "rwmutex1", .run_with = run_rwmutex, .with = {100}},
    {.name = "rwmutex10", .run_with = run_rwmutex, .with = {10}},
};

int main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
