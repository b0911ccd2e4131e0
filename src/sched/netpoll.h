/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that goroutines wait for; see netpoll.c.
 */
#ifndef WEFT_SRC_NETPOLL_H
#define WEFT_SRC_NETPOLL_H

#include "platform/poll.h"
#include "sched/park.h"
#include "sched/runq.h"
#include "sched/sched.h"

/*
 * What the runtime knows of a descriptor number.  Number and generation make a
 * life: weft_fd_close() ends it, and so does the birth of another descriptor
 * with that number by a call of weft's.
 *
 * A descriptor that weft made is owned: it is watched from its first wait to its
 * end, and what was reported is remembered in `ready` until a try uses it up.
 * Others are armed for each wait.
 */
struct fd_state {
    struct lock lock; /* guards: all but ready */
    uint32_t generation;
    uint32_t ready; /* owned: poll(2)'s events, and FD_STICKY; atomic [fd.ready] */
    bool known;     /* in the set, unless it was closed behind our back */
    bool owned;
    bool stream; /* owned TCP: a read that came short has taken all there was */
    bool listed; /* on the list of waits to be looked after */
    struct waitq waiters;
    uint32_t waits, seen_waits; /* how many there were; and when the monitor last looked */
    struct fd_state *next_listed;
} __attribute__((aligned(CACHE_LINE)));

/* The end of the input, an error, or urgent data was reported: a read is worth a
 * try from now on, whatever came before. */
#define FD_STICKY ((uint32_t)1 << 31)

/* What is reported to everybody. */
#define FD_BROKEN ((uint32_t)(POLLERR | POLLHUP))

struct fd_waiter {
    struct waiter w;
    uint32_t want; /* poll(2)'s events */
    uint32_t got;  /* left by the waker; 0: the descriptor was closed */
};

/* weft__fd_state - the state of @fd, set up at need; NULL and *err when that fails. */
struct fd_state *weft__fd_state(int fd, int *err);
/* weft__fd_number - its descriptor. */
int weft__fd_number(const struct fd_state *d);
/* weft__fd_life - which life of @fd this is, to be asked before it is first
 * tried; *owned: its state, or NULL. */
uint32_t weft__fd_life(int fd, struct fd_state **owned);

/*
 * A wait, with d->lock held, which a park then releases:
 *
 *     int err = weft__fd_await(d, &w);       // queued, and watched
 *     if (err == 0) { park; weft__fd_awaited(); }
 *
 * -EPERM: this kind is always ready.  -EAGAIN: something was reported since the
 * caller cleared it in d->ready, so it tries again.
 */
int weft__fd_await(struct fd_state *d, struct fd_waiter *w);
void weft__fd_awaited(void);

/* weft__fd_share - there is something for those who wait for one of @events. */
void weft__fd_share(struct fd_state *d, uint32_t events);

/* fd_clear - before a try of an owned descriptor: what is reported from now on is news. */
static inline void fd_clear(struct fd_state *d, uint32_t events)
{
    __atomic_fetch_and(&d->ready, ~(events | FD_BROKEN), __ATOMIC_SEQ_CST);
}

/* fd_restore - after a try that left something, or may have. */
static inline void fd_restore(struct fd_state *d, uint32_t events)
{
    __atomic_fetch_or(&d->ready, events, __ATOMIC_SEQ_CST); /* [fd.ready] */
    if (unlikely(load_seq(&d->waiters.first) != NULL))
        weft__fd_share(d, events);
}

/* weft__fd_new - a call of weft's made @fd.  weft__fd_own - and it is a
 * non-blocking socket. */
void weft__fd_new(int fd);
void weft__fd_own(int fd, bool stream);
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
/* weft__netpoll_look_after - the monitor's part; true when it must look again. */
bool weft__netpoll_look_after(void);
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

/* weft__netpoll_wanted - by @p, which has work but perhaps not much of it: what is
 * ready waits as well in the kernel as in a long queue. */
static inline bool weft__netpoll_wanted(struct p *p, int64_t now)
{
    return weft__netpoll_due(now, POLL_EVERY_NS) && runq_length(&p->runq) < RUNQ_SIZE / 4;
}

#endif /* WEFT_SRC_NETPOLL_H */
