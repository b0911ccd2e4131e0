/* SPDX-License-Identifier: MIT */
/*
 * Select: one of several channel operations.
 *
 * In order:
 *   1. Look at each case without locks and choose at random among those that
 *      seem ready; lock that channel and try.  Most selects end here.
 *   2. Lock all channels, in address order, and look again: now it is certain
 *      which are ready, and if one is, it happens (or the default does).
 *   3. Put a waiter with this wait's ticket on every channel, arm the timer,
 *      park.  The locks are released when the stack is free.
 *   4. Whoever took the ticket left its waiter in g->wait_result (NULL: the
 *      timer).  Take the other waiters off and report.
 *
 * A waker may find us, and we may return, while channels are still being
 * unlocked on another stack: that works on a copy of the list of channels.
 */
#include <string.h>

#include "base/alloc.h"
#include "chan/chan_impl.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/policy.h"
#include "sched/timers.h"
#include "weft/panic.h"
#include "weft/select.h"

/* Cases whose working memory fits the stack; more take it from the heap. */
enum { ON_STACK = 16 };

/* One select under way; the arrays have an element a case. */
struct select {
    struct g *g;
    const weft_case *cases;
    size_t n;
    weft_chan **handle; /* NULL: the case can never happen */
    struct waiter *waiters;
    bool contexts;       /* some cases wait for a context */
    struct chan **order; /* the channels, by address, each once */
    size_t channels;
    struct timer timer;
    int64_t timeout;         /* ns; < 0: none */
    enum wait_reason reason; /* for reports: a select may stand for a simpler wait */
    void *object;
    uintptr_t pc;
};

static inline weft_chan *channel_of(const weft_case *k)
{
    if (likely(k->kind <= WEFT_IMPL_CASE_RECV))
        return k->chan;
    return k->kind == WEFT_IMPL_CASE_DONE ? weft__ctx_done(k->u.ctx) : NULL;
}

static inline bool sends(const weft_case *k) { return k->kind == WEFT_IMPL_CASE_SEND; }

/* Could this case happen now?  Exact under the lock, a guess without. */
static inline bool seems_ready(const weft_case *k, struct chan *c)
{
    if (load_relaxed(&c->closed))
        return true;
    if (sends(k))
        return load_relaxed(&c->recvq.first) || load_relaxed(&c->count) < load_relaxed(&c->cap);
    return load_relaxed(&c->count) > 0 || load_relaxed(&c->sendq.first);
}

/* Tries one case on its locked channel; unlocked unless CHAN_BLOCKED. */
static enum chan_result attempt(const weft_case *k, struct chan *c, uintptr_t pc)
{
    if (sends(k)) {
        weft_chan *handle = k->chan;
        san_read(k->value, c->elem, (void *)pc);
        enum chan_result r = weft__chan_try_send(c, k->value);
        if (unlikely(r == CHAN_CLOSED))
            weft__chan_panic_closed(handle, "send on");
        return r;
    }
    size_t elem = c->elem;
    enum chan_result r = weft__chan_try_recv(c, k->value);
    if (likely(r != CHAN_BLOCKED)) {
        if (k->value)
            san_write(k->value, elem, (void *)pc);
        if (k->kind == WEFT_IMPL_CASE_RECV && k->u.ok)
            *k->u.ok = r == CHAN_DONE;
    }
    return r;
}

static noinline void sort_many(struct chan **order, size_t n)
{
    /* Shell sort: no recursion, no memory. */
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            struct chan *c = order[i];
            size_t j = i;
            for (; j >= gap && order[j - gap] > c; j -= gap)
                order[j] = order[j - gap];
            order[j] = c;
        }
}

static inline void sort_channels(struct select *s)
{
    size_t n = s->channels;
    struct chan **order = s->order;
    if (n == 2 && order[0] > order[1]) {
        struct chan *c = order[0];
        order[0] = order[1];
        order[1] = c;
    } else if (n > 2) {
        sort_many(order, n);
    }
    size_t kept = n < 1 ? 0 : 1;
    for (size_t i = 1; i < n; i++)
        if (order[i] != order[kept - 1])
            order[kept++] = order[i];
    s->channels = kept;
}

