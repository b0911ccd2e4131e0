/* SPDX-License-Identifier: MIT */
/*
 * Parking and waking: all that channels, locks and contexts need to know of the
 * scheduler.
 *
 * A goroutine that must wait puts a struct waiter on its own stack into the
 * list of what it waits for, under that thing's lock, and parks.  The lock is
 * released only when its stack is no longer in use, so that a waker that finds
 * the waiter may make it run at once.
 *
 * Waiting for one thing: whoever takes the waiter off the list, under the lock,
 * is the only one who may wake it.  Waiting for several (select, a deadline, a
 * context): every waiter carries the ticket of this wait, and whoever turns
 * the ticket from open to taken wakes the goroutine; the others find it taken
 * and leave the goroutine alone.  Tickets grow, so a latecomer cannot mistake
 * the goroutine's next wait for the one it knew.
 */
#ifndef WEFT_SRC_PARK_H
#define WEFT_SRC_PARK_H

#include "base/lock.h"
#include "sched/g.h"

struct waiter {
    struct waiter *next, *prev;
    struct g *g;
    uint64_t ticket; /* 0: waits for this one thing only */
    void *value;     /* where to copy from or to */
    void *object;    /* what it waits for */
    int index;       /* which case of a select */
    bool ok;         /* left by the waker: a value was passed */
};

struct waitq {
    struct waiter *first, *last;
};

/* weft__current - the calling goroutine's record, or the calling thread's. */
struct g *weft__current(void);

/*
 * weft__park - wait until weft__ready(); releases @unlock once the stack is
 * free to be used by the waker.  @pc is the user's call, for reports.
 */
void weft__park(enum wait_reason reason, void *object, uintptr_t pc, struct lock *unlock);

/* weft__park_commit - the same with a function in place of the lock; it runs on
 * another stack and must not park. */
void weft__park_commit(enum wait_reason reason, void *object, uintptr_t pc, void (*commit)(void *),
                       void *arg);

/* weft__ready - make a parked goroutine runnable; it will run soon, here or elsewhere. */
void weft__ready(struct g *g);

/* weft__ready_soon - the same by a caller that goes on running and may hold up
 * its own P: an idle P takes the goroutine if there is one. */
void weft__ready_soon(struct g *g);

/* weft__nothing_else - has the caller's P no other goroutine to run now?  A guess. */
bool weft__nothing_else(void);

/* weft__ready_all - the same for a list linked by g->link; in its order. */
void weft__ready_all(struct g *list);

/* weft__ticket_open - begin a wait for several things. */
static inline uint64_t weft__ticket_open(struct g *g)
{
    uint64_t ticket = (load_relaxed(&g->wait_ticket) | 1) + 1;
    /* Relaxed: it is published with the waiters, by the locks of their lists. */
    store_relaxed(&g->wait_ticket, ticket);
    return ticket;
}

/* weft__ticket_take - true for exactly one caller: that one wakes @g, or, when
 * it is @g itself, does not park. */
static inline bool weft__ticket_take(struct g *g, uint64_t ticket)
{
    return cas_seq(&g->wait_ticket, &ticket, ticket | 1);
}

/* weft__waiter_take - may the caller, who took @w off its list, wake it? */
static inline bool weft__waiter_take(struct waiter *w)
{
    return w->ticket == 0 || weft__ticket_take(w->g, w->ticket);
}

static inline void waitq_push(struct waitq *q, struct waiter *w)
{
    w->next = NULL;
    w->prev = q->last;
    if (q->last)
        q->last->next = w;
    else
        q->first = w;
    q->last = w;
}

static inline void waitq_push_front(struct waitq *q, struct waiter *w)
{
    w->prev = NULL;
    w->next = q->first;
    if (q->first)
        q->first->prev = w;
    else
        q->last = w;
    q->first = w;
}

static inline void waitq_remove(struct waitq *q, struct waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else if (q->first == w)
        q->first = w->next;
    else
        return; /* not on the list: it was taken */
    if (w->next)
        w->next->prev = w->prev;
    else
        q->last = w->prev;
    w->next = w->prev = NULL;
}

/* waitq_take - the first waiter that the caller may wake, off the list; NULL if none. */
static inline struct waiter *waitq_take(struct waitq *q)
{
    for (struct waiter *w = q->first; w; w = q->first) {
        q->first = w->next;
        if (q->first)
            q->first->prev = NULL;
        else
            q->last = NULL;
        w->next = w->prev = NULL;
        if (weft__waiter_take(w))
            return w;
    }
    return NULL;
}

#endif /* WEFT_SRC_PARK_H */
