/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct server { int fd; weft_ctx *ctx; }; //! ctxfield
int bad(int fd, weft_ctx *ctx) { return weft_ctx_err(ctx) + fd; } //! ctxfirst
int good(weft_ctx *ctx, int fd) { return weft_ctx_err(ctx) + fd; }
