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
 * A waker may find us while later channels are still being unlocked on another
 * stack; step 4 locks the last one of them before it returns, so the array of
 * locks outlives its last use.
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

struct select {
    struct g *g;
    uint64_t ticket;
    struct waiter *waiters;   /* one a case */
    struct chan **order;      /* the channels, by address, each once */
    size_t channels;
    struct timer timer;
    int64_t timeout;          /* ns; < 0: none */
};

static weft_chan *channel_of(const weft_case *k)
{
    return k->kind == WEFT_IMPL_CASE_DONE ? weft__ctx_done(k->u.ctx) : k->chan;
}

static bool sends(const weft_case *k)
{
    return k->kind == WEFT_IMPL_CASE_SEND;
}

/* Could this case happen now?  Exact under the lock, a guess without. */
static bool seems_ready(const weft_case *k, struct chan *c)
{
    if (load_relaxed(&c->closed))
        return true;
    if (sends(k))
        return load_relaxed(&c->recvq.first) || load_relaxed(&c->count) < load_relaxed(&c->cap);
    return load_relaxed(&c->count) > 0 || load_relaxed(&c->sendq.first);
}

static struct chan *lock_case(weft_chan *handle, uintptr_t pc)
{
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    if (unlikely(handle_stale(handle, c))) {
        weft__unlock(&c->lock);
        weft__chan_panic_stale(handle, pc);
    }
    return c;
}

/* Tries one case on its locked channel; unlocked unless CHAN_BLOCKED. */
static enum chan_result attempt(const weft_case *k, weft_chan *handle, struct chan *c, uintptr_t pc)
{
    if (sends(k)) {
        san_read(k->value, c->elem, (void *)pc);
        enum chan_result r = weft__chan_try_send(c, k->value);
        if (r == CHAN_CLOSED)
            weft__chan_panic_closed(handle, "send on");
        return r;
    }
    size_t elem = c->elem;
    enum chan_result r = weft__chan_try_recv(c, k->value);
    if (r != CHAN_BLOCKED) {
        if (k->value)
            san_write(k->value, elem, (void *)pc);
        if (k->kind == WEFT_IMPL_CASE_RECV && k->u.ok)
            *k->u.ok = r == CHAN_DONE;
    }
    return r;
}

static void sort_channels(struct select *s)
{
    /* Shell sort: few elements in the common case, no recursion in the other. */
    size_t n = s->channels;
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            struct chan *c = s->order[i];
            size_t j = i;
            for (; j >= gap && s->order[j - gap] > c; j -= gap)
                s->order[j] = s->order[j - gap];
            s->order[j] = c;
        }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || s->order[i] != s->order[kept - 1])
            s->order[kept++] = s->order[i];
    s->channels = kept;
}

static void lock_all(struct select *s)
{
    for (size_t i = 0; i < s->channels; i++)
        weft__lock(&s->order[i]->lock);
}

static void unlock_all_but(struct select *s, struct chan *keep)
{
    for (size_t i = 0; i < s->channels; i++)
        if (s->order[i] != keep)
            weft__unlock(&s->order[i]->lock);
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
    struct chan **order = s->order;
    /* A wake-up by the timer or by an unlocked channel gets no further than
     * the last channel's lock; without channels the timer comes last. */
    if (s->timeout >= 0)
        weft__timer_arm(&s->timer, weft__deadline(s->timeout), false);
    for (size_t i = 0; i < n; i++)
        weft__unlock(&order[i]->lock);
}

/* Step 1.  The index of the case that happened, or -1. */
static int try_without_locks(const weft_case *cases, size_t n, struct g *g, uintptr_t pc)
{
    uint8_t ready[ON_STACK];
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        weft_chan *handle = channel_of(&cases[i]);
        if (handle && seems_ready(&cases[i], chan_of(handle)))
            ready[count++] = (uint8_t)i;
    }
    while (count > 0) {
        uint32_t at = weft__policy_pick(g, count);
        int i = ready[at];
        weft_chan *handle = channel_of(&cases[i]);
        struct chan *c = lock_case(handle, pc);
        if (attempt(&cases[i], handle, c, pc) != CHAN_BLOCKED)
            return i;
        weft__unlock(&c->lock);
        ready[at] = ready[--count];
    }
    return -1;
}

/* Step 2, all channels locked.  Uniform among the ready ones by reservoir. */
static int choose_ready(const weft_case *cases, size_t n, struct g *g)
{
    int chosen = -1;
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        weft_chan *handle = channel_of(&cases[i]);
        if (handle && seems_ready(&cases[i], chan_of(handle)) &&
            weft__policy_pick(g, ++count) == 0)
            chosen = (int)i;
    }
    return chosen;
}

static int result_of(const weft_case *cases, struct waiter *w, uintptr_t pc)
{
    const weft_case *k = &cases[w->index];
    hb_acquire(w);
    if (sends(k)) {
        if (!w->ok)
            weft__chan_panic_closed(k->chan, "send on");
    } else {
        if (k->value)
            san_write(k->value, ((struct chan *)w->object)->elem, (void *)pc);
        if (k->kind == WEFT_IMPL_CASE_RECV && k->u.ok)
            *k->u.ok = w->ok;
    }
    return w->index;
}

