/* SPDX-License-Identifier: MIT */
/*
 * weft/time.h - sleeping, timers, tickers, deferred calls.
 *
 * Durations are nanoseconds (weft/base.h); a duration of zero or less is over
 * at once.  Times are monotonic.  A pending timer is no goroutine and no leak.
 *
 *     weft_auto(weft_ticker, t) = weft_ticker_new(100 * WEFT_MILLISECOND);
 *     weft_range (now, weft_ticker_chan(t))
 *         poll_device(now);
 */
#ifndef WEFT_TIME_H
#define WEFT_TIME_H

#include "weft/base.h"
#include "weft/chan.h"

WEFT_BEGIN_DECLS

/** weft_time - a moment on the monotonic clock, in nanoseconds since an arbitrary start. */
typedef int64_t weft_time;

WEFT_CHAN(weft_time_chan, weft_time);

typedef struct weft_timer weft_timer;
typedef struct weft_ticker weft_ticker;

/** weft_now - the monotonic clock. */
WEFT_API weft_time weft_now(void);

/** weft_wall - the date: nanoseconds since 1970-01-01 UTC; it may be set back. */
WEFT_API int64_t weft_wall(void);

/**
 * weft_sleep - wait for a duration, or until the context ends.
 *
 * Blocks:   the goroutine, never its thread (a thread that is no goroutine
 *           sleeps itself).
 * Returns:  0 when the time is over; the context's error when it ended first,
 *           or had ended before.
 * Misuse:   a NULL context panics.
 */
#define weft_sleep(ctx, d)                                                                         \
    ({                                                                                             \
        int weft_impl_r = weft_impl_sleep((ctx), (d));                                             \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int weft_impl_sleep(weft_ctx *ctx, weft_duration d);

/**
 * weft_timer_new - after d, the time is sent once on the timer's channel.
 *
 * The channel looks unbuffered (len and cap 0) and belongs to the timer: it
 * ends with it.  Release with weft_auto() or weft_timer_unref(), which stops
 * the timer.
 */
WEFT_API weft_timer *weft_timer_new(weft_duration d);

/** weft_timer_chan - where the time arrives; no new reference.  A timer of weft_after_func() has none: NULL. */
WEFT_API weft_time_chan_rx *weft_timer_chan(weft_timer *t);

/**
 * weft_timer_stop - disarm.  True when it was armed, or had fired and its
 * value was not taken yet; that value is discarded.  After it returns no stale
 * value arrives.  For weft_after_func(): false means the call has begun.
 */
WEFT_API bool weft_timer_stop(weft_timer *t);

/** weft_timer_reset - arm anew for d from now; result and discarding as in weft_timer_stop(). */
WEFT_API bool weft_timer_reset(weft_timer *t, weft_duration d);

/** weft_timer_unref - stop and release; NULL does nothing.  A timer of weft_after_func() goes on. */
WEFT_API void weft_timer_unref(weft_timer *t);

/**
 * weft_after_func - after d, run f(args...) in a goroutine of its own.
 *
 * The arguments are evaluated now.  The handle may be dropped at once: that
 * does not stop the call, only weft_timer_stop() does.
 */
#define weft_after_func(d, ...)                                                                    \
    (WEFT_IMPL_CHECK(__VA_ARGS__),                                                                 \
     (weft_timer *)weft_impl_keep(                                                                 \
         weft_impl_after_func(d, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__))))
WEFT_API weft_timer *weft_impl_after_func(weft_duration d, weft_impl_fn fn, unsigned n,
                                          const uintptr_t *args);

/**
 * weft_timer_wait - wait until the call of weft_after_func() that stop came too
 * late for has returned.  Returns at once when none is under way.
 */
WEFT_API void weft_timer_wait(weft_timer *t);

/**
 * weft_ticker_new - every d the time is sent on the ticker's channel; ticks
 * that nobody took in time are dropped.  Panics unless d > 0.
 */
WEFT_API weft_ticker *weft_ticker_new(weft_duration d);
WEFT_API weft_time_chan_rx *weft_ticker_chan(weft_ticker *t);
/** weft_ticker_stop - no more ticks; the channel is not closed. */
WEFT_API void weft_ticker_stop(weft_ticker *t);
/** weft_ticker_reset - a new period, from now; panics unless d > 0. */
WEFT_API void weft_ticker_reset(weft_ticker *t, weft_duration d);
/** weft_ticker_unref - stop and release; NULL does nothing. */
WEFT_API void weft_ticker_unref(weft_ticker *t);

static inline void weft_timer_cleanup(weft_timer **t)
{
    weft_timer_unref(*t);
}

static inline void weft_ticker_cleanup(weft_ticker **t)
{
    weft_ticker_unref(*t);
}

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_TIME_H */
