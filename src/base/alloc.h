/* SPDX-License-Identifier: MIT */
/*
 * Memory for the runtime's own objects: channels, timers, contexts.
 *
 * Never malloc: reports must work while a user's heap is broken or locked, and
 * a search for unreachable waiters must be able to tell our memory from the
 * user's.  Sizes are rounded up to powers of two with a free list each; large
 * blocks are mapped.  The caller keeps the size.
 */
#ifndef WEFT_SRC_ALLOC_H
#define WEFT_SRC_ALLOC_H

#include <stddef.h>

/* weft__alloc - @size bytes, 64-byte aligned, not cleared; NULL when memory is out. */
void *weft__alloc(size_t size);
/* weft__alloc_zero - the same, cleared. */
void *weft__alloc_zero(size_t size);
void weft__free(void *at, size_t size);

#endif /* WEFT_SRC_ALLOC_H */
