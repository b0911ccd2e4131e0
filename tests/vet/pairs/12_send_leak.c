/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
static void work(ints *c) { weft_send(c, 42); }
int bad(weft_ctx *x) { ints *c = weft_make(ints, 0); weft_go(work, c); int v = 0; if (weft_select(weft_on_recv(c, &v), weft_on_done(x)) == 1) return -1; return v; } //! sendleak
int bad2(int x) { ints *c = weft_make(ints, 0); weft_go(work, c); if (x) return -1; int v; weft_recv(c, &v); return v; } //! sendleak
int good(weft_ctx *x) { ints *c = weft_make(ints, 1); weft_go(work, c); int v = 0; if (weft_select(weft_on_recv(c, &v), weft_on_done(x)) == 1) return -1; return v; }
int good2(void) { ints *c = weft_make(ints, 0); weft_go(work, c); int v; weft_recv(c, &v); return v; }