static noinline void unlock_all_but(struct select *s, struct chan *keep)
{
    for (size_t i = 0; i < s->channels; i++)
        if (s->order[i] != keep)
            weft__unlock(&s->order[i]->lock);
}

static inline void lock_all(struct select *s)
{
    for (size_t i = 0; i < s->channels; i++)
        weft__lock(&s->order[i]->lock);
}

static void check_handles(struct select *s)
{
    for (size_t i = 0; i < s->n; i++) {
        weft_chan *handle = s->handle[i];
        if (handle && unlikely(handle_stale(handle, chan_of(handle)))) {
            unlock_all_but(s, NULL);
            weft__chan_panic_stale(handle, s->pc);
        }
    }
}

/* While we wait the contexts' records stay, whoever drops them. */
static noinline void hold_contexts(struct select *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->cases[i].kind == WEFT_IMPL_CASE_DONE)
            s->waiters[i].object = weft__ctx_hold(s->cases[i].u.ctx);
}

static noinline void release_contexts(struct select *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->cases[i].kind == WEFT_IMPL_CASE_DONE)
            weft__ctx_release(s->waiters[i].object);
}

static bool timed_out(struct timer *t, int64_t now, struct timer_due *due)
{
    (void)now;
    struct g *g = t->arg;
    if (weft__ticket_take(g, t->ticket)) {
        g->wait_result = NULL;
        due->ready = g;
    }
    return false;
}

/* Runs when the goroutine's stack is not in use any more. */
static void commit(void *arg)
{
    struct select *s = arg;
    size_t n = s->channels;
    struct chan *order[ON_STACK];
    for (size_t i = 0; i < n; i++)
        order[i] = load_relaxed(&s->order[i]); /* one by one: no memcpy() for sanitizers to see */
    if (s->timeout >= 0)
        weft__timer_arm(&s->timer, weft__deadline(s->timeout), false);
    /* From the first unlock on, or from the arming if there is none, *s may be gone. */
    for (size_t i = 0; i < n; i++)
        weft__unlock(&order[i]->lock);
}

/* The same for more channels than fit a copy.  The list lasts until all are
 * unlocked, since the goroutine, once awake, takes every lock once more. */
static void commit_many(void *arg)
{
    struct select *s = arg;
    size_t n = s->channels;
    struct chan **order = s->order;
    if (s->timeout >= 0)
        weft__timer_arm(&s->timer, weft__deadline(s->timeout), false);
    for (size_t i = 0; i < n; i++)
        weft__unlock(&order[i]->lock);
}

/* Step 1.  @ready lists @count cases that seemed ready; the one that happened, or -1. */
static inline int try_ready(struct select *s, uint8_t *ready, uint32_t count)
{
    while (count > 0) {
        uint32_t at = weft__policy_pick(s->g, count);
        int i = ready[at];
        weft_chan *handle = s->handle[i];
        struct chan *c = chan_of(handle);
        weft__lock(&c->lock);
        if (unlikely(handle_stale(handle, c))) {
            weft__unlock(&c->lock);
            weft__chan_panic_stale(handle, s->pc);
        }
        if (likely(attempt(&s->cases[i], c, s->pc) != CHAN_BLOCKED))
            return i;
        weft__unlock(&c->lock);
        ready[at] = ready[--count];
    }
    return -1;
}

/* Step 2, all channels locked.  Uniform among the ready ones by reservoir. */
static inline int choose_ready(struct select *s)
{
    int chosen = -1;
    uint32_t count = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->handle[i] && seems_ready(&s->cases[i], chan_of(s->handle[i])) &&
            weft__policy_pick(s->g, ++count) == 0)
            chosen = (int)i;
    return chosen;
}

