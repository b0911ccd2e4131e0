/* SPDX-License-Identifier: MIT */
/*
 * Stack memory: equal slots in one reservation, each with a guard page below.
 *
 *     slot n                                   slot n + 1
 *     | guard | ... untouched ... | used page |  guard | ...
 *     lo                                      hi
 *
 * A slot costs the pages that were touched: one, for a goroutine that waits.
 * Slots are handed out warm: an ended goroutine's slot goes to its processor's
 * cache, and from there in batches to the common list.  Ending a goroutine never
 * asks the kernel for anything; the monitor trims the common list to the kept
 * amount and gives the pages of the rest back, many neighbours in one call.
 *
 * Guards: MADV_GUARD_INSTALL (Linux 6.13) where the kernel has it, which leaves
 * the whole reservation one mapping; else PROT_NONE pages, as long as the
 * kernel's limit on mappings allows; beyond that slots without a guard, said
 * once on standard error, and an overflow is then found at the next switch.
 * WEFT_GUARD=madvise|mprotect|none overrides the choice.
 *
 * Sizes other than the default get a mapping of their own.
 */
#ifndef WEFT_SRC_STACK_H
#define WEFT_SRC_STACK_H

#include <stdbool.h>
#include <stddef.h>

enum { STACK_CACHE = 32 };

/* A processor's own free slots; touched only by its owner. */
struct stack_cache {
    char *slot[STACK_CACHE]; /* upper ends */
    unsigned n;
};

#define STACK_SLOT ((size_t)256 << 10)

int weft__stacks_init(void);
void weft__stacks_fini(void);

/* weft__stack_get - a default slot; false when address space or memory is out. */
bool weft__stack_get(struct stack_cache *cache, char **lo, char **hi);
/* weft__stack_fresh - a race detector forgets what former owners of the slot did
 * there: in the pages they touched, as the rest would cost more than a goroutine. */
void weft__stack_fresh(char *lo, char *hi);
void weft__stack_put(struct stack_cache *cache, char *hi);
/* weft__stack_flush - give a cache's slots to the common list. */
void weft__stack_flush(struct stack_cache *cache);

/* weft__stacks_trim - give a portion of the memory beyond the kept amount back that
 * has not been wanted for a while; @idle, when nothing has run since the last
 * call: of all of it, and then the deep parts of what is kept.  True when there
 * is more to do.  For the monitor. */
bool weft__stacks_trim(bool idle);

/* weft__stack_map, _unmap - a stack of another size, with a guard below. */
bool weft__stack_map(size_t size, char **lo, char **hi);
void weft__stack_unmap(char *lo, char *hi);

static inline bool weft__stack_is_slot(const char *lo, const char *hi)
{
    return hi - lo == (long)STACK_SLOT;
}

#endif /* WEFT_SRC_STACK_H */
