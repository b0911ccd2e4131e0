/* SPDX-License-Identifier: MIT */
/*
 * Contexts that a signal ends, and channels that it is sent on.
 *
 * A handler may have stopped its thread anywhere, so it only notes the signal
 * in a word and pokes the monitor, a thread that holds nothing of the
 * program's.  The monitor ends the contexts that watch the signal, and sends its
 * number on the channels that want it.
 *
 * A signal is caught while any context watches it.  Ending a context by a
 * signal does not let the signal go: a second one, which process managers like
 * to send, must not kill a program that is about to stop in good order.  A
 * cancel by the program or the last reference does.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "debug/sigset.h"
#include "platform/platform.h"
#include "sched/sched.h"
#include "weft/panic.h"
#include "weft/signal.h"

enum { SIGNALS = 64 };

static uint64_t pending; /* atomic; set by handlers: signals that came */
static uint32_t polling; /* the monitor is ending contexts and waking who waits */

/* A channel that wants signals; it holds a reference. */
struct notice {
    weft_chan *c;
    uint64_t signals;
    uint64_t serial; /* they are served in this order */
    struct notice *next;
};

/* lock guards: all, and the signals of the contexts in it */
static struct {
    struct lock lock;
    struct context *first;
    struct notice *notices; /* youngest first */
    uint64_t serial;
    unsigned count[SIGNALS]; /* how many contexts watch it */
    struct installed installed[SIGNALS];
} watch;

static uint64_t bit(int sig) { return (uint64_t)1 << (sig - 1); }

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    int *error = __errno_location(), saved = *error; /* without telling a race detector */
    if (load_relaxed(&sched.monitor_started)) {
        __atomic_fetch_or(&pending, bit(sig), __ATOMIC_SEQ_CST);
        weft__monitor_poke();
    } else {
        /* The runtime is down, and nobody would ever know. */
        weft__handler_default(sig);
        raise(sig);
    }
    *error = saved;
}

/* Called with the lock held; false: the kernel does not want to. */
static bool watch_one(int sig)
{
    struct installed *i = &watch.installed[sig - 1];
    if (watch.count[sig - 1]++ > 0)
        return true;
    /* One that came while others watched is not for the newcomer. */
    __atomic_fetch_and(&pending, ~bit(sig), __ATOMIC_SEQ_CST);
    weft__handler_install(i, sig, on_signal, SA_RESTART, OVER_HANDLER);
    return i->active;
}

/* Called with the lock held. */
static void unwatch_all(uint64_t signals)
{
    for (int sig = 1; sig <= SIGNALS; sig++)
        if (signals & bit(sig) && --watch.count[sig - 1] == 0)
            weft__handler_remove(&watch.installed[sig - 1]);
}

void weft__ctx_unwatch(struct context *c)
{
    weft__lock(&watch.lock);
    if (c->signals) {
        unwatch_all(c->signals);
        store_relaxed(&c->signals, 0);
        struct context **at = &watch.first;
        while (*at != c)
            at = &(*at)->watch_next;
        *at = c->watch_next;
    }
    weft__unlock(&watch.lock);
}

static const char *objection(int sig)
{
    switch (sig) {
    case SIGKILL:
    case SIGSTOP:
        return "it cannot be caught";
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
        return "it tells of a fault";
    case SIGURG:
        return "the runtime uses it";
    default:
        return sig < 1 || sig > SIGNALS ? "there is no such signal" : NULL;
    }
}

static uint64_t set_of(const int *signals, const char *what)
{
    uint64_t set = 0;
    for (const int *sig = signals; *sig != 0; sig++) {
        const char *no = objection(*sig);
        if (no)
            weft_panic("%s: signal %d: %s", what, *sig, no);
        set |= bit(*sig);
    }
    if (set == 0)
        weft_panic("%s: no signal is given", what);
    return set;
}

/* Called with the lock held.  0, or the signal that could not be had; then none
 * is watched. */
static int watch_set(uint64_t set)
{
    uint64_t had = 0;
    for (int sig = 1; sig <= SIGNALS; sig++)
        if (set & bit(sig)) {
            had |= bit(sig);
            if (!watch_one(sig)) {
                unwatch_all(had);
                return sig;
            }
        }
    return 0;
}

static int watch_all(struct context *c, uint64_t set)
{
    weft__lock(&watch.lock);
    int refused = watch_set(set);
    if (!refused) {
        store_relaxed(&c->signals, set);
        c->watch_next = watch.first;
        watch.first = c;
    }
    weft__unlock(&watch.lock);
    return refused;
}

