/* SPDX-License-Identifier: MIT */
#include <weft.h>
#include <string.h>
static _Thread_local int depth;
int bad(void) { int *p = &depth; *p = 1; weft_yield(); return *p; } //! tlswait
int bad2(void) { depth++; weft_yield(); return depth--; } //! tlswait
int good(void) { depth = 1; int d = depth; weft_yield(); return d; }
