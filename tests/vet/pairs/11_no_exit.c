/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
static void bad(int *n) { for (;;) { weft_sleep(weft_background(), WEFT_SECOND); ++*n; } }
static void good(weft_ctx *ctx, int *n) { while (!weft_sleep(ctx, WEFT_SECOND)) ++*n; }
static void good2(ints *c) { weft_range (v, c) printf("%d\n", v); }
void f(weft_ctx *ctx, int *n, ints *c) { weft_go(bad, n); weft_go(good, ctx, n); weft_go(good2, c); } //! noexit
