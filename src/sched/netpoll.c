/* SPDX-License-Identifier: MIT */
/*
 * The netpoller: which goroutine waits for which descriptor.
 *
 * A table indexed by descriptor number holds who waits.  A wait queues itself
 * and arms the descriptor (platform/poll.h) under the entry's lock; whoever
 * polls takes the waiters off and makes them ready.  Arming looks at the
 * descriptor anew, so what became ready between a call's EAGAIN and the wait is
 * reported at once.
 *
 * Who polls.  No thread of its own: an M that finds its queues empty asks
 * without waiting, and so does the one that searches, in its loop, so that a
 * busy program wakes no thread for an event.  Of the idle Ms one, the poller,
 * sleeps in the poll in place of its futex (work.c, m_sleep).  While all Ps are
 * busy each looks at times (POLL_EVERY_NS), and the monitor when even that does
 * not happen.
 *
 * Descriptors belong to the program.  It, or a library, may close one with
 * close(2) and get the number back for another file; the kernel then has no
 * registration, the next wait finds that out and makes one.  Events carry the
 * generation, so that a late one, of a file that a duplicate keeps open,
 * reaches nobody.  What cannot be noticed is close(2) while a goroutine waits:
 * it waits on, as a thread in poll(2) would.  weft_fd_close() wakes it.
 *
 * Sockets that weft made are watched all the time, edge by edge, which saves the
 * system call for each wait, and for most reads the one that finds nothing.
 * That, too, is a guess, since close(2) may take them as well: so a wait that
 * lasts longer than two looks of the monitor is armed anew, and a mistake costs
 * some milliseconds instead of for ever.
 *
 * sched.io_waits counts from before the parking until the goroutine runs again,
 * so that one on its way from the poll to a queue is not taken for nothing.
 */
#define _GNU_SOURCE
#include "sched/netpoll.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/bytes.h"
#include "platform/platform.h"

enum { BATCH = 128, FD_MAX = 1 << 24 };

static struct {
    struct lock lock; /* guards the making */
    struct fd_state *table;
    size_t count;
    bool up;                 /* acquire/release [netpoll.up] */
    struct fd_state *listed; /* waits of owned descriptors to be looked after; a stack */
} np;

static size_t table_size(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > FD_MAX)
        return FD_MAX;
    return limit.rlim_max < 1024 ? 1024 : (size_t)limit.rlim_max;
}

static noinline int set_up(void)
{
    int err = 0;
    weft__lock(&np.lock);
    if (!np.up) {
        err = weft__poll_open();
        np.count = table_size();
        if (err == 0) {
            np.table = weft__mem_map(np.count * sizeof *np.table, "weft descriptors");
            if (!np.table) {
                weft__poll_close();
                err = -ENOMEM;
            }
        }
        if (err == 0)
            store_release(&np.up, true);
    }
    weft__unlock(&np.lock);
    return err;
}

static inline struct fd_state *state_of(int fd)
{
    if (!load_acquire(&np.up) || fd < 0 || (size_t)fd >= np.count)
        return NULL;
    return &np.table[fd];
}

struct fd_state *weft__fd_state(int fd, int *err)
{
    struct fd_state *d = state_of(fd);
    if (likely(d != NULL))
        return d;
    *err = fd < 0 ? -EBADF : set_up();
    if (*err == 0 && !(d = state_of(fd)))
        *err = -EMFILE; /* the limit was raised since, by root */
    return d;
}

int weft__fd_number(const struct fd_state *d) { return (int)(d - np.table); }

uint32_t weft__fd_life(int fd, struct fd_state **owned)
{
    struct fd_state *d = state_of(fd);
    *owned = d && d->owned ? d : NULL;
    return d ? load_relaxed(&d->generation) : 0;
}

/* ---- waiting ----------------------------------------------------------------------- */

static uint64_t key_of(const struct fd_state *d)
{
    return (uint64_t)d->generation << 32 | (uint32_t)weft__fd_number(d);
}

