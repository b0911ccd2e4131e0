/* SPDX-License-Identifier: MIT */
/*
 * rwmutex_bench.c - many readers, few writers.
 *
 *  rwmutex0, rwmutex1, rwmutex10
 *             eight goroutines use what one reader-writer lock guards, and write
 *             never, each hundredth or each tenth time.  An operation is one
 *             lock, for whichever purpose, and its unlock.
 *
 * A write changes two words and a read compares them, so that a reader that got
 * in beside a writer shows in the checksum.
 */
#include <weft.h>

#include "bench.h"

enum { GOROUTINES = 8 };

struct pair {
    weft_rwmutex rw; /* guards: left, right, which are always equal */
    uint64_t left, right;
};

/* use - n operations, of which each so-manieth writes (0: none); *equal counts the reads that saw what they should. */
static void use(struct pair *p, uint64_t n, uint64_t write_every, uint64_t *equal)
{
    uint64_t seen = 0, since = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (++since == write_every) {
            since = 0;
            weft_rwmutex_lock(&p->rw);
            p->left++;
            p->right++;
            weft_rwmutex_unlock(&p->rw);
        } else {
            weft_rwmutex_rlock(&p->rw);
            seen += p->left == p->right;
            weft_rwmutex_runlock(&p->rw);
        }
    }
    *equal = seen;
}

static struct bench_result run_rwmutex(uint64_t count, const int *with)
{
    struct pair p = {.rw = WEFT_RWMUTEX_INIT};
    uint64_t each = count / GOROUTINES + 1, equal[GOROUTINES], seen = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, use, &p, each, (uint64_t)with[0], &equal[i]);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < GOROUTINES; i++)
        seen += equal[i];
    return (struct bench_result){
        .ops = each * GOROUTINES, .elapsed_ns = elapsed, .checksum = seen * 1000 + p.left};
}

static const struct bench_row rows[] = {
    {.name = "rwmutex0", .run_with = run_rwmutex, .with = {0}},
    {.name = "rwmutex1", .run_with = run_rwmutex, .with = {100}},
    {.name = "rwmutex10", .run_with = run_rwmutex, .with = {10}},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
