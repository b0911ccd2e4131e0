/* SPDX-License-Identifier: MIT */
/* The word of a reader-writer lock, for who writes reports about it too. */
#ifndef WEFT_SRC_RWMUTEX_IMPL_H
#define WEFT_SRC_RWMUTEX_IMPL_H

#include <stdint.h>

/* weft_rwmutex.weft_state; rwmutex.c says what the bits mean.  While anybody
 * waits all readers are counted in it. */
#define WRITER  ((uint32_t)1)
#define QUEUED  ((uint32_t)2)
#define READER  ((uint32_t)4)
#define READERS ((uint32_t)0x03fffffc)
#define FOLDING ((uint32_t)1 << 26)
#define WQUEUED ((uint32_t)1 << 27)
#define WOKEN   ((uint32_t)1 << 28)
#define URGENT  ((uint32_t)1 << 29)
#define SPREAD  ((uint32_t)1 << 30)

#endif /* WEFT_SRC_RWMUTEX_IMPL_H */
