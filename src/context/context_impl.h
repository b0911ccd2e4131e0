/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the runtime asks of a context, and the record behind a
 * handle for the files of this folder.
 *
 *   context.c      records and handles; making contexts; asking them
 *   ctx_end.c      the end of a context and of all below it; who waits for it
 *   ctx_signal.c   contexts that a signal ends
 *
 * Records come from a pool of their own and stay records for ever, so that a
 * stale handle is recognised: a handle is the record's address with the
 * record's generation in its upper 16 bits.
 *
 * Two counts.  `handles` holds the generation and the number of references that
 * programs hold, in one word, so that dropping the last one and making all
 * handles stale is one step.  `refs` keeps the record itself: one for all
 * handles together, one for each context made from it, one for each wait and
 * for each call to it under way.  So a parent's record outlives its children,
 * in whatever order programs drop their handles.
 *
 * `core` is the context whose end is this one's end: itself if it can be
 * cancelled, else the nearest above that can, NULL if there is none.  Only
 * cores have an end, a list of what hangs on it, a channel.  core, parent,
 * deadline and the value never change.
 *
 * What hangs on a core is linked in `first`: contexts to be ended with it,
 * calls of weft_ctx_after_func(), goroutines that wait.  Once err is set,
 * under the lock, nothing is linked any more; the list runs empty.
 *
 * No two contexts are locked at the same time.  Under a context's lock the
 * locks of channels and of memory may be taken, nothing else, and nobody is
 * woken: waking may park.
 */
#ifndef WEFT_SRC_CONTEXT_IMPL_H
#define WEFT_SRC_CONTEXT_IMPL_H

#include "sched/park.h"
#include "sched/timers.h"
#include "weft/context.h"

/* ---- for everybody ------------------------------------------------------------ */

/* weft__ctx_check - 0, or the error of an ended context; a NULL or stale context panics. */
int weft__ctx_check(weft_ctx *ctx);

/* weft__ctx_done - the channel that closes when @ctx ends; NULL when it never does. */
weft_chan *weft__ctx_done(weft_ctx *ctx);

/* weft__ctx_wakes - will it end by itself sooner or later?  It has a deadline,
 * or waits for a signal. */
bool weft__ctx_wakes(weft_ctx *ctx);

/* weft__signals_watched - may a signal still wake somebody?  Ask before looking
 * whether everything is idle: a false says that whoever was to be woken by one
 * has been made ready already. */
bool weft__signals_watched(void);
/* weft__signals_poll - end the contexts whose signals have come.  The monitor
 * calls it whenever it wakes; a handler pokes the monitor. */
void weft__signals_poll(void);

/*
 * A wait that a context may end, beside whatever else ends it:
 *
 *     struct context *c = weft__ctx_hold(ctx);     // holding no lock: it may panic
 *     weft__lock(&list->lock);
 *     ... nothing to be had: wait ...
 *     struct waiter w = {.g = g, .ticket = weft__ticket_open(g), ...};
 *     waitq_push(&list->queue, &w);
 *     int err = weft__ctx_park(c, &w, WAIT_SEM, list, pc, &list->lock);
 *     if (err) {                                   // the context was first
 *         weft__lock(&list->lock);
 *         waitq_remove(&list->queue, &w);
 *         weft__unlock(&list->lock);
 *     }
 *     weft__ctx_release(c);
 *
 * Whoever takes w off the list by waitq_take() may wake the goroutine; then
 * err is 0.
 */
struct context;
struct context *weft__ctx_hold(weft_ctx *ctx);
void weft__ctx_release(struct context *c);
int weft__ctx_park(struct context *c, struct waiter *w, enum wait_reason reason, void *object,
                   uintptr_t pc, struct lock *unlock);

/* ---- for this folder ------------------------------------------------------------ */

enum ctx_kind { CTX_BACKGROUND, CTX_VALUE, CTX_DETACHED, CTX_CANCEL };

