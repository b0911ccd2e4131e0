/* SPDX-License-Identifier: MIT */
/*
 * weft/context.h - deadlines and cancellation, handed from caller to callee.
 *
 * Every call that may wait takes a context first.  Pass it down, do not store
 * it.  A context ends once, for good: when it is cancelled, when its deadline
 * passes, or when the one it was made from ends.
 *
 *     int serve(weft_ctx *ctx, request *r)
 *     {
 *         weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, 2 * WEFT_SECOND);
 *         return answer(limited, r);      // -ETIMEDOUT after two seconds
 *     }
 *
 * References.  What a weft_ctx_with_...() call returns is the maker's first
 * reference, and weft_auto() is the maker's way to keep it: the end of the
 * block cancels the context, so that what still runs on its behalf stops, and
 * drops the reference.  Who keeps a context longer than the maker does takes a
 * reference of its own:
 *
 *     static void watch(weft_ctx *ctx)                 // weft_go(watch, weft_ctx_ref(ctx));
 *     {
 *         weft_defer(weft_ctx_unref, ctx);             // counts only, cancels nothing
 *         while (weft_sleep(ctx, WEFT_SECOND) == 0)
 *             look();
 *     }
 *
 * A context keeps the ones it was made from alive, so they may be dropped in
 * any order.
 *
 * Misuse that panics, with both places named: a NULL context, use after the
 * last reference was dropped, cancelling what cannot be cancelled (the
 * background, a value context, one of weft_ctx_without_cancel()).
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include "weft/base.h"
#include "weft/chan.h"
#include "weft/time.h"

WEFT_BEGIN_DECLS

WEFT_CHAN(weft_done_chan, weft_unit);

/* ---- making --------------------------------------------------------------- */

/** weft_background - the root context: never ends, carries nothing, needs no release. */
WEFT_API weft_ctx *weft_background(void);

/**
 * weft_ctx_with_cancel - a context that weft_ctx_cancel() ends, or @parent's end.
 *
 * Call in: anywhere.  Panics when memory runs out; so do the calls below.
 */
#define weft_ctx_with_cancel(parent) WEFT_IMPL_CTX((weft_ctx_with_cancel)(parent))
WEFT_API weft_ctx *(weft_ctx_with_cancel)(weft_ctx *parent);

/**
 * weft_ctx_with_timeout - a context that also ends d from now, with -ETIMEDOUT.
 *
 * With d of zero or less it has ended already.  A parent's earlier deadline
 * holds for it too.  A deadline that is still to come is no leak.
 *
 * Call in: anywhere while the runtime runs.
 */
#define weft_ctx_with_timeout(parent, d) WEFT_IMPL_CTX((weft_ctx_with_timeout)((parent), (d)))
WEFT_API weft_ctx *(weft_ctx_with_timeout)(weft_ctx *parent, weft_duration d);

/** weft_ctx_with_deadline - the same with a moment of weft_now()'s clock. */
#define weft_ctx_with_deadline(parent, when)                                                       \
    WEFT_IMPL_CTX((weft_ctx_with_deadline)((parent), (when)))
WEFT_API weft_ctx *(weft_ctx_with_deadline)(weft_ctx *parent, weft_time when);

/**
 * weft_ctx_with_value - a context that carries one value more.
 *
 * @key is any address that is the caller's own, as of a static variable; only
 * the address counts.  @value must stay valid while the context is used.  For
 * what belongs to a request as a whole, not for optional arguments.  It ends
 * with @parent; dropping it does not touch @parent.
 *
 * Misuse: a NULL key panics.
 */
#define weft_ctx_with_value(parent, key, value)                                                    \
    WEFT_IMPL_CTX((weft_ctx_with_value)((parent), (key), (value)))
WEFT_API weft_ctx *(weft_ctx_with_value)(weft_ctx *parent, const void *key, const void *value);

/** weft_ctx_without_cancel - @parent's values, but neither its end nor its deadline. */
#define weft_ctx_without_cancel(parent) WEFT_IMPL_CTX((weft_ctx_without_cancel)(parent))
WEFT_API weft_ctx *(weft_ctx_without_cancel)(weft_ctx *parent);

/**
 * weft_ctx_with_signals - a context that ends when one of these signals comes.
 *
 *     weft_auto(weft_ctx, ctx) = weft_ctx_with_signals(weft_background(), SIGINT, SIGTERM, 0);
 *
 * A list of signal numbers, ended by 0.  They no longer do what they did
 * before, until the last context that watches them is cancelled with
 * weft_ctx_cancel() or dropped.  Its error is then -ECANCELED, its cause
 * -EINTR.  A program that wants the second Ctrl-C to end it at once cancels
 * the context when the first has come.
 *
 * While such a context exists, waiting for ever is no deadlock.
 *
 * Call in: anywhere while the runtime runs.
 * Misuse:  panics on a number that is no signal, cannot be caught (SIGKILL,
 *          SIGSTOP), or tells of a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL).
 */
#define weft_ctx_with_signals(parent, ...)                                                         \
    WEFT_IMPL_CTX(weft_impl_ctx_with_signals((parent), (const int[]){__VA_ARGS__, 0}))