/* Called with d->lock held. */
static int watch(struct fd_state *d)
{
    int err = weft__poll_watch(weft__fd_number(d), key_of(d), d->known);
    d->known = err == 0;
    return err;
}

/* Called with d->lock held: arms for whoever waits, and for @more. */
static int arm(struct fd_state *d, uint32_t more)
{
    uint32_t events = more;
    for (struct waiter *w = d->waiters.first; w; w = w->next)
        events |= container_of(w, struct fd_waiter, w)->want;
    int err = weft__poll_arm(weft__fd_number(d), key_of(d), events, d->known);
    d->known = err == 0;
    return err;
}

/* Called with d->lock held. */
static void list(struct fd_state *d)
{
    d->waits++;
    if (d->listed)
        return;
    d->listed = true;
    struct fd_state *first = load_relaxed(&np.listed);
    do
        d->next_listed = first;
    /* release [np.listed] */
    while (!__atomic_compare_exchange_n(&np.listed, &first, d, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
}

/* A thread that is no M, or an M that lost its P, does not poll itself: if nobody
 * does, an idle M must. */
static void see_to_a_poller(void)
{
    struct g *g = weft__self();
    if (g && g->m && load_relaxed(&g->m->p))
        return;
    weft__netpoll_cover();
}

/* On the list before it looks: fd_restore() does these in the other order [fd.ready]. */
static int await_owned(struct fd_state *d, struct fd_waiter *w)
{
    int err = d->known ? 0 : watch(d);
    if (err != 0)
        return err;
    waitq_push(&d->waiters, &w->w);
    full_fence();
    if (load_seq(&d->ready) & w->want) {
        waitq_remove(&d->waiters, &w->w);
        return -EAGAIN;
    }
    list(d);
    return 0;
}

static int await_armed(struct fd_state *d, struct fd_waiter *w)
{
    int err = arm(d, w->want);
    if (err == 0)
        waitq_push(&d->waiters, &w->w);
    return err;
}

int weft__fd_await(struct fd_state *d, struct fd_waiter *w)
{
    weft__assert_held(&d->lock);
    add_seq(&sched.io_waits, 1);
    int err = d->owned ? await_owned(d, w) : await_armed(d, w);
    if (err != 0)
        sub_seq(&sched.io_waits, 1);
    else
        see_to_a_poller();
    return err;
}

void weft__fd_awaited(void) { sub_seq(&sched.io_waits, 1); }

/* ---- waking ------------------------------------------------------------------------- */

struct ready_list {
    struct g *first, **end;
};

/* Called with d->lock held: wakes those who want one of @events, and leaves @got to them. */
static void take_waiters(struct fd_state *d, uint32_t events, uint32_t got, struct ready_list *out)
{
    for (struct waiter *w = d->waiters.first, *next; w; w = next) {
        next = w->next;
        struct fd_waiter *fw = container_of(w, struct fd_waiter, w);
        if (!(fw->want & events))
            continue;
        waitq_remove(&d->waiters, w);
        if (!weft__waiter_take(w))
            continue; /* its context was first */
        fw->got = got;
        w->g->link = NULL; /* parked, so its link is free */
        *out->end = w->g;
        out->end = &w->g->link;
    }
}

static void take_event(const struct poll_event *e, struct ready_list *out)
{
    struct fd_state *d = state_of((int)(uint32_t)e->key);
    if (!d)
        return;
    bool broken = e->events & FD_BROKEN;
    weft__lock(&d->lock);
    if (d->generation == (uint32_t)(e->key >> 32) && d->owned) {
        uint32_t news = e->events;
        if (e->events & (POLLRDHUP | POLLPRI))
            news |= FD_STICKY | POLLIN;
        if (broken)
            news |= FD_STICKY | POLLIN | POLLOUT;
        __atomic_fetch_or(&d->ready, news, __ATOMIC_SEQ_CST);
        take_waiters(d, broken ? ~(uint32_t)0 : news, e->events, out);
    } else if (d->generation == (uint32_t)(e->key >> 32)) {
        take_waiters(d, broken ? ~(uint32_t)0 : e->events, e->events, out);
        /* What was armed was armed for all.  It fails when somebody closed it. */
        if (d->waiters.first && arm(d, 0) != 0)
            take_waiters(d, ~(uint32_t)0, 0, out);
    }
    weft__unlock(&d->lock);
}

struct g *weft__netpoll(int64_t timeout_ns)
{
    struct ready_list list = {0};
    list.end = &list.first;
    if (!load_acquire(&np.up)) /* [netpoll.up] */
        return NULL;
    struct poll_event e[BATCH];
    int n = weft__poll_wait(e, BATCH, timeout_ns);
    store_relaxed(&sched.polled_at, weft__now());
    for (int i = 0; i < n; i++)
        take_event(&e[i], &list);
    return list.first;
}

/* Somebody has left @events behind while others wait for them. */
noinline void weft__fd_share(struct fd_state *d, uint32_t events)
{
    struct ready_list list = {0};
    list.end = &list.first;
    weft__lock(&d->lock);
    take_waiters(d, events & (POLLIN | POLLOUT), events, &list);
    weft__unlock(&d->lock);
    weft__ready_all(list.first);
}

/* ---- looking after owned descriptors ------------------------------------------------------ */

/* Called with d->lock held: true when it stays on the list. */
static bool look_after(struct fd_state *d, struct ready_list *out)
{
    d->listed = false;
    if (!d->waiters.first)
        return false;
    if (d->seen_waits != d->waits) { /* another wait than the last time */
        d->seen_waits = d->waits;
        return true;
    }
    if (watch(d) != 0)
        take_waiters(d, ~(uint32_t)0, 0, out); /* somebody closed it */
    return false;
}

bool weft__netpoll_look_after(void)
{
    if (!load_acquire(&np.up)) /* [netpoll.up] */
        return false;
    struct ready_list out = {0};
    out.end = &out.first;
    bool more = false;
    /* acquire [np.listed] */
    struct fd_state *d = __atomic_exchange_n(&np.listed, NULL, __ATOMIC_ACQUIRE), *next;
    for (; d; d = next) {
        next = d->next_listed;
        weft__lock(&d->lock);
        if (look_after(d, &out)) {
            more = true;
            d->waits--; /* list() counts it */
            list(d);
        }
        weft__unlock(&d->lock);
    }
    weft__ready_all(out.first);
    return more;
}

/* ---- the lives of a descriptor --------------------------------------------------------- */

/* Called with d->lock held. */
static void next_life(struct fd_state *d, struct ready_list *out)
{
    store_relaxed(&d->generation, d->generation + 1);
    d->known = d->owned = d->stream = false;
    take_waiters(d, ~(uint32_t)0, 0, out);
}

static void begin(int fd, bool owned, bool stream)
{
    int err;
    struct fd_state *d = owned ? weft__fd_state(fd, &err) : state_of(fd);
    if (!d)
        return;
    struct ready_list list = {0};
    list.end = &list.first;
    weft__lock(&d->lock);
    next_life(d, &list);
    d->owned = owned;
    d->stream = stream;
    store_relaxed(&d->ready, POLLIN | POLLOUT);
    weft__unlock(&d->lock);
    weft__ready_all(list.first);
}

void weft__fd_new(int fd) { begin(fd, false, false); }

void weft__fd_own(int fd, bool stream) { begin(fd, load_relaxed(&sched.running), stream); }

void weft__fd_end(int fd)
{
    struct fd_state *d = state_of(fd);
    if (!d)
        return;
    struct ready_list list = {0};
    list.end = &list.first;
    weft__lock(&d->lock);
    if (d->known)
        weft__poll_forget(fd);
    next_life(d, &list);
    weft__unlock(&d->lock);
    weft__ready_all(list.first);
}

void weft__netpoll_stop(void)
{
    if (!np.up)
        return;
    weft__poll_close();
    weft__mem_unmap(np.table, np.count * sizeof *np.table);
    bytes_zero(&np, sizeof np);
}

void weft__netpoll_forked(void) { np.up = false; }
