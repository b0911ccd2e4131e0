/* SPDX-License-Identifier: MIT */
/* Semaphores: weights, order, contexts, and that no unit and no wake-up is lost. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <weft.h>

static weft_sem sem = WEFT_SEM(10);

static bool panics_with(weft_panic_info *p, const char *text)
{
    bool ok = p && strstr(weft_panic_message(p), text);
    if (p && !ok)
        printf("the panic says: %s\n", weft_panic_message(p));
    weft_panic_info_free(p);
    return ok;
}

WEFT_TEST(units_are_counted)
{
    weft_ctx *bg = weft_background();
    weft_check(weft_sem_acquire(bg, &sem, 4), ==, 0);
    weft_check(weft_sem_try_acquire(&sem, 6));
    weft_check(!weft_sem_try_acquire(&sem, 1));
    weft_check(weft_sem_try_acquire(&sem, 0));
    weft_sem_release(&sem, 1);
    weft_check(weft_sem_try_acquire(&sem, 1));
    weft_sem_release(&sem, 10);
    weft_check(weft_sem_acquire(bg, &sem, 10), ==, 0);
    weft_sem_release(&sem, 10);
}

WEFT_TEST(zero_bytes_are_a_semaphore_without_units)
{
    weft_sem none = {0};
    weft_check(!weft_sem_try_acquire(&none, 1));
    weft_check(weft_sem_acquire(weft_background(), &none, 0), ==, 0);
}

/* ---- order -------------------------------------------------------------------------- */

static weft_mutex mu; /* guards: order */
static char order[8];
static _Atomic int noted;

static const char *order_now(void)
{
    static char copy[sizeof order];
    weft_scoped_lock(&mu);
    strcpy(copy, order);
    return copy;
}

static void acquire_and_note(int n, char who)
{
    int err = weft_sem_acquire(weft_background(), &sem, n);
    weft_check(err, ==, 0);
    weft_scoped_lock(&mu);
    order[noted++] = who;
}

WEFT_TEST(little_does_not_overtake_much)
{
    weft_sem_acquire(weft_background(), &sem, 5);
    weft_go(acquire_and_note, 8, 'M');
    weft_test_until_waiting(1, WEFT_WAIT_SEM);
    weft_go(acquire_and_note, 1, 'l');
    weft_test_until_waiting(2, WEFT_WAIT_SEM);
    weft_check(!weft_sem_try_acquire(&sem, 1)); /* there are five, but not for the last */
    weft_sem_release(&sem, 3);                  /* enough for M, not for both... */
    weft_test_until_idle();
    weft_check(order_now(), ==, "M");
    weft_sem_release(&sem, 2);
    weft_test_until_idle();
    weft_check(order_now(), ==, "Ml");
    weft_sem_release(&sem, 9);
    weft_check(sem.weft_used, ==, 0);
}

WEFT_TEST(one_release_lets_in_as_many_as_fit)
{
    weft_sem_acquire(weft_background(), &sem, 10);
    for (int i = 0; i < 4; i++) {
        weft_go(acquire_and_note, 3, (char)('a' + i));
        weft_test_until_waiting(i + 1, WEFT_WAIT_SEM);
    }
    weft_sem_release(&sem, 10);
    weft_test_until_idle();
    weft_check(noted, ==, 3);
    weft_sem_release(&sem, 3);
    weft_test_until_idle();
    weft_check(noted, ==, 4);
    weft_check(sem.weft_used, ==, 9);
}

/* ---- contexts ------------------------------------------------------------------------ */

static void acquire_ctx(weft_ctx *ctx, int n, _Atomic int *got)
{
    *got = weft_sem_acquire(ctx, &sem, n);
}

WEFT_TEST(an_ended_context_takes_nothing)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_cancel(ctx);
    weft_check(weft_sem_acquire(ctx, &sem, 1), ==, -ECANCELED);
    weft_check(sem.weft_used, ==, 0);
}

