/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
void bad(ints *c) { for (;;) { int v; weft_auto(weft_timer, t) = weft_timer_new(WEFT_SECOND); if (!weft_recv(c, &v)) return; (void)t; } } //! timerloop
void good(ints *c) { for (;;) { int v; if (weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_SECOND)) == 1) return; } }
