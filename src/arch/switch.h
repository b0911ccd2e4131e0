/* SPDX-License-Identifier: MIT */
/*
 * What a CPU must offer to run goroutines: four routines, in switch.S beside
 * this file's folder for each CPU, and the current goroutine.
 *
 * A suspended context is one pointer, its stack pointer; everything the ABI
 * tells a callee to preserve lies above it on its own stack, in the layout of
 * struct switch_frame (arch/<cpu>/frame.h).
 */
#ifndef WEFT_SRC_SWITCH_H
#define WEFT_SRC_SWITCH_H

#include <stdint.h>

/* weft__switch - suspend the running context into *save, continue the one at load. */
void weft__switch(void **save, void *load);

/* weft__jump - continue the context at load; the running one is given up. */
void weft__jump(void *load) __attribute__((noreturn));

/*
 * weft__frame_make - a context that will call entry() on an empty stack.
 *
 * top is the stack's upper end, 16-byte aligned; entry never returns.
 * Returns the value to load.
 */
void *weft__frame_make(void *top, void (*entry)(void));

/*
 * weft__call_saved - call fn(arg), with the way back kept in *save.
 *
 * Returns 0 when fn returned, 1 when weft__resume_saved(*save) was called from
 * within it, on this stack; what lies deeper is given up then.
 */
int weft__call_saved(void **save, void (*fn)(void *), void *arg);
void weft__resume_saved(void *save) __attribute__((noreturn));

/*
 * weft__call_on - call fn(arg) on another stack and come back; for work that
 * needs more room than a goroutine has.  top is 16-byte aligned.
 */
void weft__call_on(void *top, void (*fn)(void *), void *arg);

/*
 * Where the saved frame pointer and the return address of a suspended context
 * are, for walking its stack.
 */
uintptr_t weft__frame_fp(const void *sp);
uintptr_t weft__frame_pc(const void *sp);

struct g;

/*
 * weft__self - the goroutine (or thread record) that runs here; NULL on a
 * thread that weft has not met.  Never cached by the compiler: after a switch
 * the thread may be another one.
 */
#if defined(__x86_64__)
static inline struct g *weft__self(void)
{
    struct g *g;
    __asm__ volatile("movq weft__tls_g@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(g));
    return g;
}

static inline void weft__set_self(struct g *g)
{
    uintptr_t offset;
    __asm__ volatile("movq weft__tls_g@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)"
                     : "=&r"(offset)
                     : "r"(g)
                     : "memory");
}
#else
struct g *weft__self(void);
void weft__set_self(struct g *g);
#endif

#endif /* WEFT_SRC_SWITCH_H */
