/* SPDX-License-Identifier: MIT */
/* What the rest of the runtime asks of a context. */
#ifndef WEFT_SRC_CONTEXT_IMPL_H
#define WEFT_SRC_CONTEXT_IMPL_H

#include "weft/context.h"

/* weft__ctx_check - 0, or the error of an ended context; a NULL context panics. */
int weft__ctx_check(weft_ctx *ctx);

/* weft__ctx_done - the channel that closes when @ctx ends; NULL when it never does. */
weft_chan *weft__ctx_done(weft_ctx *ctx);

#endif /* WEFT_SRC_CONTEXT_IMPL_H */
