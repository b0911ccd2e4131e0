/* SPDX-License-Identifier: MIT */
/* The suspended frame as switch.S lays it out on aarch64. */
#if defined(__aarch64__)
#include <stddef.h>

#include "arch/switch.h"

struct switch_frame {
    uintptr_t x29, x30;
    uintptr_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
    uint64_t d[8];
    uint64_t fpcr, unused;
};
_Static_assert(sizeof(struct switch_frame) == 176, "switch.S");
_Static_assert(offsetof(struct switch_frame, x19) == 16, "switch.S");
_Static_assert(offsetof(struct switch_frame, d) == 96, "switch.S");
_Static_assert(offsetof(struct switch_frame, fpcr) == 160, "switch.S");

void weft__entry(void);

void *weft__frame_make(void *top, void (*entry)(void))
{
    struct switch_frame *f = (struct switch_frame *)top - 1;
    *f = (struct switch_frame){.x19 = (uintptr_t)entry, .x30 = (uintptr_t)weft__entry};
    return f;
}

uintptr_t weft__frame_fp(const void *sp) { return ((const struct switch_frame *)sp)->x29; }

uintptr_t weft__frame_pc(const void *sp) { return ((const struct switch_frame *)sp)->x30; }

/* The thread register must be read anew at each use: the compiler keeps
 * addresses of thread-local objects across calls, so these stay functions. */
extern __thread struct g *weft__tls_g;

__attribute__((noinline)) struct g *weft__self(void)
{
    __asm__ volatile("");
    return weft__tls_g;
}

__attribute__((noinline)) void weft__set_self(struct g *g)
{
    __asm__ volatile("");
    weft__tls_g = g;
}
#endif
