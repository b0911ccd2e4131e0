/* SPDX-License-Identifier: MIT */
/*
 * Contexts: their records and handles, how they are made, what they answer.
 *
 * Questions take no lock and count nothing: they read a few words, and then
 * look whether the handle's generation still stands.  If it does, the words
 * belonged to this context, because a record is not used anew before its
 * generation has moved on.  What changes anything pins the record first.
 */
#include "context/context_impl.h"

#include "base/alloc.h"
#include "chan/chan_impl.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"
#include "weft/panic.h"

enum { SLAB_RECORDS = 32 };

static struct context background = {.kind = CTX_BACKGROUND, .deadline = TIME_NEVER, .handles = 1};

static struct {
    struct lock lock; /* guards: free */
    struct context *free;
} pool;

/* ---- handles ------------------------------------------------------------------- */

static uint64_t generation_of(uint64_t handles) { return handles >> CTX_HANDLE_BITS; }

static weft_ctx *handle_of_context(struct context *c)
{
    uint64_t generation = generation_of(load_relaxed(&c->handles));
    return (weft_ctx *)((uintptr_t)c | (uintptr_t)generation << CTX_HANDLE_BITS);
}

/* acquire [ctx.handles]: what was read of the record before is not of a later life. */
static inline bool stale(const weft_ctx *handle, const struct context *c)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return generation_of(load_relaxed(&c->handles)) != (uintptr_t)handle >> CTX_HANDLE_BITS;
}

static noinline void panic_null(void)
{
    weft_panic("a NULL context was passed; use weft_background()");
}

static noinline void panic_stale(const weft_ctx *handle)
{
    struct context *c = context_of(handle);
    uint64_t next = ((uintptr_t)handle >> CTX_HANDLE_BITS) + 1;
    uintptr_t dropped = load_relaxed(&c->dropped_pc);
    char at[256];
    if (dropped == 0 || generation_of(load_relaxed(&c->handles)) != next)
        weft_panic("use of a context after its last reference was dropped");
    weft_panic("use of a context after its last reference was dropped\n\tit was dropped at %s",
               weft__site(at, sizeof at, dropped));
}

static inline struct context *look(weft_ctx *handle)
{
    if (unlikely(!handle))
        panic_null();
    return context_of(handle);
}

struct context *weft__ctx_pin(weft_ctx *handle)
{
    struct context *c = look(handle);
    if (c == &background)
        return NULL;
    if (unlikely(!ctx_try_get(c)))
        panic_stale(handle);
    if (unlikely(stale(handle, c))) {
        ctx_put(c);
        panic_stale(handle);
    }
    return c;
}

