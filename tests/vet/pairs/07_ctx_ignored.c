/* SPDX-License-Identifier: MIT */
#include <weft.h>
int bad(weft_ctx *ctx) { return weft_ctx_err(ctx) ? -1 : weft_sleep(weft_background(), WEFT_SECOND); } //! ctxpass
int good(weft_ctx *ctx) { return weft_sleep(ctx, WEFT_SECOND); }
int root(void) { return weft_sleep(weft_background(), WEFT_SECOND); }
