/* SPDX-License-Identifier: MIT */
/*
 * The end of a context.
 *
 * Ending sets err under the lock, and only the first to come does: it closes
 * the channel, stops the timer, and then takes what hangs on the context off
 * its list, a few at a time so that the lock is never held for long.  Contexts
 * go, with a reference, to a list of those still to be ended; there is no
 * recursion, and no memory is needed.
 *
 * A child's record may be going at that very moment.  Then its reference count
 * is zero, no reference can be had, and the child is only unlinked; clearing
 * `linked` is the last touch of it [node.linked], and the child, which waits
 * for that in weft__ctx_detach(), may be reused.
 *
 * A goroutine that waits is woken by whoever takes its ticket (sched/park.h).
 * Its node stands on its stack; once it was unlinked, and the lock released,
 * the node is touched only by who took the ticket, until the goroutine is made
 * ready.  It is linked by its commit callback, so it is found only when its
 * stack is free.
 *
 * [ctx.err] err is released after the cause was written; who reads it without
 * the lock and finds an error may read the cause.
 */
#include "base/alloc.h"
#include "chan/chan_impl.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"
#include "weft/panic.h"

/* How many are taken off a list under one lock. */
enum { BATCH = 64 };

/* A call of weft_ctx_after_func().  Like contexts, calls stay calls for ever:
 * the serial number says which one a weft_ctx_call means. */
struct call {
    struct ctx_node node;
    struct context *on; /* the core it hangs on */
    bool keeps;         /* it holds a reference to that */
    uint64_t serial;    /* moves on when the call is over */
    uintptr_t pc;
    weft_impl_fn fn;
    uintptr_t arg[6];
    unsigned n;
    struct call *link; /* in the pool, or in a list of calls to be started */
};

/* A goroutine that waits. */
struct ctx_wait {
    struct ctx_node node;
    struct g *g;
    uint64_t ticket;
    bool ended; /* left by the context: it took the ticket */
    struct context *on;
    struct lock *unlock;
};

static struct {
    struct lock lock; /* guards: free */
    struct call *free;
} pool;

/* ---- the list --------------------------------------------------------------------- */

/* Called with the context's lock held, as are the next two. */
static void node_link(struct context *c, struct ctx_node *n)
{
    n->next = NULL;
    n->prev = c->last;
    if (c->last)
        c->last->next = n;
    else
        c->first = n;
    c->last = n;
    store_release(&n->linked, true); /* release [call.serial] */
}

static void node_take(struct context *c, struct ctx_node *n)
{
    if (n->prev)
        n->prev->next = n->next;
    else
        c->first = n->next;
    if (n->next)
        n->next->prev = n->prev;
    else
        c->last = n->prev;
}

static bool node_unlink(struct context *c, struct ctx_node *n)
{
    if (!n->linked)
        return false;
    node_take(c, n);
    store_relaxed(&n->linked, false);
    return true;
}

void weft__ctx_attach(struct context *c)
{
    struct context *above = ctx_parent_core(c);
    if (!above)
        return;
    weft__lock(&above->lock);
    int err = above->err, cause = above->cause;
    if (err == 0)
        node_link(above, &c->node);
    weft__unlock(&above->lock);
    if (err != 0) {
        hb_acquire(above);
        weft__ctx_end(c, err, cause);
    }
}

void weft__ctx_detach(struct context *c)
{
    struct context *above = ctx_parent_core(c);
    /* acquire [node.linked] */
    if (!above || !load_acquire(&c->node.linked))
        return;
    weft__lock(&above->lock);
    node_unlink(above, &c->node);
    weft__unlock(&above->lock);
}

/* ---- calls ------------------------------------------------------------------------- */

static struct call *call_get(void)
{
    enum { SLAB_CALLS = 32 };
    weft__lock(&pool.lock);
    struct call *k = pool.free;
    if (!k) {
        struct call *slab = weft__alloc_zero(SLAB_CALLS * sizeof *slab);
        for (int i = 0; slab && i < SLAB_CALLS; i++) {
            slab[i].link = pool.free;
            pool.free = &slab[i];
        }
        k = pool.free;
    }
    if (k)
        pool.free = k->link;
    weft__unlock(&pool.lock);
    return k;
}

static void call_put(struct call *k)
{
    add_relaxed(&k->serial, 1);
    hb_forget(k);
    weft__lock(&pool.lock);
    k->link = pool.free;
    pool.free = k;
    weft__unlock(&pool.lock);
}

