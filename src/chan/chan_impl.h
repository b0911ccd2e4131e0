/* SPDX-License-Identifier: MIT */
/*
 * A channel's header, for the files of this folder and for timers.
 *
 * Always true, under the lock:
 *   count <= cap; the buffer holds `count` values from `head` on
 *   recvq is not empty  =>  count == 0 and nobody waits in sendq, unless both
 *                           are the same goroutine's select
 *   sendq is not empty  =>  count == cap
 *   closed              =>  both queues are empty
 *
 * Headers come from a pool of their own and stay headers for ever, so that a
 * stale handle can be recognised: a handle is the header's address with the
 * header's generation in its upper 16 bits, and dropping the last reference
 * moves the generation on.  The generation is compared under the lock.
 *
 * Nothing of a channel is touched after its lock was released: by then the
 * other side may have dropped the last reference.
 */
#ifndef WEFT_SRC_CHAN_IMPL_H
#define WEFT_SRC_CHAN_IMPL_H

#include "sched/park.h"
#include "weft/chan.h"

enum chan_kind { CHAN_PLAIN, CHAN_TIMER };

struct chan {
    struct lock lock; /* guards: all but refs */
    uint16_t generation;
    uint16_t closed; /* beside generation: one comparison checks both, see healthy() */
    uint32_t elem;   /* bytes of a value */
    uint32_t kind;
    size_t cap, count;
    size_t head, tail; /* indices into buf */
    char *buf;
    int64_t refs; /* atomic */
    struct waitq recvq, sendq;
    uintptr_t made_pc;
    uint64_t closed_pc; /* or where the last reference was dropped */
    uint64_t closed_by;
    struct chan *link; /* in the pool */
};

_Static_assert(sizeof(struct chan) == 128, "a header is two cache lines");

enum { HANDLE_BITS = 48 };

static inline struct chan *chan_of(const void *handle)
{
    return (struct chan *)((uintptr_t)handle & (((uintptr_t)1 << HANDLE_BITS) - 1));
}

static inline weft_chan *handle_of(struct chan *c)
{
    return (weft_chan *)((uintptr_t)c | (uintptr_t)c->generation << HANDLE_BITS);
}

static inline bool handle_stale(const void *handle, struct chan *c)
{
    return ((uintptr_t)handle >> HANDLE_BITS) != c->generation;
}

/* Neither stale nor closed. */
static inline bool healthy(const void *handle, struct chan *c)
{
    _Static_assert(offsetof(struct chan, closed) == offsetof(struct chan, generation) + 2, "");
    uint32_t both;
    __builtin_memcpy(&both, &c->generation, sizeof both); /* one load */
    return both == (uint32_t)((uintptr_t)handle >> HANDLE_BITS);
}

/*
 * Without the lock: is it certain that there was a moment, during this call, at
 * which the operation would have had to wait?  One word tells: with a buffer
 * the queue of the other side is empty unless the buffer is (receivers) or is
 * not (senders) at its end, and without one only that queue matters.  Closed is
 * read afterwards: a channel that is open then was open at that moment too.
 */
static inline bool must_wait(const void *handle, struct chan *c, bool send)
{
    bool stuck;
    if (load_relaxed(&c->cap) == 0)
        stuck = !load_acquire(send ? &c->recvq.first : &c->sendq.first);
    else if (send)
        stuck = load_acquire(&c->count) == load_relaxed(&c->cap);
    else
        stuck = load_acquire(&c->count) == 0;
    /* acquire: healthy() looks afterwards. */
    return stuck && healthy(handle, c);
}

/* The ways an attempt under the lock can end. */
enum chan_result {
    CHAN_BLOCKED, /* nothing was done, the lock is still held */
    CHAN_DONE,    /* a value was passed; unlocked */
    CHAN_CLOSED,  /* closed (and, for receive, empty): out zeroed; unlocked */
};

struct chan *weft__chan_new(enum chan_kind kind, size_t elem, size_t cap, uintptr_t pc);
void weft__chan_free(struct chan *c, uintptr_t pc);

/* Attempts on a locked channel. */
enum chan_result weft__chan_try_send(struct chan *c, const void *value);
/* weft__chan_offer - the same for callers that hold other locks: the receiver
 * to be woken is returned in *woken instead. */
enum chan_result weft__chan_offer(struct chan *c, const void *value, struct g **woken);
enum chan_result weft__chan_try_recv(struct chan *c, void *out);

/* Without waiting, for a call at @pc; a NULL handle says no. */
bool weft__chan_send_now(weft_chan *handle, const void *value, uintptr_t pc);
enum chan_result weft__chan_recv_now(weft_chan *handle, void *out, uintptr_t pc);

void weft__chan_panic_closed(weft_chan *handle, const char *what) __attribute__((noreturn, cold));
void weft__chan_panic_stale(const void *handle, uintptr_t pc) __attribute__((noreturn, cold));
/* weft__chan_hb_waits, weft__chan_timer_armed - for sanitizers: @w is about to
 * wait here; what its user did so far comes before what the timer sends here. */
void weft__chan_hb_waits(struct chan *c, struct waiter *w);
void weft__chan_timer_armed(struct chan *c);
void weft__chan_copy(void *to, const void *from, size_t size);
void weft__chan_zero(void *to, size_t size);

struct weft_case;
/* weft__select - a select for a call at @pc; @reason and @object are what a
 * report says it waits for. */
int weft__select(const struct weft_case *cases, size_t n, uintptr_t pc, enum wait_reason reason,
                 void *object);

#endif /* WEFT_SRC_CHAN_IMPL_H */
