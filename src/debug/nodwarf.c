/* SPDX-License-Identifier: MIT */
/* Where libdw's headers were missing at build time: no lines, no unwind tables. */
#ifndef WEFT_HAVE_LIBDWFL
#include "debug/lookup.h"
#include "debug/trace.h"

bool weft__dw_open(void) { return false; }

size_t weft__dw_lookup(uintptr_t address, struct symbol out[INLINE_MAX])
{
    (void)address;
    (void)out;
    return 0;
}

bool weft__walk_tables(struct trace *t, const struct regs *r, const struct bounds *b)
{
    (void)t;
    (void)r;
    (void)b;
    return false;
}
#endif
