/* SPDX-License-Identifier: MIT */
/*
 * 4-ary heaps of timers.  Four children a node: half the levels of a binary
 * heap, and the children share a cache line.  The deadline is kept beside the
 * pointer, so that sifting touches the heap only, except for the index that
 * each moved timer must learn.
 */
#include "sched/timers.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sched/park.h"
#include "sched/sched.h"

enum { FIRST_CAPACITY = 64, ARITY = 4 };

void weft__timers_init(struct timer_heap *h)
{
    bytes_zero(h, sizeof *h);
    h->next = TIME_NEVER;
}

void weft__timers_fini(struct timer_heap *h)
{
    /* Timers may outlive the runtime: they are not armed any more. */
    for (uint32_t i = 0; i < h->count; i++)
        store_release(&h->slot[i].timer->heap, NULL);
    weft__free(h->slot, h->capacity * sizeof *h->slot);
    weft__timers_init(h);
}

int64_t weft__deadline(int64_t d)
{
    int64_t now = weft__now();
    if (d < 0)
        d = 0;
    return d > TIME_NEVER - 1 - now ? TIME_NEVER - 1 : now + d;
}

static void place(struct timer_heap *h, uint32_t i, struct timer_slot s)
{
    h->slot[i] = s;
    s.timer->index = i;
}

static void sift_up(struct timer_heap *h, uint32_t i, struct timer_slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (h->slot[parent].when <= s.when)
            break;
        place(h, i, h->slot[parent]);
        i = parent;
    }
    place(h, i, s);
}

static void sift_down(struct timer_heap *h, uint32_t i, struct timer_slot s)
{
    for (;;) {
        uint32_t first = i * ARITY + 1, best = 0;
        int64_t least = s.when;
        for (uint32_t c = first; c < first + ARITY && c < h->count; c++)
            if (h->slot[c].when < least) {
                least = h->slot[c].when;
                best = c;
            }
        if (best == 0)
            break;
        place(h, i, h->slot[best]);
        i = best;
    }
    place(h, i, s);
}

static void publish(struct timer_heap *h)
{
    store_relaxed(&h->next, h->count > 0 ? h->slot[0].when : TIME_NEVER);
}

static void take_out(struct timer_heap *h, struct timer *t)
{
    uint32_t i = t->index;
    struct timer_slot moved = h->slot[--h->count];
    store_release(&t->heap, NULL); /* [timer.heap] */
    if (moved.timer == t)
        return;
    if (i > 0 && h->slot[(i - 1) / ARITY].when > moved.when)
        sift_up(h, i, moved);
    else
        sift_down(h, i, moved);
}

static void grow(struct timer_heap *h)
{
    uint32_t capacity = h->capacity ? h->capacity * 2 : FIRST_CAPACITY;
    struct timer_slot *slot = weft__alloc(capacity * sizeof *slot);
    if (!slot)
        weft__fatal("out of memory for %u timers", capacity);
    if (h->slot) {
        bytes_copy(slot, h->slot, h->count * sizeof *slot);
        weft__free(h->slot, h->capacity * sizeof *slot);
    }
    h->slot = slot;
    h->capacity = capacity;
}

bool weft__timers_insert(struct timer_heap *h, struct timer *t)
{
    weft__lock(&h->lock);
    if (h->count == h->capacity)
        grow(h);
    store_relaxed(&t->heap, h);
    sift_up(h, h->count++, (struct timer_slot){t->when, t});
    bool earliest = t->index == 0;
    if (earliest)
        publish(h);
    weft__unlock(&h->lock);
    return earliest;
}

bool weft__timer_remove(struct timer *t)
{
    for (;;) {
        /* The heap changes only by firing or by whoever owns the timer, who is
         * our caller; so it either stays what we read or becomes NULL. */
        struct timer_heap *h = load_acquire(&t->heap); /* [timer.heap] */
        if (!h)
            return false; /* fired, or never armed; the callback is over */
        weft__lock(&h->lock);
        bool armed = t->heap == h;
        if (armed) {
            bool first = t->index == 0;
            take_out(h, t);
            if (first)
                publish(h);
        }
        weft__unlock(&h->lock);
        if (armed)
            return true;
    }
}

