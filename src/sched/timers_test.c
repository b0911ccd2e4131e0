/* SPDX-License-Identifier: MIT */
#include "sched/timers.h"

#include "base/rand.h"
#include "sched/sched.h"
#include "weft/context.h"
#include "weft/go.h"
#include "weft/test.h"
#include "weft/time.h"

enum { N = 5000 };

static struct timer timer[N];
static struct timer_heap heap;
static bool in_heap[N];

/* What holds at any time: parents before children, indices right, the earliest published. */
static void check_heap(uint32_t count)
{
    weft_check(heap.count, ==, count);
    for (uint32_t i = 0; i < heap.count; i++) {
        struct timer_slot s = heap.slot[i];
        weft_check(s.timer->index == i && s.timer->heap == &heap && s.timer->when == s.when);
        if (i > 0)
            weft_check(heap.slot[(i - 1) / 4].when <= s.when);
    }
    weft_check(heap.next == (heap.count ? heap.slot[0].when : TIME_NEVER));
}

static void insert(int i, int64_t when)
{
    timer[i].when = when;
    bool earliest = weft__timers_insert(&heap, &timer[i]);
    weft_check(earliest == (heap.slot[0].timer == &timer[i]));
    in_heap[i] = true;
}

WEFT_TEST(the_heap_keeps_its_order)
{
    uint64_t random = 99;
    uint32_t count = 0;
    weft__timers_init(&heap);
    check_heap(0);
    for (int round = 0; round < 30000; round++) {
        int i = (int)rand_below(&random, N);
        if (in_heap[i]) {
            weft_check(weft__timer_remove(&timer[i]));
            weft_check(!weft__timer_remove(&timer[i]));
            in_heap[i] = false;
            count--;
        } else {
            /* Many equal deadlines among them. */
            insert(i, rand_below(&random, round % 2 ? 10 : 1000000));
            count++;
        }
        if (round % 997 == 0)
            check_heap(count);
    }
    check_heap(count);
    weft__timers_fini(&heap);
    for (int i = 0; i < N; i++)
        weft_check(timer[i].heap == NULL);
}

WEFT_TEST(the_earliest_comes_first)
{
    uint64_t random = 5;
    weft__timers_init(&heap);
    for (int i = 0; i < N; i++)
        insert(i, (int64_t)(rand_next(&random) >> 2));
    int64_t before = -1;
    for (int i = 0; i < N; i++) {
        struct timer *t = heap.slot[0].timer;
        weft_check(t->when >= before);
        before = t->when;
        weft_check(weft__timer_remove(t));
    }
    check_heap(0);
    weft__timers_fini(&heap);
}

WEFT_TEST(a_timer_moves_within_its_heap)
{
    uint64_t random = 7;
    weft__timers_init(&heap);
    weft_check(!weft__timer_move(&timer[0], 5)); /* it is in none */
    for (int i = 0; i < N; i++)
        insert(i, rand_below(&random, 1000000));
    for (int round = 0; round < 30000; round++) {
        /* To and fro, the first and the last too, and to deadlines that others have. */
        struct timer *t = round % 3 ? &timer[rand_below(&random, N)] : heap.slot[0].timer;
        weft_check(weft__timer_move(t, rand_below(&random, round % 2 ? 10 : 2000000)));
        if (round % 997 == 0)
            check_heap(N);
    }
    check_heap(N);
    weft__timers_fini(&heap);
}

/* ---- firing, on the running scheduler --------------------------------------------------- */

static uint32_t fired;
static int64_t last_when;

static bool fire_once(struct timer *t, int64_t now, struct timer_due *due)
{
    (void)due;
    weft_check(now >= t->when);
    add_relaxed(&fired, 1);
    return false;
}

WEFT_TEST(armed_timers_fire_and_removed_ones_do_not)
{
    int removed = 0;
    for (int i = 0; i < N; i++) {
        timer[i] = (struct timer){.fire = fire_once};
        weft__timer_arm(&timer[i], weft__deadline(i % 50 * 100 * WEFT_MICROSECOND), true);
    }
    for (int i = 0; i < N; i += 3)
        removed += weft__timer_remove(&timer[i]);
    while (load_relaxed(&fired) + (uint32_t)removed < N)
        weft_yield();
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    weft_check(load_relaxed(&fired) + (uint32_t)removed, ==, N);
    for (int i = 0; i < N; i++)
        weft_check(!weft__timer_remove(&timer[i]));
}

static bool fire_again(struct timer *t, int64_t now, struct timer_due *due)
{
    (void)now, (void)due;
    weft_check(t->when > last_when);
    last_when = t->when;
    t->when += 50 * WEFT_MICROSECOND;
    return add_relaxed(&fired, 1) + 1 < 100;
}

WEFT_TEST(a_timer_may_fire_again)
{
    struct timer t = {.fire = fire_again};
    weft__timer_arm(&t, weft__deadline(0), true);
    while (load_relaxed(&fired) < 100)
        weft_yield();
    weft_check(!weft__timer_remove(&t));
    weft_check(load_relaxed(&fired), ==, 100);
}

WEFT_TEST(deadlines_do_not_overflow)
{
    weft_check(weft__deadline(INT64_MAX) == TIME_NEVER - 1);
    weft_check(weft__deadline(INT64_MAX / 2) > INT64_MAX / 2);
    int64_t now = weft__deadline(0);
    weft_check(weft__deadline(-5) - now < WEFT_SECOND);
}
