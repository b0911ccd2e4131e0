/* SPDX-License-Identifier: MIT */
/*
 * weft/context.h - deadlines and cancellation, handed from caller to callee.
 *
 * Every call that may wait takes a context first.  Pass it down, do not store
 * it.
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include "weft/base.h"
#include "weft/chan.h"

WEFT_BEGIN_DECLS

WEFT_CHAN(weft_done_chan, weft_unit);

/** weft_background - the root context: never ends, carries nothing, needs no release. */
WEFT_API weft_ctx *weft_background(void);

WEFT_END_DECLS

#endif /* WEFT_CONTEXT_H */
