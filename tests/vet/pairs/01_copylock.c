/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct acct { weft_mutex mu; int n; };
int bad(struct acct *a) { struct acct b = *a; return b.n; } //! copylock
int bad2(struct acct a) { return a.n; } //! copylock
struct acct good(struct acct *a) { *a = (struct acct){.n = 1}; return (struct acct){0}; }
