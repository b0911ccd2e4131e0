/* SPDX-License-Identifier: MIT */
/* Atomically here, plainly there. */
#include <stdatomic.h>
#include <weft.h>
struct stats { long hits; long misses; weft_mutex mu; int level; };
static struct stats stats;
static int flag;
static atomic_int ready;
static long total;

static void hits(void) { __atomic_fetch_add(&stats.hits, 1, __ATOMIC_RELAXED); }
static void resets(void) { stats.hits = 0; } //! atomicmix
static void waits(void) { while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE)) weft_yield(); }
static void sets(void) { flag = 1; } //! atomicmix
static void assigns(void) { total = __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST); } //! atomicmix
static int reads(struct stats *s) { return __atomic_load_n(&s->level, __ATOMIC_RELAXED) + (s->level > 3); } //! atomicmix

static void all_atomic(void) { ready = 1; __atomic_store_n(&stats.misses, 0, __ATOMIC_RELAXED); }
static void counts(void) { ready++; __atomic_fetch_add(&stats.misses, 1, __ATOMIC_RELAXED); }
void run(struct stats *s)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, hits);
    weft_wg_go(&wg, resets);
    weft_wg_go(&wg, waits);
    weft_wg_go(&wg, sets);
    weft_wg_go(&wg, assigns);
    weft_wg_go(&wg, reads, s);
    weft_wg_go(&wg, all_atomic);
    weft_wg_go(&wg, counts);
    weft_wg_wait(&wg);
    printf("%ld %ld\n", stats.hits, stats.misses);
}
