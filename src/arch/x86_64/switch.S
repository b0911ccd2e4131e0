/* SPDX-License-Identifier: MIT */
/*
 * Context switch for x86-64, System V ABI.
 *
 * Saved: rbx, rbp, r12-r15, MXCSR and the x87 control word, as the ABI has a
 * callee preserve; everything else is the caller's.  Left alone: the signal
 * mask, the segment bases, the shadow stack (the object is marked IBT only, so
 * the kernel does not turn shadow stacks on).
 *
 * Frame, from the stack pointer up (struct switch_frame in frame.c):
 *     0  MXCSR (4), x87 control word (2), unused (2)
 *     8  r15  16 r14  24 r13  32 r12  40 rbx  48 rbp  56 return address
 *
 * The control words are reloaded only when they differ: loading is slow, and
 * goroutines that change them are rare.
 */
        .text

        .macro  SAVE
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        .endm

        .macro  RESTORE
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        .endm

        .macro  BEGIN name
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 4
\name:
        .cfi_startproc
        endbr64
        .endm

        .macro  FINISH name
        .cfi_endproc
        .size   \name, .-\name
        .endm

/* void weft__switch(void **save, void *load) */
        BEGIN   weft__switch
        SAVE
        movq    %rsp, (%rdi)
        movl    (%rsp), %eax
        movzwl  4(%rsp), %ecx
        movq    %rsi, %rsp
        cmpl    (%rsp), %eax
        jne     1f
        cmpw    4(%rsp), %cx
        jne     1f
0:      RESTORE
        ret
        .cfi_adjust_cfa_offset 56
        .cfi_rel_offset r15, 8
        .cfi_rel_offset r14, 16
        .cfi_rel_offset r13, 24
        .cfi_rel_offset r12, 32
        .cfi_rel_offset rbx, 40
        .cfi_rel_offset rbp, 48
1:      ldmxcsr (%rsp)
        fldcw   4(%rsp)
        jmp     0b
        FINISH  weft__switch

/* void weft__jump(void *load) */
        BEGIN   weft__jump
        movq    %rdi, %rsp
        .cfi_def_cfa rsp, 64
        .cfi_offset rip, -8
        .cfi_offset rbp, -16
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        RESTORE
        ret
        FINISH  weft__jump

/* int weft__call_saved(void **save, void (*fn)(void *), void *arg) */
        BEGIN   weft__call_saved
        SAVE
        movq    %rsp, (%rdi)
        leaq    48(%rsp), %rbp          /* keeps the chain of frame pointers whole */
        movq    %rdx, %rdi
        call    *%rsi
        xorl    %eax, %eax
        RESTORE
        ret
        FINISH  weft__call_saved

/* void weft__resume_saved(void *save): weft__call_saved returns 1 */
        BEGIN   weft__resume_saved
        movq    %rdi, %rsp
        .cfi_def_cfa rsp, 64
        .cfi_offset rip, -8
        .cfi_offset rbp, -16
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        movl    $1, %eax
        RESTORE
        ret
        FINISH  weft__resume_saved

/* void weft__call_on(void *top, void (*fn)(void *), void *arg) */
        BEGIN   weft__call_on
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        movq    %rdi, %rsp
        movq    %rdx, %rdi
        call    *%rsi
        movq    %rbp, %rsp
        .cfi_def_cfa_register rsp
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        ret
        FINISH  weft__call_on

/* Where a new goroutine starts: rbx holds the entry function.  There is no
 * caller, and unwinders are told so.  The gap keeps the first frame of this
 * goroutine off the place where the next one's is made, when the ending one
 * prepares its successor on the very stack it stands on. */
        .globl  weft__entry
        .hidden weft__entry
        .type   weft__entry, @function
        .p2align 4
weft__entry:
        .cfi_startproc
        .cfi_undefined rip
        endbr64
        xorl    %ebp, %ebp
        subq    $192, %rsp
        call    *%rbx
        ud2
        FINISH  weft__entry

/* This object supports indirect branch tracking; no executable stack. */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, 1, 0
        .section .note.GNU-stack, "", @progbits
