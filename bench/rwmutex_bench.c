/* SPDX-License-Identifier: MIT */
/*
 * rwmutex_bench.c - many readers, few writers.
 *
 *  rwmutex    eight goroutines use what one reader-writer lock guards; each
 *             hundredth time they write.  An operation is one lock, for
 *             whichever purpose, and its unlock.
 *
 * A write changes two words and a read compares them, so that a reader that got
 * in beside a writer shows in the checksum.
 */
#include <weft.h>

#include "bench.h"

enum { GOROUTINES = 8, WRITE_EVERY = 100 };

struct pair {
    weft_rwmutex rw; /* guards: left, right, which are always equal */
    uint64_t left, right;
};

/* use - n operations; *equal counts the reads that saw what they should. */
static void use(struct pair *p, uint64_t n, uint64_t *equal)
{
    uint64_t seen = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (i % WRITE_EVERY == WRITE_EVERY / 2) {
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

static struct bench_result run_rwmutex(uint64_t count)
{
    struct pair p = {.rw = WEFT_RWMUTEX_INIT};
    uint64_t each = count / GOROUTINES + 1, equal[GOROUTINES], seen = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, use, &p, each, &equal[i]);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < GOROUTINES; i++)
        seen += equal[i];
    return (struct bench_result){
        .ops = each * GOROUTINES, .elapsed_ns = elapsed, .checksum = seen * 1000 + p.left};
}

static const struct bench_row rows[] = {
    {.name = "rwmutex", .run = run_rwmutex},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