static void call_run(struct call *k)
{
    weft_impl_fn fn = k->fn;
    uintptr_t a[6];
    for (int i = 0; i < 6; i++)
        a[i] = k->arg[i];
    hb_acquire(k); /* what came before weft_ctx_after_func() comes before the call */
    call_put(k);
    ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void call_start(struct call *k)
{
    uintptr_t arg = (uintptr_t)k;
    weft__spawn(NULL, 0, 0, NULL, k->pc, (weft_impl_fn)call_run, 1, &arg);
}

weft_ctx_call weft_impl_ctx_after_func(weft_ctx *ctx, weft_impl_fn fn, unsigned n,
                                       const uintptr_t *args)
{
    struct context *c = weft__ctx_pin(ctx), *core = c ? c->core : NULL;
    if (!core) { /* never */
        ctx_unpin(c);
        return (weft_ctx_call){NULL, 0};
    }
    struct call *k = call_get();
    if (unlikely(!k)) {
        ctx_put(c);
        weft_panic("out of memory for a call of weft_ctx_after_func");
    }
    k->node.kind = NODE_CALL;
    store_relaxed(&k->node.linked, false);
    store_relaxed(&k->on, core);
    /* A core that nobody could end once all handles are gone need not stay for us. */
    k->keeps = ctx_parent_core(core) || core->has_timer || core->signals;
    k->pc = (uintptr_t)__builtin_return_address(0);
    k->fn = fn;
    k->n = n;
    for (unsigned i = 0; i < n; i++)
        k->arg[i] = args[i];
    hb_release(k);
    weft_ctx_call call = {k, load_relaxed(&k->serial)};
    weft__lock(&core->lock);
    bool ended = core->err != 0;
    if (!ended) {
        if (k->keeps)
            ctx_get(core);
        node_link(core, &k->node);
    }
    weft__unlock(&core->lock);
    if (ended) {
        hb_acquire(core);
        call_start(k);
    }
    ctx_put(c);
    return call;
}

bool weft_ctx_call_stop(weft_ctx_call call)
{
    struct call *k = call.weft_at;
    if (!k)
        return true;
    for (;;) {
        struct context *on = load_relaxed(&k->on);
        weft__lock(&on->lock);
        /* acquire [call.serial]: the record may serve another call by now, on
         * another context.  A link of that one is seen only together with its
         * serial number.  While the call is ours, `on` does not change. */
        if (!load_acquire(&k->node.linked) || load_relaxed(&k->serial) != call.weft_serial) {
            weft__unlock(&on->lock);
            return false;
        }
        bool right = load_relaxed(&k->on) == on;
        if (right)
            node_unlink(on, &k->node);
        weft__unlock(&on->lock);
        if (!right)
            continue;
        bool keeps = k->keeps;
        call_put(k);
        if (keeps)
            ctx_put(on);
        return true;
    }
}

void weft__ctx_drop_calls(struct context *c)
{
    for (;;) {
        weft__lock(&c->lock);
        struct ctx_node *n = c->first;
        if (n)
            node_unlink(c, n);
        weft__unlock(&c->lock);
        if (!n)
            return;
        call_put(container_of(n, struct call, node));
    }
}

/* ---- ending -------------------------------------------------------------------------- */

/* What a batch leaves to be done without the lock, in the order of the list. */
struct batch {
    struct g *ready, **ready_end;
    struct call *calls, **calls_end;
};

/* Called with @c's lock held: takes one node off. */
static void take_first(struct context *c, struct batch *out, struct ctx_node **todo)
{
    struct ctx_node *n = c->first;
    node_take(c, n);
    if (n->kind == NODE_CONTEXT) {
        if (ctx_try_get(container_of(n, struct context, node))) {
            n->next = *todo;
            *todo = n;
        }
        store_release(&n->linked, false); /* release [node.linked] */
        return;
    }
    store_relaxed(&n->linked, false);
    if (n->kind == NODE_CALL) {
        struct call *k = container_of(n, struct call, node);
        k->link = NULL;
        *out->calls_end = k;
        out->calls_end = &k->link;
        return;
    }
    struct ctx_wait *w = container_of(n, struct ctx_wait, node);
    if (weft__ticket_take(w->g, w->ticket)) {
        w->ended = true;
        w->g->link = NULL; /* parked, so its link is free */
        *out->ready_end = w->g;
        out->ready_end = &w->g->link;
    }
}

/* Everything that hangs on the ended @c; contexts go to @todo. */
static void release_all(struct context *c, struct ctx_node **todo)
{
    for (bool more = true; more;) {
        struct batch batch = {0};
        batch.ready_end = &batch.ready;
        batch.calls_end = &batch.calls;
        weft__lock(&c->lock);
        for (int i = 0; i < BATCH && c->first; i++)
            take_first(c, &batch, todo);
        more = c->first != NULL;
        weft__unlock(&c->lock);
        weft__ready_all(batch.ready);
        for (struct call *k = batch.calls; k;) {
            struct call *next = k->link;
            bool keeps = k->keeps;
            call_start(k);
            if (keeps)
                ctx_put(c); /* not the last: our caller holds one */
            k = next;
        }
    }
}

/* True for the one call that ends @c. */
static bool end_one(struct context *c, int err, int cause, struct ctx_node **todo)
{
    weft__lock(&c->lock);
    if (c->err != 0) {
        weft__unlock(&c->lock);
        return false;
    }
    hb_release(c);
    c->cause = cause;
    store_release(&c->err, err); /* release [ctx.err] */
    weft_chan *done = c->done;
    bool more = c->first != NULL;
    weft__unlock(&c->lock);
    if (done)
        (weft_close)(done);
    if (c->has_timer)
        weft__timer_remove(&c->timer);
    if (more)
        release_all(c, todo);
    return true;
}

void weft__ctx_end(struct context *c, int err, int cause)
{
    struct ctx_node *todo = NULL;
    if (load_relaxed(&c->err) != 0 || !end_one(c, err, cause, &todo))
        return;
    weft__ctx_detach(c);
    while (todo) {
        struct context *child = container_of(todo, struct context, node);
        todo = todo->next;
        end_one(child, err, cause, &todo);
        ctx_put(child);
    }
}

void weft__ctx_cancel(struct context *c, int cause)
{
    weft__ctx_end(c, -ECANCELED, cause);
    if (unlikely(load_relaxed(&c->signals) != 0))
        weft__ctx_unwatch(c);
}

static void cancel(weft_ctx *handle, int cause, const char *what)
{
    struct context *c = weft__ctx_pin(handle);
    if (unlikely(!c))
        weft_panic("%s: the background cannot be cancelled", what);
    if (unlikely(c->kind != CTX_CANCEL)) {
        char made[256];
        weft__site(made, sizeof made, c->made_pc);
        bool value = c->kind == CTX_VALUE;
        ctx_put(c);
        weft_panic("%s: a context made by %s cannot be cancelled; cancel %s\n\tit was made at %s",
                   what, value ? "weft_ctx_with_value" : "weft_ctx_without_cancel",
                   value ? "the one it was made from" : "one made from it", made);
    }
    weft__ctx_cancel(c, cause);
    ctx_put(c);
}

void weft_ctx_cancel(weft_ctx *handle) { cancel(handle, -ECANCELED, "weft_ctx_cancel"); }

void weft_ctx_cancel_cause(weft_ctx *handle, int cause)
{
    cancel(handle, cause != 0 ? cause : -ECANCELED, "weft_ctx_cancel_cause");
}

/* ---- deadlines ------------------------------------------------------------------------- */

/* With the heap's lock held.  The record stays until time_is_up() has run; if
 * it is going already, nobody wants to know. */
static bool fire(struct timer *t, int64_t now, struct timer_due *due)
{
    (void)now;
    due->late = ctx_try_get(t->arg);
    return false;
}

static void time_is_up(struct timer *t)
{
    struct context *c = t->arg;
    weft__ctx_end(c, -ETIMEDOUT, -ETIMEDOUT);
    ctx_put(c);
}

/*
 * Before it is attached: whoever ends the context through its parent then finds
 * the timer armed, and stops it.  If it fires before, the context is attached
 * although it has ended, which does no harm.
 */
void weft__ctx_deadline_arm(struct context *c)
{
    c->timer = (struct timer){.fire = fire, .late = time_is_up, .arg = c};
    c->has_timer = true;
    weft__timer_arm(&c->timer, c->deadline, true);
}

/* ---- waiting for the end, and for something else -------------------------------------------- */

struct context *weft__ctx_hold(weft_ctx *ctx)
{
    struct context *c = weft__ctx_pin(ctx);
    struct context *core = c ? c->core : NULL;
    if (core != c) {
        if (core)
            ctx_get(core); /* kept by c so far */
        ctx_unpin(c);
    }
    return core;
}

void weft__ctx_release(struct context *c) { ctx_unpin(c); }

/* On another stack.  From the first unlock on somebody may wake the goroutine,
 * and *w be gone. */
static void commit(void *arg)
{
    struct ctx_wait *w = arg;
    struct lock *unlock = w->unlock;
    struct context *c = w->on;
    struct g *g = w->g;
    weft__lock(&c->lock);
    bool ended = c->err != 0;
    if (!ended)
        node_link(c, &w->node);
    weft__unlock(&c->lock);
    /* The list it waits on is locked: nobody else can have taken the ticket. */
    if (ended)
        w->ended = weft__ticket_take(g, w->ticket);
    weft__unlock(unlock);
    if (ended)
        weft__ready(g);
}

int weft__ctx_park(struct context *c, struct waiter *waiter, enum wait_reason reason, void *object,
                   uintptr_t pc, struct lock *unlock)
{
    if (!c) {
        weft__park(reason, object, pc, unlock);
        return 0;
    }
    struct ctx_wait w = {
        .node = {.kind = NODE_WAIT},
        .g = waiter->g,
        .ticket = waiter->ticket,
        .on = c,
        .unlock = unlock,
    };
    bool timed = c->deadline != TIME_NEVER;
    if (timed)
        w.g->flags |= G_FLAG_TIMED;
    weft__park_commit(reason, object, pc, commit, &w);
    if (timed)
        w.g->flags &= (uint8_t)~G_FLAG_TIMED;
    if (w.ended) {
        hb_acquire(c);
        return load_relaxed(&c->err);
    }
    weft__lock(&c->lock);
    node_unlink(c, &w.node);
    weft__unlock(&c->lock);
    return 0;
}