static noinline int select_slowly(const weft_case *cases, size_t n, int if_none, int on_timeout,
                                  struct select *s, uintptr_t pc)
{
    for (size_t i = 0; i < n; i++) {
        weft_chan *handle = channel_of(&cases[i]);
        if (handle)
            s->order[s->channels++] = chan_of(handle);
    }
    sort_channels(s);
    lock_all(s);
    for (size_t i = 0; i < n; i++) {
        weft_chan *handle = channel_of(&cases[i]);
        if (handle && unlikely(handle_stale(handle, chan_of(handle)))) {
            unlock_all_but(s, NULL);
            weft__chan_panic_stale(handle, pc);
        }
    }
    for (int i; (i = choose_ready(cases, n, s->g)) >= 0;) {
        weft_chan *handle = channel_of(&cases[i]);
        struct chan *c = chan_of(handle);
        unlock_all_but(s, c);
        if (attempt(&cases[i], handle, c, pc) != CHAN_BLOCKED)
            return i;
        /* Only selects that other cases had decided were waiting there. */
        weft__unlock(&c->lock);
        lock_all(s);
    }
    if (if_none >= 0) {
        unlock_all_but(s, NULL);
        return if_none;
    }

    s->ticket = weft__ticket_open(s->g);
    s->timer = (struct timer){.fire = timed_out, .arg = s->g, .ticket = s->ticket};
    for (size_t i = 0; i < n; i++) {
        weft_chan *handle = channel_of(&cases[i]);
        s->waiters[i] = (struct waiter){.g = s->g, .ticket = s->ticket, .index = (int)i};
        if (!handle)
            continue;
        struct chan *c = chan_of(handle);
        s->waiters[i].object = c;
        s->waiters[i].value = cases[i].value;
        waitq_push(sends(&cases[i]) ? &c->sendq : &c->recvq, &s->waiters[i]);
        hb_release(&s->waiters[i]);
    }
    bool any = s->channels > 0 || s->timeout >= 0;
    if (s->timeout >= 0)
        s->g->flags |= G_FLAG_TIMED;
    weft__park_commit(any ? WAIT_SELECT : WAIT_SELECT_NONE, NULL, pc, commit, s);
    s->g->flags &= (uint8_t)~G_FLAG_TIMED;

    struct waiter *won = s->g->wait_result;
    if (s->timeout >= 0)
        weft__timer_remove(&s->timer);
    for (size_t i = 0; i < n; i++) {
        struct waiter *w = &s->waiters[i];
        struct chan *c = w->object;
        if (!c)
            continue;
        /* The lock is taken for the winner too: see the top of this file. */
        weft__lock(&c->lock);
        if (w != won)
            waitq_remove(sends(&cases[i]) ? &c->sendq : &c->recvq, w);
        weft__unlock(&c->lock);
    }
    return won ? result_of(cases, won, pc) : on_timeout;
}

int weft__select(const weft_case *cases, size_t n, uintptr_t pc)
{
    struct g *g = weft__current();
    int if_none = -1, on_timeout = -1;
    int64_t timeout = -1;
    size_t channels = 0;
    for (size_t i = 0; i < n; i++) {
        switch (cases[i].kind) {
        case WEFT_IMPL_CASE_DEFAULT:
            if_none = (int)i;
            break;
        case WEFT_IMPL_CASE_TIMEOUT: {
            int64_t t = cases[i].u.timeout < 0 ? 0 : cases[i].u.timeout;
            if (timeout < 0 || t < timeout) {
                timeout = t;
                on_timeout = (int)i;
            }
            break;
        }
        default:
            channels += channel_of(&cases[i]) != NULL;
        }
    }
    if (if_none < 0 && timeout == 0)
        if_none = on_timeout;
    if (n <= ON_STACK) {
        int i = try_without_locks(cases, n, g, pc);
        if (i >= 0)
            return i;
        /* One channel seen unready once is enough for the default. */
        if (if_none >= 0 && channels <= 1)
            return if_none;
        struct waiter waiters[ON_STACK];
        struct chan *order[ON_STACK];
        struct select s = {.g = g, .waiters = waiters, .order = order, .timeout = timeout};
        return select_slowly(cases, n, if_none, on_timeout, &s, pc);
    }
    size_t size = n * (sizeof(struct waiter) + sizeof(struct chan *));
    char *memory = weft__alloc(size);
    if (!memory)
        weft_panic("select: out of memory for %zu cases", n);
    struct select s = {
        .g = g,
        .waiters = (struct waiter *)memory,
        .order = (struct chan **)(memory + n * sizeof(struct waiter)),
        .timeout = timeout,
    };
    /* A send on a closed channel leaves by a panic: the memory goes with it. */
    struct weft_impl_scope release, *unused = weft_impl_defer(
        &release, __builtin_frame_address(0), (weft_impl_fn)weft__free, 2,
        (const uintptr_t[]){(uintptr_t)memory, size});
    (void)unused;
    int i = select_slowly(cases, n, if_none, on_timeout, &s, pc);
    weft_impl_scope_end(&release);
    return i;
}

int weft_impl_select(const weft_case *cases, size_t n)
{
    return weft__select(cases, n, (uintptr_t)__builtin_return_address(0));
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
    return weft__select(cases, 2, pc) == 0 ? 0 : weft__ctx_check(ctx);
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
    if (weft__select(cases, 2, pc) != 0)
        return weft__ctx_check(ctx);
    return ok ? 0 : -EPIPE;
}
