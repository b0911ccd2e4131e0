/* SPDX-License-Identifier: MIT */
/* The suspended frame as switch.S lays it out on x86-64. */
#if defined(__x86_64__)
#include <stddef.h>

#include "arch/switch.h"

struct switch_frame {
    uint32_t mxcsr;
    uint16_t x87_control;
    uint16_t unused;
    uintptr_t r15, r14, r13, r12, rbx, rbp;
    uintptr_t pc;
};
_Static_assert(sizeof(struct switch_frame) == 64, "switch.S");
_Static_assert(offsetof(struct switch_frame, rbx) == 40, "switch.S");
_Static_assert(offsetof(struct switch_frame, rbp) == 48, "switch.S");
_Static_assert(offsetof(struct switch_frame, pc) == 56, "switch.S");

void weft__entry(void);

void *weft__frame_make(void *top, void (*entry)(void))
{
    struct switch_frame *f = (struct switch_frame *)top - 1;
    *f = (struct switch_frame){
        .mxcsr = 0x1f80, /* what a new thread has: all exceptions masked, round to nearest */
        .x87_control = 0x037f,
        .rbx = (uintptr_t)entry,
        .pc = (uintptr_t)weft__entry,
    };
    return f;
}

uintptr_t weft__frame_fp(const void *sp) { return ((const struct switch_frame *)sp)->rbp; }

uintptr_t weft__frame_pc(const void *sp) { return ((const struct switch_frame *)sp)->pc; }
#endif