static inline int result_of(struct select *s, struct waiter *w)
{
    const weft_case *k = &s->cases[w->index];
    hb_acquire(w);
    if (sends(k)) {
        if (!w->ok)
            weft__chan_panic_closed(k->chan, "send on");
    } else {
        if (k->value)
            san_write(k->value, chan_of(s->handle[w->index])->elem, (void *)s->pc);
        if (k->kind == WEFT_IMPL_CASE_RECV && k->u.ok)
            *k->u.ok = w->ok;
    }
    return w->index;
}

/* Steps 2 to 4. */
static inline __attribute__((always_inline)) int wait_for_one(struct select *s, int if_none,
                                                              int on_timeout)
{
    s->channels = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->handle[i])
            s->order[s->channels++] = chan_of(s->handle[i]);
    sort_channels(s);
    if (unlikely(s->contexts) && if_none < 0)
        hold_contexts(s);
    lock_all(s);
    check_handles(s);
    for (int i; unlikely((i = choose_ready(s)) >= 0);) {
        struct chan *c = chan_of(s->handle[i]);
        unlock_all_but(s, c);
        if (unlikely(s->contexts) && if_none < 0)
            release_contexts(s); /* before a panic could leave them held */
        if (attempt(&s->cases[i], c, s->pc) != CHAN_BLOCKED)
            return i;
        /* Only selects that other cases had decided were waiting there. */
        weft__unlock(&c->lock);
        if (unlikely(s->contexts) && if_none < 0)
            hold_contexts(s);
        lock_all(s);
        check_handles(s);
    }
    if (if_none >= 0) {
        unlock_all_but(s, NULL);
        return if_none;
    }

    struct g *g = s->g;
    uint64_t ticket = weft__ticket_open(g);
    for (size_t i = 0; i < s->n; i++) {
        struct chan *c = chan_of(s->handle[i]);
        if (!c)
            continue;
        const weft_case *k = &s->cases[i];
        struct waiter *w = &s->waiters[i];
        w->g = g;
        w->ticket = ticket;
        w->value = k->value;
        w->index = (int)i;
        waitq_push(sends(k) ? &c->sendq : &c->recvq, w);
        if (unlikely(weft__tsan))
            weft__chan_hb_waits(c, w);
    }
    bool waits = s->channels > 0 || s->timeout >= 0, many = s->channels > ON_STACK;
    if (s->timeout >= 0) {
        s->timer = (struct timer){.fire = timed_out, .arg = g, .ticket = ticket};
        g->flags |= G_FLAG_TIMED;
    }
    weft__park_commit(waits ? s->reason : WAIT_SELECT_NONE, s->object, s->pc,
                      many ? commit_many : commit, s);
    struct waiter *won = g->wait_result;
    if (s->timeout >= 0) {
        g->flags &= (uint8_t)~G_FLAG_TIMED;
        weft__timer_remove(&s->timer);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct waiter *w = &s->waiters[i];
        struct chan *c = chan_of(s->handle[i]);
        if (!c || (w == won && !many))
            continue;
        weft__lock(&c->lock);
        if (w != won)
            waitq_remove(sends(&s->cases[i]) ? &c->sendq : &c->recvq, w);
        weft__unlock(&c->lock);
    }
    if (unlikely(s->contexts))
        release_contexts(s);
    return won ? result_of(s, won) : on_timeout;
}

static noinline int select_many(struct select *s, int if_none, int on_timeout)
{
    size_t n = s->n, size = n * (sizeof(struct waiter) + 2 * sizeof(struct chan *));
    char *memory = weft__alloc(size);
    if (!memory)
        weft_panic("select: out of memory for %zu cases", n);
    /* A send on a closed channel leaves by a panic: the memory goes with it. */
    weft_defer(weft__free, memory, size);
    s->waiters = (struct waiter *)memory;
    s->order = (struct chan **)(s->waiters + n);
    s->handle = (weft_chan **)(s->order + n);
    for (size_t i = 0; i < n; i++)
        s->handle[i] = channel_of(&s->cases[i]);
    return wait_for_one(s, if_none, on_timeout);
}

