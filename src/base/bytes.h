/* SPDX-License-Identifier: MIT */
/*
 * Moving and clearing the runtime's own bytes.
 *
 * Not by memcpy() and memset(): a sanitizer intercepts those and would take
 * them for accesses of the goroutine that happens to run here.
 */
#ifndef WEFT_SRC_BYTES_H
#define WEFT_SRC_BYTES_H

#include <stddef.h>

static inline void bytes_zero(void *at, size_t size)
{
    volatile char *p = at;
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(p), "+c"(size) : "a"(0) : "memory");
#else
    while (size-- > 0)
        *p++ = 0;
#endif
}

static inline void bytes_copy(void *to, const void *from, size_t size)
{
    volatile char *p = to;
    const volatile char *q = from;
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(p), "+S"(q), "+c"(size) : : "memory");
#else
    while (size-- > 0)
        *p++ = *q++;
#endif
}

#endif /* WEFT_SRC_BYTES_H */
