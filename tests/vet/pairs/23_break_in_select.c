/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
void bad(weft_ctx *x, ints *c) { int v; for (;;) { switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) { case 0: continue; case 1: break; } } } //! selbreak
void good(weft_ctx *x, ints *c) { int v; for (;;) { switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) { case 0: continue; case 1: return; } } }
