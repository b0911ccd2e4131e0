/* SPDX-License-Identifier: MIT */
/* The states of the mutex and the wait group that their users cannot see. */
#include "weft/sync.h"

#include "weft/context.h"
#include "weft/go.h"
#include "weft/test.h"
#include "weft/time.h"

static weft_mutex mu;

WEFT_TEST(an_unlocked_mutex_keeps_no_state)
{
    weft_mutex_lock(&mu);
    weft_check(mu.weft_state != 0);
    weft_check(mu.weft_owner, ==, (uint32_t)weft_goroutine_id());
    weft_mutex_unlock(&mu);
    weft_check(mu.weft_state, ==, 0);
    weft_check(mu.weft_waiting, ==, 0);
    weft_check(mu.weft_owner, ==, 0);
}

static void lock_and_unlock(int n)
{
    for (int i = 0; i < n; i++) {
        weft_mutex_lock(&mu);
        if (i % 8 == 0)
            weft_yield();
        weft_mutex_unlock(&mu);
    }
}

WEFT_TEST(after_a_fight_it_is_as_before)
{
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, lock_and_unlock, 1000);
    weft_wg_wait(&wg);
    weft_check(mu.weft_state, ==, 0);
    lock_and_unlock(1);
    weft_check(mu.weft_waiting, ==, 0);
}

static void take(weft_mutex *m, _Atomic int *done)
{
    weft_mutex_lock(m);
    *done = 1;
    weft_mutex_unlock(m);
}

/* Many mutexes share a bucket of the table of waiters: each wakes its own. */
WEFT_TEST(mutexes_of_one_bucket_do_not_mix)
{
    enum { N = 1024 };
    static weft_mutex many[N];
    static _Atomic int done[N];
    for (int i = 0; i < N; i++)
        weft_mutex_lock(&many[i]);
    weft_wg wg = {0};
    for (int i = 0; i < N; i++)
        weft_wg_go(&wg, take, &many[i], &done[i]);
    weft_test_until_waiting(N, WEFT_WAIT_MUTEX);
    for (int i = N - 1; i >= 0; i--) {
        weft_check(done[i], ==, 0);
        weft_mutex_unlock(&many[i]);
        while (!done[i])
            weft_yield();
        weft_check(i == 0 || done[i - 1] == 0);
    }
    weft_wg_wait(&wg);
}

static _Atomic int turn;
static void take_turn(int i)
{
    weft_mutex_lock(&mu);
    weft_check(turn == i);
    turn++;
    weft_mutex_unlock(&mu);
}

/* Those who have waited for more than a millisecond get it in the order of their coming. */
WEFT_TEST(starving_waiters_are_served_in_turn)
{
    weft_mutex_lock(&mu);
    for (int i = 0; i < 20; i++) {
        weft_go(take_turn, i);
        weft_test_until_waiting(i + 1, WEFT_WAIT_MUTEX);
    }
    (void)weft_sleep(weft_background(), 3 * WEFT_MILLISECOND);
    weft_mutex_unlock(&mu);
    weft_test_until_idle();
    weft_check(turn, ==, 20);
}

/* ---- wait groups ---------------------------------------------------------------------------- */

static void wait_and_count(weft_wg *wg, _Atomic int *n)
{
    weft_wg_wait(wg);
    (*n)++;
}

WEFT_TEST(the_word_of_a_wait_group_counts_both)
{
    weft_wg wg = {0};
    _Atomic int n = 0;
    weft_wg_add(&wg, 5);
    weft_check(wg.weft_state >> 32, ==, 5);
    for (int i = 0; i < 3; i++)
        weft_go(wait_and_count, &wg, &n);
    weft_test_until_waiting(3, WEFT_WAIT_WG);
    weft_check(wg.weft_state & UINT32_MAX, ==, 3);
    weft_wg_add(&wg, -5);
    weft_check(wg.weft_state >> 32, ==, 0);
    weft_check(wg.weft_list == NULL);
    weft_test_until_idle();
    weft_check(wg.weft_state, ==, 0); /* when all are back */
    weft_check(n, ==, 3);
}