weft_ctx *weft_impl_ctx_with_signals(weft_ctx *parent, const int *signals)
{
    if (!load_relaxed(&sched.running))
        weft_panic("weft_ctx_with_signals needs the runtime: call it under weft_main or weft_run");
    uint64_t set = set_of(signals, "weft_ctx_with_signals");
    weft_ctx *handle = weft__ctx_derive_cancel(parent, (uintptr_t)__builtin_return_address(0));
    int refused = watch_all(context_of(handle), set);
    if (refused) {
        weft_impl_ctx_end(handle);
        weft_panic("weft_ctx_with_signals: signal %d cannot be caught", refused);
    }
    return handle;
}

/* The next context that one of these signals ends, with a reference. */
static struct context *next_hit(uint64_t signals)
{
    weft__lock(&watch.lock);
    struct context *c = watch.first;
    while (c && !(c->signals & signals && load_relaxed(&c->err) == 0 && ctx_try_get(c)))
        c = c->watch_next;
    weft__unlock(&watch.lock);
    return c;
}

/* ---- channels ------------------------------------------------------------------------- */

/* Called with the lock held. */
static struct notice **notice_of(const weft_chan *c)
{
    struct notice **at = &watch.notices;
    while (*at && (*at)->c != c)
        at = &(*at)->next;
    return at;
}

void weft_impl_signal_notify(weft_chan *c, const int *signals)
{
    if (!load_relaxed(&sched.running))
        weft__no_runtime("weft_signal_notify");
    if (!c)
        weft_panic("weft_signal_notify: the channel is NULL");
    uint64_t set = set_of(signals, "weft_signal_notify");
    struct notice *new = weft__alloc_zero(sizeof *new);
    if (!new)
        weft_panic("out of memory for a channel's signals");
    weft__lock(&watch.lock);
    struct notice *n = *notice_of(c);
    set &= ~(n ? n->signals : 0);
    int refused = watch_set(set);
    if (refused || n) {
        if (n && !refused)
            n->signals |= set;
    } else {
        weft_impl_ref(c);
        *new = (struct notice){c, set, ++watch.serial, watch.notices};
        watch.notices = new;
        new = NULL;
    }
    weft__unlock(&watch.lock);
    if (new)
        weft__free(new, sizeof *new);
    if (refused)
        weft_panic("weft_signal_notify: signal %d cannot be caught", refused);
}

void weft_impl_signal_stop(weft_chan *c)
{
    weft__lock(&watch.lock);
    struct notice **at = notice_of(c), *n = *at;
    if (n) {
        *at = n->next;
        unwatch_all(n->signals);
    }
    weft__unlock(&watch.lock);
    if (!n)
        return;
    weft__free(n, sizeof *n);
    weft__signals_settle(); /* the monitor may be about to send */
    weft_impl_drop(c);
}

/* The oldest notice after *serial that wants one of these signals: its channel,
 * with a reference, and which of them. */
static weft_chan *next_notice(uint64_t *serial, uint64_t signals, uint64_t *wanted)
{
    struct notice *best = NULL;
    weft__lock(&watch.lock);
    for (struct notice *n = watch.notices; n && n->serial > *serial; n = n->next)
        if (n->signals & signals)
            best = n;
    weft_chan *c = best ? best->c : NULL;
    if (c) {
        weft_impl_ref(c);
        *serial = best->serial;
        *wanted = best->signals & signals;
    }
    weft__unlock(&watch.lock);
    return c;
}

static void send_all(uint64_t signals)
{
    uint64_t serial = 0, wanted = 0;
    for (weft_chan *c; (c = next_notice(&serial, signals, &wanted));) {
        for (int sig = 1; sig <= SIGNALS; sig++)
            if (wanted & bit(sig))
                weft_impl_try_send(c, &sig);
        weft_impl_drop(c);
    }
}

void weft__signals_poll(void)
{
    if (likely(load_relaxed(&pending) == 0))
        return;
    store_seq(&polling, 1); /* [signals.polling]: before any of them has ended */
    uint64_t signals = __atomic_exchange_n(&pending, 0, __ATOMIC_SEQ_CST);
    for (struct context *c; (c = next_hit(signals));) {
        weft__ctx_end(c, -ECANCELED, -EINTR);
        ctx_put(c);
    }
    send_all(signals);
    store_seq(&polling, 0); /* [signals.polling]: after the last was made ready */
}

void weft__signals_settle(void)
{
    while (load_seq(&polling) != 0)
        weft__thread_yield();
}

bool weft__signals_watched(void)
{
    weft__lock(&watch.lock);
    struct context *c = watch.first;
    while (c && load_acquire(&c->err) != 0) /* [ctx.err] */
        c = c->watch_next;
    bool any = c || watch.notices;
    weft__unlock(&watch.lock);
    return any || load_seq(&polling) != 0; /* [signals.polling] */
}
