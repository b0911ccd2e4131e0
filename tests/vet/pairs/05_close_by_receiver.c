/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
void bad(ints *c) { int v; while (weft_recv(c, &v)) if (v < 0) break; weft_close(c); } //! recvclose
void good(ints *c, int n) { for (int i = 0; i < n; i++) weft_send(c, i); weft_close(c); }
