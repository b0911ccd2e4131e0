/* SPDX-License-Identifier: MIT */
/*
 * Asking Valgrind, which runs a program instead of being linked to it.
 *
 * A question is a sequence of instructions that change nothing, and that
 * Valgrind knows; on the processor itself the answer is the one given as
 * default.  They and the numbers are those of valgrind.h, which need not be
 * there when weft is built.
 */
#ifndef WEFT_SRC_VALGRIND_H
#define WEFT_SRC_VALGRIND_H

#include <stdint.h>

enum {
    VALGRIND_RUNS_US = 0x1001,
    VALGRIND_STACK_REGISTER = 0x1501,
    VALGRIND_STACK_DEREGISTER = 0x1502,
};

static inline uintptr_t valgrind_ask(uintptr_t otherwise, uintptr_t what, uintptr_t a, uintptr_t b)
{
    volatile uintptr_t question[6] = {what, a, b, 0, 0, 0};
    uintptr_t answer;
#if defined(__x86_64__)
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi; rolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "=d"(answer)
                     : "a"(&question[0]), "0"(otherwise)
                     : "cc", "memory");
#elif defined(__aarch64__)
    register volatile uintptr_t *x4 __asm__("x4") = &question[0];
    register uintptr_t x3 __asm__("x3") = otherwise;
    __asm__ volatile("ror x12, x12, #3; ror x12, x12, #13\n\t"
                     "ror x12, x12, #51; ror x12, x12, #61\n\t"
                     "orr x10, x10, x10"
                     : "+r"(x3)
                     : "r"(x4)
                     : "cc", "memory");
    answer = x3;
#else
    (void)question;
    answer = otherwise;
#endif
    return answer;
}

#endif /* WEFT_SRC_VALGRIND_H */
