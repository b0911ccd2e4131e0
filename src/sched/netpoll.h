/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that goroutines wait for; see netpoll.c.
 */
#ifndef WEFT_SRC_NETPOLL_H
#define WEFT_SRC_NETPOLL_H

#include "platform/poll.h"
#include "sched/park.h"
#include "sched/sched.h"

/*
 * What the runtime knows of a descriptor number.  Number and generation make a
 * life: weft_fd_close() ends it, and so does the birth of another descriptor
 * with that number by a call of weft's.
 */
struct fd_state {
    struct lock lock; /* guards: all fields */
    uint32_t generation;
    bool known; /* in the set, unless it was closed behind our back */
    struct waitq waiters;
};

struct fd_waiter {
    struct waiter w;
    uint32_t want; /* poll(2)'s events */
    uint32_t got;  /* left by the waker; 0: the descriptor was closed */
};

/* weft__fd_state - the state of @fd, set up at need; NULL and *err when that fails. */
struct fd_state *weft__fd_state(int fd, int *err);
/* weft__fd_number - its descriptor. */
int weft__fd_number(const struct fd_state *d);
/* weft__fd_generation - which life of @fd this is, to be asked before it is first tried. */
uint32_t weft__fd_generation(int fd);

/*
 * A wait, with d->lock held, which a park then releases:
 *
 *     int err = weft__fd_await(d, &w);       // queued, and armed
 *     if (err == 0) { park; weft__fd_awaited(); }
 *
 * -EPERM: this kind is always ready.
 */
int weft__fd_await(struct fd_state *d, struct fd_waiter *w);
void weft__fd_awaited(void);

/* weft__fd_new - a call of weft's made @fd. */
void weft__fd_new(int fd);
/* weft__fd_end - it is about to be closed: whoever waits finds out. */
void weft__fd_end(int fd);

/* ---- for the scheduler ------------------------------------------------------ */

/* While all Ps are busy: how long events may stay unseen. */
#define POLL_EVERY_NS ((int64_t)100 * 1000)

/* weft__netpoll - the goroutines whose descriptors are ready, linked, to be
 * made ready by the caller.  Waits for the first as weft__poll_wait() does. */
struct g *weft__netpoll(int64_t timeout_ns);
/* weft__netpoll_cover - see to it that some thread polls (work.c). */
void weft__netpoll_cover(void);
/* weft__netpoll_stop - the runtime ends. */
void weft__netpoll_stop(void);
/* weft__netpoll_forked - this is the child of a fork: the set is the parent's. */
void weft__netpoll_forked(void);

static inline bool weft__netpoll_waited(void) { return load_relaxed(&sched.io_waits) > 0; }

/* weft__netpoll_due - it was not looked for too long, with everybody busy. */
static inline bool weft__netpoll_due(int64_t now, int64_t after)
{
    return unlikely(weft__netpoll_waited()) && now - load_relaxed(&sched.polled_at) > after;
}

#endif /* WEFT_SRC_NETPOLL_H */
