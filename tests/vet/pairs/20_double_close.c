/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
void bad(ints *c, int x) { if (x) weft_close(c); weft_send(c, 1); weft_close(c); } //! closed
void good(ints *c, int x) { if (x) { weft_close(c); return; } weft_send(c, 1); weft_close(c); }
void good2(ints **cs, int n) { for (int i = 0; i < n; i++) weft_close(cs[i]); }