WEFT_TEST(a_deadline_ends_the_wait)
{
    weft_sem_acquire(weft_background(), &sem, 10);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), 5 * WEFT_MILLISECOND);
    weft_check(weft_sem_acquire(ctx, &sem, 1), ==, -ETIMEDOUT);
    weft_check(sem.weft_used == 10 && sem.weft_first == NULL);
}

WEFT_TEST(who_leaves_the_head_lets_the_next_in)
{
    static _Atomic int much = 1, little = 1;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_sem_acquire(weft_background(), &sem, 5);
    weft_go(acquire_ctx, ctx, 8, &much);
    weft_test_until_waiting(1, WEFT_WAIT_SEM);
    weft_go(acquire_ctx, weft_background(), 2, &little);
    weft_test_until_waiting(2, WEFT_WAIT_SEM);
    weft_ctx_cancel(ctx);
    weft_test_until_idle();
    weft_check(much, ==, -ECANCELED);
    weft_check(little, ==, 0);
    weft_check(sem.weft_used, ==, 7);
}

WEFT_TEST(too_much_waits_for_its_context_and_stops_nobody)
{
    static _Atomic int got = 1;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_go(acquire_ctx, ctx, 11, &got);
    weft_test_until_waiting(1, WEFT_WAIT_SEM);
    weft_check(weft_sem_acquire(weft_background(), &sem, 10), ==, 0);
    weft_sem_release(&sem, 10);
    weft_ctx_cancel(ctx);
    weft_test_until_idle();
    weft_check(got, ==, -ECANCELED);
}

/* ---- storm ---------------------------------------------------------------------------- */

static _Atomic long inside, granted, refused;

static void hammer(int id, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        uint64_t r = weft_rand();
        int n = (int)(r % 10) + 1;
        weft_auto(weft_ctx, ctx) =
            r & 1 << 8 ? weft_ctx_with_cancel(weft_background())
                       : weft_ctx_with_timeout(weft_background(), (int64_t)(r >> 32 & 0x7fff));
        if (weft_sem_acquire(ctx, &sem, n) != 0) {
            refused++;
            continue;
        }
        inside += n;
        weft_check(inside <= 10);
        if (i % 3 == 0)
            weft_yield();
        inside -= n;
        weft_sem_release(&sem, n);
        granted++;
    }
    (void)id;
}

static void *hammer_on_thread(void *arg)
{
    hammer(0, 500);
    return arg;
}

WEFT_TEST(storm_with_contexts_that_end)
{
    pthread_t thread[2];
    weft_wg wg = {0};
    for (int i = 0; i < 16; i++)
        weft_wg_go(&wg, hammer, i, 3000);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, hammer_on_thread, NULL);
    weft_wg_wait(&wg);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    weft_check(granted + refused, ==, 16 * 3000 + 2 * 500);
    weft_check(granted > 0 && refused > 0);
    weft_check(sem.weft_used, ==, 0);
    weft_check(sem.weft_first == NULL && sem.weft_last == NULL);
}

/* ---- misuse ------------------------------------------------------------------------------ */

static void release(weft_sem *s, int n) { weft_sem_release(s, n); }
static void acquire(weft_ctx *ctx, weft_sem *s, int n) { (void)weft_sem_acquire(ctx, s, n); }
static void try_acquire(weft_sem *s, int n) { (void)weft_sem_try_acquire(s, n); }

WEFT_TEST(misuse_panics)
{
    weft_ctx *bg = weft_background();
    weft_sem_acquire(bg, &sem, 2);
    weft_check(panics_with(weft_try(release, &sem, 3), "released beyond its size"));
    weft_check(panics_with(weft_try(release, &sem, -1), "negative"));
    weft_check(panics_with(weft_try(acquire, bg, &sem, -1), "negative"));
    weft_check(panics_with(weft_try(try_acquire, &sem, -1), "negative"));
    weft_check(panics_with(weft_try(acquire, NULL, &sem, 1), "NULL context"));
    weft_sem copy = sem;
    weft_check(panics_with(weft_try(acquire, bg, &copy, 1), "semaphore was copied"));
    weft_check(panics_with(weft_try(release, &copy, 1), "semaphore was copied"));
    weft_check(sem.weft_used, ==, 2);
}
