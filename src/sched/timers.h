/* SPDX-License-Identifier: MIT */
/*
 * Timer heaps: one per processor, each a 4-ary heap under its own lock.
 *
 * The heaps are passive: due timers are handed to weft__timers_run(), which
 * whoever looks for work calls, for all processors' heaps.  The earliest
 * deadline of each heap is published in `next`, so that looking costs a load.
 *
 * A callback runs with the heap's lock held and must be short: it may wake a
 * goroutine by leaving it in due->ready, and ask for a call without the lock by
 * due->late.  When weft__timer_remove() returns false the callback has run or
 * the timer was not armed; when it returns true it never will.
 */
#ifndef WEFT_SRC_TIMERS_H
#define WEFT_SRC_TIMERS_H

#include "base/lock.h"

struct g;
struct timer_heap;

#define TIME_NEVER INT64_MAX

struct timer_due {
    struct g *ready; /* one goroutine to wake */
    bool late;       /* call t->late(t) when no lock is held */
};

struct timer {
    int64_t when; /* ns, monotonic */
    struct timer_heap
        *heap;      /* the heap it is in; NULL when not armed.  Written under that heap's lock */
    uint32_t index; /* its place there */
    /* With the heap's lock held.  To run again, set when and return true. */
    bool (*fire)(struct timer *t, int64_t now, struct timer_due *due);
    void (*late)(struct timer *t);
    struct timer *late_next;
    void *arg;
    uint64_t ticket;
};

struct timer_heap {
    struct lock lock; /* guards: slot, count, capacity, and the timers in it */
    uint32_t count, capacity;
    struct timer_slot {
        int64_t when;
        struct timer *timer;
    } * slot;
    int64_t next; /* earliest deadline or TIME_NEVER; written under the lock, read without */
};

void weft__timers_init(struct timer_heap *h);
void weft__timers_fini(struct timer_heap *h);

/* weft__timer_arm - put @t, not armed now, into the current processor's heap.
 * @urgent: the caller will not park right after. */
void weft__timer_arm(struct timer *t, int64_t when, bool urgent);
/* weft__timer_remove - true when it was armed: then it never fires. */
bool weft__timer_remove(struct timer *t);

/* weft__timer_move - when @t is armed, set it to @when where it is, as remove and arm would, and
 * return true; it has not fired since it was armed. */
bool weft__timer_move(struct timer *t, int64_t when);

/* Insertion for the scheduler: true when @t became the earliest of @h. */
bool weft__timers_insert(struct timer_heap *h, struct timer *t);

/* weft__deadline - now + d, without overflow. */
int64_t weft__deadline(int64_t d);

#endif /* WEFT_SRC_TIMERS_H */
