/* SPDX-License-Identifier: MIT */
#include "sched/runq.h"

#include <pthread.h>
#include <string.h>

#include "weft/test.h"

/* Records that are nobody's: queues only carry their addresses. */
static struct g record[100000];

static struct runq queue __attribute__((aligned(CACHE_LINE)));

static struct runq *queue_at(uint32_t start)
{
    memset(&queue, 0, sizeof queue);
    queue.head = queue.tail = start;
    return &queue;
}

WEFT_TEST(first_in_first_out_also_around_the_wrap)
{
    static const uint32_t starts[] = {0, 100, RUNQ_SIZE - 1, UINT32_MAX - 100, UINT32_MAX};
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        struct runq *q = queue_at(starts[s]);
        int put = 0, taken = 0;
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 7; i++)
                weft_check(runq_put(q, &record[put++]));
            for (int i = 0; i < 6; i++)
                weft_check(runq_take(q) == &record[taken++]);
            weft_check(runq_length(q), ==, put - taken);
        }
        while (taken < put)
            weft_check(runq_take(q) == &record[taken++]);
        weft_check(runq_take(q) == NULL);
    }
}

WEFT_TEST(a_full_queue_takes_no_more)
{
    struct runq *q = queue_at(UINT32_MAX - 10);
    for (int i = 0; i < RUNQ_SIZE; i++)
        weft_check(runq_put(q, &record[i]));
    weft_check(!runq_put(q, &record[RUNQ_SIZE]));
    weft_check(runq_take(q) == &record[0]);
    weft_check(runq_put(q, &record[RUNQ_SIZE]));
    struct g *first, *last;
    uint32_t n = runq_take_half(q, &first, &last);
    weft_check(n, ==, RUNQ_SIZE / 2);
    struct g *g = first;
    for (int i = 1; i <= RUNQ_SIZE / 2; i++, g = g->link)
        weft_check(g == &record[i]);
    weft_check(g == NULL);
    weft_check(last == &record[RUNQ_SIZE / 2]);
}

WEFT_TEST(a_thief_takes_the_older_half)
{
    static struct runq own __attribute__((aligned(CACHE_LINE)));
    for (int n = 0; n <= RUNQ_SIZE; n++) {
        struct runq *q = queue_at((uint32_t)n * 77);
        memset(&own, 0, sizeof own);
        for (int i = 0; i < n; i++)
            runq_put(q, &record[i]);
        struct g *first = runq_steal(q, &own);
        int half = n - n / 2;
        weft_check(first == (n ? &record[0] : NULL));
        weft_check(runq_length(&own), ==, n ? half - 1 : 0);
        for (int i = 1; i < half; i++)
            weft_check(runq_take(&own) == &record[i]);
        for (int i = half; i < n; i++)
            weft_check(runq_take(q) == &record[i]);
    }
}

/* One owner and three thieves: every record comes out once, whoever gets it. */
static struct runq shared __attribute__((aligned(CACHE_LINE)));
static uint32_t over, seen[sizeof record / sizeof *record];

static void note(struct g *g) { add_relaxed(&seen[g - record], 1); }

static void *thief(void *arg)
{
    struct runq *own = arg;
    for (;;) {
        bool last = load_acquire(&over);
        struct g *g = runq_steal(&shared, own);
        if (g)
            note(g);
        else if (last)
            return NULL;
        while ((g = runq_take(own)))
            note(g);
    }
}

WEFT_TEST(nothing_is_lost_or_doubled_between_thieves)
{
    static struct runq own[3] __attribute__((aligned(CACHE_LINE)));
    const int n = sizeof record / sizeof *record;
    pthread_t t[3];
    for (int i = 0; i < 3; i++)
        weft_check(pthread_create(&t[i], NULL, thief, &own[i]) == 0);
    for (int i = 0; i < n;) {
        for (int k = 0; k < 1 + i % 50 && i < n; k++)
            if (runq_put(&shared, &record[i]))
                i++;
        struct g *g = runq_take(&shared);
        if (g)
            note(g);
    }
    store_release(&over, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    weft_check(runq_take(&shared) == NULL);
    for (int i = 0; i < n; i++)
        if (seen[i] != 1)
            weft_fail("record %d came out %u times", i, seen[i]);
}