bool weft__timer_move(struct timer *t, int64_t when)
{
    struct timer_heap *h = load_acquire(&t->heap); /* [timer.heap] */
    if (!h)
        return false;
    weft__lock(&h->lock);
    bool armed = t->heap == h;
    bool earliest = false;
    if (armed) {
        uint32_t i = t->index;
        bool first = i == 0, sooner = when < t->when;
        t->when = when;
        if (sooner)
            sift_up(h, i, (struct timer_slot){when, t});
        else
            sift_down(h, i, (struct timer_slot){when, t});
        earliest = t->index == 0;
        if (first || earliest)
            publish(h);
    }
    weft__unlock(&h->lock);
    if (earliest && when < load_relaxed(&sched.keeper_when) &&
        when < load_relaxed(&sched.monitor_next))
        weft__timers_watch(when);
    return armed;
}

/* What a round of firing leaves to do without locks, in order. */
struct fired {
    struct g *ready, **ready_tail;
    struct timer *late, **late_tail;
};

/* Fires what is due at @now, up to and including what is due at @until. */
static void take_due(struct timer_heap *h, int64_t now, int64_t until, struct fired *out)
{
    weft__lock(&h->lock);
    while (h->count > 0 && h->slot[0].when <= until) {
        struct timer *t = h->slot[0].timer;
        struct timer_due due = {0};
        bool again = t->fire(t, now, &due);
        if (due.late) {
            t->late_next = NULL;
            *out->late_tail = t;
            out->late_tail = &t->late_next;
        }
        if (again)
            sift_down(h, 0, (struct timer_slot){t->when, t});
        else
            take_out(h, t); /* its store to t->heap lets the owner free the timer */
        if (due.ready) {
            due.ready->link = NULL;
            *out->ready_tail = due.ready;
            out->ready_tail = &due.ready->link;
        }
    }
    publish(h);
    weft__unlock(&h->lock);
}

void weft__timer_arm(struct timer *t, int64_t when, bool urgent)
{
    t->when = when;
    struct m *m = weft__enter();
    /* A thread, or a commit on an M that lost its P, has no heap of its own. */
    struct p *p = m ? m->p : NULL;
    struct timer_heap *h = p ? &p->timers : &sched.procs[0]->timers;
    bool earliest = weft__timers_insert(h, t);
    if (earliest && when < load_relaxed(&sched.keeper_when) &&
        when < load_relaxed(&sched.monitor_next)) {
        if (urgent || !p)
            weft__timers_watch(when);
        else
            __atomic_fetch_or(&p->attention, ATTN_TIMERS, __ATOMIC_RELAXED);
    }
    if (m)
        weft__leave(m);
}

int64_t weft__timers_next(void)
{
    int64_t next = TIME_NEVER;
    int n = load_acquire(&sched.proc_max);
    for (int i = 0; i < n; i++) {
        int64_t when = load_relaxed(&sched.procs[i]->timers.next);
        if (when < next)
            next = when;
    }
    return next;
}

bool weft__timers_run(int64_t now)
{
    struct fired fired = {0};
    fired.ready_tail = &fired.ready;
    fired.late_tail = &fired.late;
    /* In the order of their deadlines, also across heaps: the earliest heap as
     * far as the second. */
    for (;;) {
        struct timer_heap *earliest = NULL;
        int64_t first = TIME_NEVER, second = now;
        int n = load_acquire(&sched.proc_max);
        for (int i = 0; i < n; i++) {
            struct timer_heap *h = &sched.procs[i]->timers;
            int64_t next = load_relaxed(&h->next);
            if (next < first) {
                if (first < second)
                    second = first;
                first = next;
                earliest = h;
            } else if (next < second) {
                second = next;
            }
        }
        if (!earliest || first > now)
            break;
        take_due(earliest, now, second, &fired);
    }
    bool any = fired.ready || fired.late;
    weft__ready_all(fired.ready);
    for (struct timer *t = fired.late; t;) {
        struct timer *next = t->late_next;
        t->late(t);
        t = next;
    }
    return any;
}
