/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
int bad(ints *c) { int v; for (;;) switch (weft_select(weft_on_recv(c, &v), weft_on_default())) { case 0: return v; case 1: break; } } //! busyloop
int bad2(ints *c) { int v; while (!weft_try_recv(c, &v)) ; return v; } //! busyloop
int good(ints *c) { int v, n = 0; while (weft_try_recv(c, &v)) n += v; return n; }
int good2(ints *c) { int v; for (;;) switch (weft_select(weft_on_recv(c, &v), weft_on_default())) { case 0: return v; case 1: weft_yield(); } }
