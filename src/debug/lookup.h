/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses, between the files that look them up.
 *
 * Everything here belongs to one thread at a time: the one inside
 * weft__with_symbols().
 */
#ifndef WEFT_SRC_LOOKUP_H
#define WEFT_SRC_LOOKUP_H

#include "debug/debug.h"

/*
 * weft__with_symbols - run fn(arg) where names can be looked up.
 *
 * One thread at a time; on a stack of its own, since libdw wants more room than
 * an overflowing goroutine has.  May be nested.  When another report does not
 * end, @t is set to raw and fn runs all the same.
 */
void weft__with_symbols(struct text *t, void (*fn)(void *), void *arg);

/* weft__in_symbols - is the caller's thread inside? */
bool weft__in_symbols(void);

/* weft__symbols - the functions at a return address, innermost first: more than
 * one where calls were inlined.  At least one.  Valid until the next call. */
size_t weft__symbols(uintptr_t pc, const struct symbol **out);

/* weft__symbol_raw - what can be said without locks, in a signal handler too. */
void weft__symbol_raw(uintptr_t pc, struct symbol *out);

/* weft__put_symbol - "function file.c:23", or "function+0x1f (module+0x4c1f)". */
void weft__put_symbol(struct text *t, const struct symbol *s);

/* weft__plain_length - of a symbol's name, without what compilers append:
 * "work.constprop.0" is work. */
int weft__plain_length(const char *name);

/* ---- elf.c: names alone, without libdw ----------------------------------------- */

/* weft__elf_symbol - fills in function and offset for an exact address. */
bool weft__elf_symbol(uintptr_t address, struct symbol *out);

/* ---- dwarf.c, or nodwarf.c without libdw --------------------------------------- */

enum { INLINE_MAX = 12 };

/* weft__dw_open - load libdw, and learn what was loaded since; false: not to be had. */
bool weft__dw_open(void);
/* weft__dw_lookup - the functions at an exact address; 0: no lines are known.
 * A single one may come without file. */
size_t weft__dw_lookup(uintptr_t address, struct symbol out[INLINE_MAX]);

#endif /* WEFT_SRC_LOOKUP_H */