weft_ctx *weft_ctx_ref(weft_ctx *handle)
{
    if (!handle || context_of(handle) == &background)
        return handle;
    struct context *c = context_of(handle);
    uint64_t n = load_relaxed(&c->handles);
    do
        if (unlikely(generation_of(n) != (uintptr_t)handle >> CTX_HANDLE_BITS))
            panic_stale(handle);
    while (!__atomic_compare_exchange_n(&c->handles, &n, n + 1, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    return handle;
}

static void unref(weft_ctx *handle, uintptr_t pc)
{
    struct context *c = context_of(handle);
    if (c == &background)
        return;
    uint64_t n = load_relaxed(&c->handles), after;
    do {
        if (unlikely(generation_of(n) != (uintptr_t)handle >> CTX_HANDLE_BITS))
            panic_stale(handle);
        after = n - 1;
        if (after << (64 - CTX_HANDLE_BITS) == 0) {
            store_relaxed(&c->dropped_pc, pc);
            uint64_t generation = generation_of(n) == UINT16_MAX ? 1 : generation_of(n) + 1;
            after = generation << CTX_HANDLE_BITS;
        }
    } while (!__atomic_compare_exchange_n(&c->handles, &n, after, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    if (after == n - 1)
        return;
    if (unlikely(load_relaxed(&c->signals) != 0))
        weft__signals_settle();
    ctx_put(c);
}

void(weft_ctx_unref)(weft_ctx *handle)
{
    if (handle)
        unref(handle, (uintptr_t)__builtin_return_address(0));
}

void weft_impl_ctx_end(weft_ctx *handle)
{
    if (!handle)
        return;
    struct context *c = weft__ctx_pin(handle);
    if (!c)
        return;
    if (c->kind == CTX_CANCEL)
        weft__ctx_cancel(c, -ECANCELED);
    unref(handle, (uintptr_t)__builtin_return_address(0));
    ctx_put(c);
}

/* ---- records --------------------------------------------------------------------- */

static struct context *record_get(void)
{
    weft__lock(&pool.lock);
    struct context *c = pool.free;
    if (!c) {
        struct context *slab = weft__alloc_zero(SLAB_RECORDS * sizeof *slab);
        for (int i = 0; slab && i < SLAB_RECORDS; i++) {
            slab[i].handles = (uint64_t)1 << CTX_HANDLE_BITS;
            slab[i].link = pool.free;
            pool.free = &slab[i];
        }
        c = pool.free;
    }
    if (c)
        pool.free = c->link;
    weft__unlock(&pool.lock);
    return c;
}

static void record_put(struct context *c)
{
    hb_forget(c);
    weft__lock(&pool.lock);
    c->link = pool.free;
    pool.free = c;
    weft__unlock(&pool.lock);
}

/* What a goroutine without a reference waits for can never come any more. */
struct abandoned {
    unsigned waiters;
    uint64_t id;
    uintptr_t wait_pc, made_pc;
    const char *word;
};

static bool anybody_waits(weft_chan *done, struct abandoned *out)
{
    struct chan *ch = chan_of(done);
    unsigned n = 0;
    weft__lock(&ch->lock);
    for (struct waiter *w = ch->recvq.first; w; w = w->next)
        if (w->ticket == 0 || load_seq(&w->g->wait_ticket) == w->ticket) {
            if (n++ == 0 && out->waiters == 0) {
                out->id = w->g->id;
                out->wait_pc = w->g->wait_pc;
                out->word = weft__wait_word(w->g->wait_reason);
            }
        }
    weft__unlock(&ch->lock);
    out->waiters += n;
    return n > 0;
}

static noinline void panic_abandoned(const struct abandoned *a)
{
    char at[256], made[256];
    bool one = a->waiters == 1;
    weft__site(at, sizeof at, a->wait_pc);
    weft__site(made, sizeof made, a->made_pc);
    weft_panic("context dropped while %u goroutine%s wait%s for its end\n"
               "\tgoroutine %llu [%s] at %s\n\tcontext made at %s",
               a->waiters, one ? "" : "s", one ? "s" : "", (unsigned long long)a->id, a->word, at,
               made);
}

static void tear_down(struct context *c, struct abandoned *waited_on)
{
    if (c->kind != CTX_CANCEL)
        return;
    if (c->has_timer)
        weft__timer_remove(&c->timer);
    if (c->signals)
        weft__ctx_unwatch(c);
    weft__ctx_detach(c);
    if (c->first)
        weft__ctx_drop_calls(c);
    if (!c->done)
        return;
    /* A channel that was waited on stays behind with those who wait. */
    if (c->err == 0 && unlikely(anybody_waits(c->done, waited_on)))
        waited_on->made_pc = c->made_pc;
    else
        weft_impl_drop(c->done);
    c->done = NULL;
}

/* The last reference to @c is gone, and with it @c's reference to its parent. */
void weft__ctx_put_last(struct context *c)
{
    struct abandoned waited_on = {0};
    do {
        struct context *parent = c->parent;
        tear_down(c, &waited_on);
        record_put(c);
        c = parent;
    } while (c && __atomic_fetch_sub(&c->refs, 1, __ATOMIC_ACQ_REL) == 1); /* [ctx.refs] */
    if (unlikely(waited_on.waiters > 0))
        panic_abandoned(&waited_on);
}

/* ---- making ------------------------------------------------------------------------ */

weft_ctx *weft_background(void) { return (weft_ctx *)&background; }

/* A context below @parent, with one handle; not linked to anything yet. */
static struct context *derive(weft_ctx *parent, enum ctx_kind kind, uintptr_t pc)
{
    struct context *p = weft__ctx_pin(parent); /* kept: the child's reference */
    struct context *c = record_get();
    if (unlikely(!c)) {
        ctx_unpin(p);
        weft_panic("out of memory for a context");
    }
    /* release [ctx.handles]: who reads one of these words with a stale handle
     * finds, after its fence, that the generation has moved on. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    c->kind = (uint8_t)kind;
    c->has_timer = false;
    c->cause = 0;
    store_relaxed(&c->err, 0);
    store_relaxed(&c->handles, load_relaxed(&c->handles) + 1);
    c->parent = p;
    store_relaxed(&c->core, kind == CTX_CANCEL ? c : kind == CTX_VALUE && p ? p->core : NULL);
    c->node.kind = NODE_CONTEXT;
    store_relaxed(&c->node.linked, false);
    c->first = c->last = NULL;
    store_relaxed(&c->done, NULL);
    store_relaxed(&c->deadline, p && kind != CTX_DETACHED ? p->deadline : TIME_NEVER);
    c->signals = 0;
    c->made_pc = pc;
    /* release [ctx.refs]: with ctx_try_get(), which a stale handle may lead here. */
    store_release(&c->refs, 1);
    return c;
}

weft_ctx *weft__ctx_derive_cancel(weft_ctx *parent, uintptr_t pc)
{
    struct context *c = derive(parent, CTX_CANCEL, pc);
    weft__ctx_attach(c);
    return handle_of_context(c);
}

weft_ctx *(weft_ctx_with_cancel)(weft_ctx *parent)
{
    return weft__ctx_derive_cancel(parent, (uintptr_t)__builtin_return_address(0));
}

static void need_runtime(const char *what)
{
    if (!load_relaxed(&sched.running))
        weft_panic("%s needs the runtime: call it under weft_main or weft_run", what);
}

static weft_ctx *with_deadline(weft_ctx *parent, int64_t when, bool past, uintptr_t pc)
{
    struct context *c = derive(parent, CTX_CANCEL, pc);
    struct context *above = ctx_parent_core(c);
    weft_ctx *handle = handle_of_context(c);
    if (above && load_acquire(&above->err) != 0) { /* [ctx.err] */
        weft__ctx_attach(c);
        return handle;
    }
    bool sooner = when < c->deadline;
    if (sooner)
        c->deadline = when;
    if (past)
        weft__ctx_end(c, -ETIMEDOUT, -ETIMEDOUT);
    else if (sooner)
        weft__ctx_deadline_arm(c);
    if (!past)
        weft__ctx_attach(c);
    return handle;
}

weft_ctx *(weft_ctx_with_timeout)(weft_ctx *parent, weft_duration d)
{
    need_runtime("weft_ctx_with_timeout");
    return with_deadline(parent, weft__deadline(d), d <= 0, (uintptr_t)__builtin_return_address(0));
}

weft_ctx *(weft_ctx_with_deadline)(weft_ctx *parent, weft_time when)
{
    need_runtime("weft_ctx_with_deadline");
    return with_deadline(parent, when, when <= weft_now(), (uintptr_t)__builtin_return_address(0));
}

weft_ctx *(weft_ctx_with_value)(weft_ctx *parent, const void *key, const void *value)
{
    if (!key)
        weft_panic("weft_ctx_with_value: the key is NULL");
    struct context *c = derive(parent, CTX_VALUE, (uintptr_t)__builtin_return_address(0));
    c->key = key;
    c->value = (void *)value;
    return handle_of_context(c);
}

weft_ctx *(weft_ctx_without_cancel)(weft_ctx *parent)
{
    return handle_of_context(derive(parent, CTX_DETACHED, (uintptr_t)__builtin_return_address(0)));
}

/* ---- asking -------------------------------------------------------------------------- */

int weft__ctx_check(weft_ctx *handle)
{
    struct context *c = look(handle), *core = load_relaxed(&c->core);
    int err = core ? load_acquire(&core->err) : 0; /* [ctx.err] */
    if (unlikely(stale(handle, c)))
        panic_stale(handle);
    if (unlikely(err != 0))
        hb_acquire(core);
    return err;
}

int weft_ctx_err(weft_ctx *handle) { return weft__ctx_check(handle); }

int weft_ctx_cause(weft_ctx *handle)
{
    struct context *c = look(handle), *core = load_relaxed(&c->core);
    int cause = core && load_acquire(&core->err) != 0 ? load_relaxed(&core->cause) : 0;
    if (unlikely(stale(handle, c)))
        panic_stale(handle);
    if (cause != 0)
        hb_acquire(core);
    return cause;
}

/* The first to ask makes the channel. */
static noinline weft_chan *make_done(weft_ctx *handle, uintptr_t pc)
{
    struct context *c = weft__ctx_pin(handle), *core = c->core;
    weft_chan *spare = NULL;
    weft__lock(&core->lock);
    weft_chan *done = core->done;
    if (!done) {
        struct chan *ch = weft__chan_new(CHAN_PLAIN, 0, 0, pc);
        done = ch ? handle_of(ch) : NULL;
        /* release [ctx.done]: the channel before the word that leads to it. */
        store_release(&core->done, done);
        if (done && core->err != 0)
            spare = done; /* the end came before: closing it is ours */
    }
    weft__unlock(&core->lock);
    if (spare) {
        hb_acquire(core);
        (weft_close)(spare);
    }
    ctx_put(c);
    if (!done)
        weft_panic("out of memory for a context's channel");
    return done;
}

static weft_chan *done_of(weft_ctx *handle, uintptr_t pc)
{
    struct context *c = look(handle), *core = load_relaxed(&c->core);
    weft_chan *done = core ? load_acquire(&core->done) : NULL; /* [ctx.done] */
    if (unlikely(stale(handle, c)))
        panic_stale(handle);
    return done || !core ? done : make_done(handle, pc);
}

weft_chan *weft__ctx_done(weft_ctx *handle)
{
    return done_of(handle, (uintptr_t)__builtin_return_address(0));
}

weft_done_chan_rx *weft_ctx_done(weft_ctx *handle)
{
    return (weft_done_chan_rx *)(void *)done_of(handle, (uintptr_t)__builtin_return_address(0));
}

bool weft_ctx_deadline(weft_ctx *handle, weft_time *when)
{
    struct context *c = look(handle);
    int64_t deadline = load_relaxed(&c->deadline);
    if (unlikely(stale(handle, c)))
        panic_stale(handle);
    if (deadline == TIME_NEVER)
        return false;
    if (when)
        *when = deadline;
    return true;
}

void *weft_ctx_value(weft_ctx *handle, const void *key)
{
    struct context *c = look(handle);
    if (c == &background)
        return NULL;
    /* The handle's reference keeps all of them. */
    if (unlikely(stale(handle, c)))
        panic_stale(handle);
    for (; c; c = c->parent)
        if (c->kind == CTX_VALUE && c->key == key)
            return c->value;
    return NULL;
}

bool weft__ctx_wakes(weft_ctx *handle)
{
    struct context *c = look(handle);
    for (c = c == &background ? NULL : c->core; c; c = ctx_parent_core(c))
        if (c->deadline != TIME_NEVER || load_relaxed(&c->signals))
            return true;
    return false;
}
