/* SPDX-License-Identifier: MIT */
#include <weft.h>
#include <string.h>
struct box { weft_wg w[2]; };
struct pair { struct box l, r; };
void bad(struct pair *d, struct pair *s) { memcpy(d, s, sizeof *d); } //! copylock
void bad2(struct pair *p) { p->l = p->r; } //! copylock
void good(struct pair *p) { memset(p, 0, sizeof *p); }
