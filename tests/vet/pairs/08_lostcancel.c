/* SPDX-License-Identifier: MIT */
#include <weft.h>
int bad(weft_ctx *p, int x) { weft_ctx *c = weft_ctx_with_cancel(p); if (x) return -1; int r = weft_sleep(c, 1); weft_ctx_unref(c); return r; } //! lostcancel
int good(weft_ctx *p, int x) { weft_auto(weft_ctx, c) = weft_ctx_with_cancel(p); if (x) return -1; return weft_sleep(c, 1); }
int good2(weft_ctx *p, int x) { weft_ctx *c = weft_ctx_with_cancel(p); int r = -1; if (x) goto out; r = weft_sleep(c, 1); out: weft_ctx_unref(c); return r; }
weft_ctx *good3(weft_ctx *p) { return weft_ctx_with_timeout(p, 5); }
