/* SPDX-License-Identifier: MIT */
/* NULL for a context. */
#include <weft.h>
static int work(weft_ctx *ctx, int n) { return weft_sleep(ctx, n * WEFT_SECOND); }
static int lenient(weft_ctx *ctx) { return ctx ? weft_ctx_err(ctx) : 0; }
int elsewhere(weft_ctx *ctx, int n);
static void member(weft_ctx *ctx) { (void)weft_sleep(ctx, WEFT_SECOND); }

int sleeps(void) { return weft_sleep(NULL, WEFT_SECOND); } //! nilctx
int own(void) { return work(NULL, 3); } //! nilctx
int variable(void) { weft_ctx *none = NULL; return elsewhere(none, 3); } //! nilctx
void group(void) { weft_auto(weft_group, g) = weft_group_new(0); (void)g; } //! nilctx
void launched(weft_wg *wg) { weft_wg_go(wg, member, (weft_ctx *)NULL); } //! nilctx

int background(void) { return work(weft_background(), 3); }
int may_be_null(void) { return lenient(NULL); }
void release(void) { weft_auto(weft_ctx, c) = NULL; (void)c; weft_ctx_unref(NULL); }
int chosen(weft_ctx *ctx) { weft_ctx *c = NULL; if (ctx) c = ctx; else c = weft_background(); return work(c, 1); }
