/* SPDX-License-Identifier: MIT */
/* Numbers as durations. */
#include <weft.h>
#define TIMEOUT 500
void later(weft_duration d);

int bare(weft_ctx *ctx) { return weft_sleep(ctx, 100); } //! durationarg
int macro(weft_ctx *ctx) { weft_auto(weft_ctx, c) = weft_ctx_with_timeout(ctx, TIMEOUT); return weft_sleep(c, WEFT_SECOND); } //! durationarg
void own(void) { later(30); } //! durationarg
void by_select(void) { weft_select(weft_on_timeout(250)); } //! durationarg
int product(weft_ctx *ctx, weft_duration d) { return weft_sleep(ctx, d * WEFT_SECOND); } //! durationarg
weft_duration squared(weft_duration d) { return WEFT_MINUTE * d; } //! durationarg

int unit(weft_ctx *ctx) { return weft_sleep(ctx, 100 * WEFT_MILLISECOND); }
int scaled(weft_ctx *ctx, int n) { return weft_sleep(ctx, n * WEFT_SECOND); }
int converted(weft_ctx *ctx, unsigned n) { return weft_sleep(ctx, (weft_duration)n * WEFT_SECOND); }
int at_once(weft_ctx *ctx) { return weft_sleep(ctx, 0); }
int counted(weft_ctx *ctx) { return weft_sleep(ctx, 5000); }
weft_duration doubled(weft_duration d) { return 2 * d + d / WEFT_SECOND; }
int variable(weft_ctx *ctx, weft_duration d) { return weft_sleep(ctx, d); }