int weft__select(const weft_case *cases, size_t n, uintptr_t pc, enum wait_reason reason,
                 void *object)
{
    struct waiter waiters[ON_STACK];
    struct chan *order[ON_STACK];
    weft_chan *handles[ON_STACK];
    uint8_t ready[ON_STACK];
    struct select s;
    s.g = weft__current();
    s.cases = cases;
    s.n = n;
    s.pc = pc;
    s.timeout = -1;
    s.contexts = false;
    s.reason = reason;
    s.object = object;
    int if_none = -1, on_timeout = -1;
    uint32_t channels = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        const weft_case *k = &cases[i];
        weft_chan *handle = channel_of(k);
        struct chan *c = chan_of(handle);
        if (i < ON_STACK)
            handles[i] = handle;
        s.contexts |= k->kind == WEFT_IMPL_CASE_DONE;
        if (c) {
            channels++;
            /* A stale handle is tried too: that tells. */
            if (i < ON_STACK && (seems_ready(k, c) || unlikely(handle_stale(handle, c))))
                ready[count++] = (uint8_t)i;
        } else if (k->kind == WEFT_IMPL_CASE_DEFAULT) {
            if_none = (int)i;
        } else if (k->kind == WEFT_IMPL_CASE_TIMEOUT) {
            int64_t t = k->u.timeout < 0 ? 0 : k->u.timeout;
            if (s.timeout < 0 || t < s.timeout) {
                s.timeout = t;
                on_timeout = (int)i;
            }
        }
    }
    if (if_none < 0 && s.timeout == 0)
        if_none = on_timeout;
    if (unlikely(n > ON_STACK))
        return select_many(&s, if_none, on_timeout);
    s.waiters = waiters;
    s.handle = handles;
    s.order = order;
    if (count > 0) {
        int i = try_ready(&s, ready, count);
        if (likely(i >= 0))
            return i;
    }
    /* One channel seen unready once is enough for the default. */
    if (if_none >= 0 && channels <= 1)
        return if_none;
    return wait_for_one(&s, if_none, on_timeout);
}

/* One operation and a default, the commonest select that does not wait: nothing to choose from. */
static inline int select_now(const weft_case *k, uintptr_t pc)
{
    if (sends(k))
        return weft__chan_send_now(k->chan, k->value, pc) ? 0 : 1;
    enum chan_result r = weft__chan_recv_now(k->chan, k->value, pc);
    if (r == CHAN_BLOCKED)
        return 1;
    if (k->u.ok)
        *k->u.ok = r == CHAN_DONE;
    return 0;
}

int weft_impl_select(const weft_case *cases, size_t n)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (n == 2 && cases[1].kind == WEFT_IMPL_CASE_DEFAULT && cases[0].kind <= WEFT_IMPL_CASE_RECV)
        return select_now(&cases[0], pc);
    return weft__select(cases, n, pc, WAIT_SELECT, NULL);
}

/* ---- channel operations that a context may end ------------------------------------ */

int weft_impl_send_ctx(weft_ctx *ctx, weft_chan *c, const void *value)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    weft_case cases[] = {
        {WEFT_IMPL_CASE_SEND, c, (void *)value, {.ok = NULL}},
        {WEFT_IMPL_CASE_DONE, NULL, NULL, {.ctx = ctx}},
    };
    return weft__select(cases, 2, pc, WAIT_CHAN_SEND, chan_of(c)) == 0 ? 0 : weft__ctx_check(ctx);
}

int weft_impl_recv_ctx(weft_ctx *ctx, weft_chan *c, void *out)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    bool ok = false;
    weft_case cases[] = {
        {WEFT_IMPL_CASE_RECV, c, out, {.ok = &ok}},
        {WEFT_IMPL_CASE_DONE, NULL, NULL, {.ctx = ctx}},
    };
    if (weft__select(cases, 2, pc, WAIT_CHAN_RECV, chan_of(c)) != 0)
        return weft__ctx_check(ctx);
    return ok ? 0 : -EPIPE;
}