WEFT_API weft_ctx *weft_impl_ctx_with_signals(weft_ctx *parent, const int *signals);

/* ---- ending --------------------------------------------------------------- */

/**
 * weft_ctx_cancel - end the context and all that were made from it.
 *
 * When it returns all of them have ended, unless another cancel of the same
 * context is still under way.  Cancelling again does nothing.
 *
 * Blocks: no.  Call in: anywhere but a signal handler.
 * Order:  happens before whatever learns of the end: a wait that returns
 *         because of it, weft_ctx_err() with an error, a call of
 *         weft_ctx_after_func().
 * Misuse: panics on what cannot be cancelled; see the top.
 */
WEFT_API void weft_ctx_cancel(weft_ctx *ctx);

/** weft_ctx_cancel_cause - the same, and weft_ctx_cause() tells why; 0 counts as -ECANCELED. */
WEFT_API void weft_ctx_cancel_cause(weft_ctx *ctx, int cause);

/* ---- asking --------------------------------------------------------------- */

/** weft_ctx_err - 0 while it goes on; -ECANCELED or -ETIMEDOUT once it has ended. */
WEFT_API int weft_ctx_err(weft_ctx *ctx);

/** weft_ctx_cause - the cause given by the cancel that ended it, else as weft_ctx_err(). */
WEFT_API int weft_ctx_cause(weft_ctx *ctx);

/**
 * weft_ctx_done - the channel that is closed when the context ends.
 *
 *     weft_recv(weft_ctx_done(ctx), NULL);     // wait for the end
 *
 * In a select weft_on_done(ctx) does the same.  The channel is made when it is
 * first asked for and belongs to the context: no new reference.  NULL, on which
 * a receive waits for ever, for a context that never ends.
 */
WEFT_API weft_done_chan_rx *weft_ctx_done(weft_ctx *ctx);

/** weft_ctx_deadline - true and *when when it has a deadline; when may be NULL. */
WEFT_API bool weft_ctx_deadline(weft_ctx *ctx, weft_time *when);

/** weft_ctx_value - the value for this key nearest above, or NULL. */
WEFT_API void *weft_ctx_value(weft_ctx *ctx, const void *key);

/* ---- acting on the end ------------------------------------------------------ */

/** weft_ctx_call - names a call that weft_ctx_after_func() has arranged; needs no release. */
typedef struct weft_ctx_call {
    void *weft_at;
    uint64_t weft_serial;
} weft_ctx_call;

/**
 * weft_ctx_after_func - when the context ends, run f(args...) in a goroutine of its own.
 *
 * At once if it has ended.  The arguments are evaluated now.  The result may
 * be ignored; weft_ctx_call_stop() needs it.
 *
 * Order: this call, and the cancel, happen before f starts.
 */
#define weft_ctx_after_func(ctx, ...)                                                              \
    (WEFT_IMPL_CHECK(__VA_ARGS__),                                                                 \
     weft_impl_ctx_call_here(weft_impl_ctx_after_func((ctx), WEFT_IMPL_FN(__VA_ARGS__),            \
                                                      WEFT_IMPL_ARGS(__VA_ARGS__))))
__attribute__((always_inline)) static inline weft_ctx_call
weft_impl_ctx_call_here(weft_ctx_call call)
{
    WEFT_IMPL_SITE();
    return call;
}
WEFT_API weft_ctx_call weft_impl_ctx_after_func(weft_ctx *ctx, weft_impl_fn fn, unsigned n,
                                                const uintptr_t *args);

/**
 * weft_ctx_call_stop - call it off.  True when that came in time: then f never
 * runs.  False when it has been started or called off already; it is not
 * waited for.  Safe at any time, also when the context is long gone.
 */
WEFT_API bool weft_ctx_call_stop(weft_ctx_call call);

/* ---- references ------------------------------------------------------------- */

/** weft_ctx_ref - one more reference; gives the context back.  NULL stays NULL. */
WEFT_API weft_ctx *weft_ctx_ref(weft_ctx *ctx);

/**
 * weft_ctx_unref - drop a reference, and do not cancel.  NULL does nothing.
 *
 * Misuse: panics when it was the last one while a goroutine without a
 * reference of its own waits for the end, which then could never come.
 */
#define weft_ctx_unref(ctx)                                                                        \
    ({                                                                                             \
        (weft_ctx_unref)(ctx);                                                                     \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_ctx_unref)(weft_ctx *ctx);

/* The end of a weft_auto() scope: cancels what can be cancelled, and drops. */
WEFT_API void weft_impl_ctx_end(weft_ctx *ctx);

static inline void weft_ctx_cleanup(weft_ctx **ctx)
{
    weft_impl_ctx_end(*ctx);
}

/* A context is reported by the line that made it: the call must not become a jump. */
#define WEFT_IMPL_CTX(call)                                                                        \
    ({                                                                                             \
        weft_ctx *weft_impl_made = (call);                                                         \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_made;                                                                            \
    })

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_CONTEXT_H */