/* What hangs on a context; guarded by that context's lock. */
struct ctx_node {
    struct ctx_node *next, *prev;
    uint8_t kind;
    bool linked;
};
enum { NODE_CONTEXT, NODE_CALL, NODE_WAIT };

struct context {
    struct lock lock; /* guards: err, cause, done (both until set), first, last */
    uint8_t kind;
    bool has_timer;
    int32_t err, cause;     /* of a core; err is set once and read without the lock */
    uint64_t handles;       /* atomic: generation << HANDLE_BITS | references of programs */
    int64_t refs;           /* atomic */
    struct context *parent; /* NULL: the background */
    struct context *core;
    struct ctx_node node; /* in the list of the parent's core */
    struct ctx_node *first, *last;
    weft_chan *done;  /* made when asked for; closed by the end */
    int64_t deadline; /* the earliest from here up, or TIME_NEVER */
    union {
        struct timer timer;
        struct {
            const void *key;
            void *value;
        };
    };
    uint64_t signals; /* bit n: signal n; changes under the watch lock */
    struct context *watch_next;
    struct context *link; /* in the pool */
    uintptr_t made_pc, dropped_pc;
};

_Static_assert(sizeof(struct context) <= 256, "a record is four cache lines");

enum { CTX_HANDLE_BITS = 48 };

static inline struct context *context_of(const weft_ctx *handle)
{
    return (struct context *)((uintptr_t)handle & (((uintptr_t)1 << CTX_HANDLE_BITS) - 1));
}

/* [ctx.refs] Everything that was done under a reference comes before the end. */
static inline void ctx_get(struct context *c) { add_relaxed(&c->refs, 1); }

/* ctx_try_get - a reference to a record that may be ending; false: it is. */
static inline bool ctx_try_get(struct context *c)
{
    int64_t n = load_relaxed(&c->refs);
    while (n > 0)
        if (cas_acquire(&c->refs, &n, n + 1))
            return true;
    return false;
}

void weft__ctx_put_last(struct context *c);

static inline void ctx_put(struct context *c)
{
    if (__atomic_fetch_sub(&c->refs, 1, __ATOMIC_ACQ_REL) == 1)
        weft__ctx_put_last(c);
}

/* ctx_parent_core - the context whose end ends the core @c. */
static inline struct context *ctx_parent_core(const struct context *c)
{
    return c->parent ? c->parent->core : NULL;
}

/* weft__ctx_pin - the record behind a handle, with a reference; NULL for the background. */
struct context *weft__ctx_pin(weft_ctx *handle);

static inline void ctx_unpin(struct context *c)
{
    if (c)
        ctx_put(c);
}

/* weft__ctx_derive_cancel - weft_ctx_with_cancel() called from @pc. */
weft_ctx *weft__ctx_derive_cancel(weft_ctx *parent, uintptr_t pc);
/* weft__ctx_attach - link a new core to its parent's, or end it when that has ended. */
void weft__ctx_attach(struct context *c);
/* weft__ctx_detach - off that list again. */
void weft__ctx_detach(struct context *c);
/* weft__ctx_end - end a core and all below it; the caller holds a reference. */
void weft__ctx_end(struct context *c, int err, int cause);
/* weft__ctx_cancel - the same by the program: it lets go of signals too. */
void weft__ctx_cancel(struct context *c, int cause);
/* weft__ctx_drop_calls - the record goes, and can never end: forget the calls. */
void weft__ctx_drop_calls(struct context *c);
/* weft__ctx_deadline_arm - the timer of a new core that nobody else knows yet. */
void weft__ctx_deadline_arm(struct context *c);
/* weft__signals_settle - until the monitor, if it is ending contexts just now,
 * holds none of them any more: then what goes lets go of its signals at once. */
void weft__signals_settle(void);
/* weft__ctx_unwatch - its signals do again what they did before. */
void weft__ctx_unwatch(struct context *c);

#endif /* WEFT_SRC_CONTEXT_IMPL_H */
