/* SPDX-License-Identifier: MIT */
/*
 * Waits for mutexes and semaphores that contexts end at random moments: no
 * wake-up is lost, none is doubled, and what was not taken is not missing.
 * CANCEL_OPS (default one million) attempts in all.
 */
#include "stress.h"

enum { GOROUTINES = 16, PLACES = 3 };

static weft_mutex mu;
static weft_sem sem = WEFT_SEM(PLACES);
static long inside, done;
static atomic_long in_sem, gave_up;

static void attempt(weft_ctx *ctx, bool mutex)
{
    if (mutex) {
        if (weft_mutex_lock_ctx(ctx, &mu) != 0) {
            atomic_fetch_add(&gave_up, 1);
            return;
        }
        REQUIRE(++inside == 1);
        done++;
        if (random_below(16) == 0)
            weft_yield();
        inside--;
        weft_mutex_unlock(&mu);
        return;
    }
    int64_t n = 1 + (int64_t)random_below(PLACES);
    if (weft_sem_acquire(ctx, &sem, n) != 0) {
        atomic_fetch_add(&gave_up, 1);
        return;
    }
    REQUIRE(atomic_fetch_add(&in_sem, n) + n <= PLACES);
    if (random_below(16) == 0)
        weft_yield();
    atomic_fetch_sub(&in_sem, n);
    weft_sem_release(&sem, n);
}

static void attempts(long n)
{
    while (n > 0) {
        weft_auto(weft_ctx, ctx) =
            random_below(2) ? weft_ctx_with_cancel(weft_background())
                            : weft_ctx_with_timeout(weft_background(),
                                                    (weft_duration)random_below(300) *
                                                        WEFT_MICROSECOND);
        for (uint32_t i = 1 + random_below(64); i > 0 && n > 0; i--, n--)
            attempt(ctx, random_below(2));
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    const char *text = getenv("CANCEL_OPS");
    long ops = text ? atol(text) : 1000000;
    weft_wg wg = {0};
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, attempts, ops / GOROUTINES);
    weft_wg_wait(&wg);
    weft_mutex_lock(&mu);
    REQUIRE(done > 0 && inside == 0 && in_sem == 0);
    weft_mutex_unlock(&mu);
    bool all = weft_sem_try_acquire(&sem, PLACES);
    REQUIRE(all);
    REQUIRE(gave_up > 0);
    puts("ok");
    return 0;
}
