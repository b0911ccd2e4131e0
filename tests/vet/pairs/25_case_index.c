/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
int bad(weft_ctx *x, ints *c) { int v = 0; switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) { case 0: return v; case 2: return -1; } return 0; } //! selindex
int good(weft_ctx *x, ints *c) { int v = 0; switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) { case 0: return v; case 1: return -1; } return 0; }
