/* SPDX-License-Identifier: MIT */
/*
 * For signal handlers that may have stopped a sanitizer in the middle of its
 * own work: the registers they were given, and errno, without calling anything
 * that it intercepts.
 */
#ifndef WEFT_SRC_REGS_H
#define WEFT_SRC_REGS_H

#include <errno.h>
#include <ucontext.h>

#include "debug/trace.h"

/* Not weft's errno, which tells TSan that the getter's result is the thread's. */
#undef errno
#define handler_errno (*__errno_location())

static inline void regs_of_signal(struct regs *r, const void *context)
{
    const ucontext_t *uc = context;
    r->has_fp = r->exact = true;
#if defined(__x86_64__)
    /* DWARF counts rax rdx rcx rbx rsi rdi rbp rsp r8..r15. */
    static const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15};
    for (r->count = 0; r->count < array_len(order); r->count++)
        r->all[r->count] = (uintptr_t)uc->uc_mcontext.gregs[order[r->count]];
    r->pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP] + 1;
    r->sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
    r->fp = (uintptr_t)uc->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    for (r->count = 0; r->count < 31; r->count++)
        r->all[r->count] = uc->uc_mcontext.regs[r->count];
    r->all[r->count++] = uc->uc_mcontext.sp;
    r->pc = uc->uc_mcontext.pc + 1;
    r->sp = uc->uc_mcontext.sp;
    r->fp = uc->uc_mcontext.regs[29];
#endif
}

#endif /* WEFT_SRC_REGS_H */
