/* SPDX-License-Identifier: MIT */
/*
 * A processor's queue of runnable goroutines: a bounded ring, first in first out.
 *
 * Invariant: head <= tail <= head + RUNQ_SIZE (as counters that wrap); the
 * slots [head, tail) hold runnable goroutines that are in no other queue.
 * Only the owner moves tail.  Owner and thieves move head, by compare and
 * swap: who wins it owns the slots it passed, and has read them before, so a
 * loser's reads are thrown away.
 */
#ifndef WEFT_SRC_RUNQ_H
#define WEFT_SRC_RUNQ_H

#include "sched/sched.h"

static inline uint32_t runq_length(struct runq *q)
{
    return load_relaxed(&q->tail) - load_relaxed(&q->head);
}

/* runq_put - append @g, false when full.  Owner only. */
static inline bool runq_put(struct runq *q, struct g *g)
{
    /* acquire [runq.head]: pairs with the release half of the CAS in
     * runq_take() and runq_steal(); a slot is reused only after its last
     * reader has copied it out. */
    uint32_t head = load_acquire(&q->head);
    uint32_t tail = load_relaxed(&q->tail); /* only we write it */
    if (unlikely(tail - head == RUNQ_SIZE))
        return false;
    store_relaxed(&q->slot[tail % RUNQ_SIZE], g);
    /* release [runq.tail]: pairs with the acquire in runq_steal(); the slot is
     * visible before the index that announces it. */
    store_release(&q->tail, tail + 1);
    return true;
}

/* runq_take - the oldest, NULL when empty.  Owner only. */
static inline struct g *runq_take(struct runq *q)
{
    uint32_t head = load_relaxed(&q->head);
    for (;;) {
        if (load_relaxed(&q->tail) == head)
            return NULL;
        struct g *g = load_relaxed(&q->slot[head % RUNQ_SIZE]);
        /* release [runq.head] */
        if (likely(__atomic_compare_exchange_n(&q->head, &head, head + 1, false, __ATOMIC_ACQ_REL,
                                               __ATOMIC_RELAXED)))
            return g;
    }
}

/*
 * runq_steal - move the older half of @q, at least one, into @to; returns one
 * more, to be run at once, or NULL when @q is empty.  Owner of @to only.
 */
static inline struct g *runq_steal(struct runq *q, struct runq *to)
{
    uint32_t head = load_acquire(&q->head);
    for (;;) {
        /* acquire [runq.tail] */
        uint32_t n = load_acquire(&q->tail) - head;
        if (n == 0)
            return NULL;
        n -= n / 2;
        if (n > RUNQ_SIZE / 2) { /* head and tail were read at different times */
            head = load_acquire(&q->head);
            continue;
        }
        uint32_t tail = load_relaxed(&to->tail);
        struct g *first = load_relaxed(&q->slot[head % RUNQ_SIZE]);
        for (uint32_t i = 1; i < n; i++)
            store_relaxed(&to->slot[(tail + i - 1) % RUNQ_SIZE],
                          load_relaxed(&q->slot[(head + i) % RUNQ_SIZE]));
        /* release [runq.head]: our reads of the slots come before their reuse. */
        if (__atomic_compare_exchange_n(&q->head, &head, head + n, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            /* release [runq.tail] */
            store_release(&to->tail, tail + n - 1);
            return first;
        }
    }
}

/* runq_take_half - take the older half off, linked by link, when the ring is
 * full; *last is the final one.  Owner only. */
static inline uint32_t runq_take_half(struct runq *q, struct g **first, struct g **last)
{
    uint32_t count = 0;
    *first = *last = NULL;
    while (count < RUNQ_SIZE / 2) {
        struct g *g = runq_take(q);
        if (!g)
            break;
        g->link = NULL;
        if (*last)
            (*last)->link = g;
        else
            *first = g;
        *last = g;
        count++;
    }
    return count;
}

#endif /* WEFT_SRC_RUNQ_H */
