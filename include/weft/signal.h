/* SPDX-License-Identifier: MIT */
/*
 * weft/signal.h - signals as values of a channel.
 *
 *     weft_auto(weft_signal_chan, signals) = weft_make(weft_signal_chan, 1);
 *     weft_signal_notify(signals, SIGHUP, SIGUSR1);
 *     weft_range (sig, signals)
 *         sig == SIGHUP ? reload() : report();
 *
 * To stop at a signal, weft_ctx_with_signals() (weft/context.h) is shorter.
 */
#ifndef WEFT_SIGNAL_H
#define WEFT_SIGNAL_H

#include "weft/base.h"
#include "weft/chan.h"

WEFT_BEGIN_DECLS

WEFT_CHAN(weft_signal_chan, int);

/**
 * weft_signal_notify - send these signals' numbers on a channel when they come.
 *
 * They no longer do what they did before, until no channel and no context
 * watches them.  Nobody waits for the receiver: a signal that finds the channel
 * full is dropped, so give it room for as many as matter.  The same signal may
 * go to several channels, and a second call for a channel adds signals.  The
 * channel is kept (a reference of its own) until weft_signal_stop().
 *
 * While a channel is notified, waiting for ever is no deadlock.
 *
 * Call in:  anywhere while the runtime runs.
 * Order:    nothing: a signal comes from outside.
 * Misuse:   panics on what weft_ctx_with_signals() panics on.  A channel that is
 *           closed without weft_signal_stop() panics when a signal comes.
 */
#define weft_signal_notify(c, ...)                                                                 \
    ({                                                                                             \
        weft_signal_chan *weft_impl_c = (c);                                                       \
        weft_impl_signal_notify((weft_chan *)weft_impl_c, (const int[]){__VA_ARGS__, 0});          \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void weft_impl_signal_notify(weft_chan *c, const int *signals);

/** weft_signal_stop - no more; when it returns none is sent any more.  Others do nothing. */
#define weft_signal_stop(c)                                                                        \
    ({                                                                                             \
        weft_signal_chan *weft_impl_c = (c);                                                       \
        weft_impl_signal_stop((weft_chan *)weft_impl_c);                                           \
        (void)0;                                                                                   \
    })
WEFT_API void weft_impl_signal_stop(weft_chan *c);

WEFT_END_DECLS

#endif /* WEFT_SIGNAL_H */
