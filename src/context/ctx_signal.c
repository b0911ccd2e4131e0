/* SPDX-License-Identifier: MIT */
/*
 * Contexts that a signal ends.
 *
 * A handler may have stopped its thread anywhere, so it only notes the signal
 * in a word and pokes the monitor, a thread that holds nothing of the
 * program's.  The monitor ends the contexts that watch the signal.
 *
 * A signal is caught while any context watches it.  Ending a context by a
 * signal does not let the signal go: a second one, which process managers like
 * to send, must not kill a program that is about to stop in good order.  A
 * cancel by the program or the last reference does.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "context/context_impl.h"
#include "debug/debug.h"
#include "debug/sigset.h"
#include "platform/platform.h"
#include "sched/sched.h"
#include "weft/panic.h"

enum { SIGNALS = 64 };

static uint64_t pending; /* atomic; set by handlers: signals that came */
static uint32_t polling; /* the monitor is ending contexts and waking who waits */

/* lock guards: all, and the signals of the contexts in it */
static struct {
    struct lock lock;
    struct context *first;
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

static uint64_t set_of(const int *signals)
{
    uint64_t set = 0;
    for (const int *sig = signals; *sig != 0; sig++) {
        const char *no = objection(*sig);
        if (no)
            weft_panic("weft_ctx_with_signals: signal %d: %s", *sig, no);
        set |= bit(*sig);
    }
    if (set == 0)
        weft_panic("weft_ctx_with_signals: no signal is given");
    return set;
}

/* 0, or the signal that could not be had; then none is watched. */
static int watch_all(struct context *c, uint64_t set)
{
    uint64_t had = 0;
    int refused = 0;
    weft__lock(&watch.lock);
    for (int sig = 1; sig <= SIGNALS && !refused; sig++)
        if (set & bit(sig)) {
            had |= bit(sig);
            if (!watch_one(sig))
                refused = sig;
        }
    if (refused) {
        unwatch_all(had);
    } else {
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
    uint64_t set = set_of(signals);
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
    weft__unlock(&watch.lock);
    return c != NULL || load_seq(&polling) != 0; /* [signals.polling] */
}
