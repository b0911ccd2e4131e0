/* SPDX-License-Identifier: MIT */
/*
 * Context switch for aarch64, AAPCS64.
 *
 * Saved: x19-x28, x29 (frame pointer), x30 (return address), the low halves of
 * v8-v15 (d8-d15) and FPCR, as the ABI has a callee preserve.  x18 is the
 * platform's and left alone.
 *
 * Frame, from the stack pointer up (struct switch_frame in frame.c):
 *     0  x29, x30   16 x19-x28   96 d8-d15   160 FPCR, unused
 */
        .text

        .macro  SAVE
        stp     x29, x30, [sp, #-176]!
        .cfi_adjust_cfa_offset 176
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        stp     x19, x20, [sp, #16]
        .cfi_rel_offset x19, 16
        .cfi_rel_offset x20, 24
        stp     x21, x22, [sp, #32]
        .cfi_rel_offset x21, 32
        .cfi_rel_offset x22, 40
        stp     x23, x24, [sp, #48]
        .cfi_rel_offset x23, 48
        .cfi_rel_offset x24, 56
        stp     x25, x26, [sp, #64]
        .cfi_rel_offset x25, 64
        .cfi_rel_offset x26, 72
        stp     x27, x28, [sp, #80]
        .cfi_rel_offset x27, 80
        .cfi_rel_offset x28, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #160]
        .endm

        .macro  RESTORE
        ldr     x9, [sp, #160]
        mrs     x10, fpcr
        cmp     x9, x10
        b.eq    9f
        msr     fpcr, x9
9:      ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldp     x29, x30, [sp], #176
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .endm

        .macro  BEGIN name
        .globl  \name
        .hidden \name
        .type   \name, %function
        .p2align 4
\name:
        .cfi_startproc
        hint    #34                     /* bti c */
        .endm

        .macro  FINISH name
        .cfi_endproc
        .size   \name, .-\name
        .endm

/* void weft__switch(void **save, void *load) */
        BEGIN   weft__switch
        SAVE
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        RESTORE
        ret
        FINISH  weft__switch

/* void weft__jump(void *load) */
        BEGIN   weft__jump
        mov     sp, x0
        .cfi_def_cfa sp, 176
        RESTORE
        ret
        FINISH  weft__jump

/* int weft__call_saved(void **save, void (*fn)(void *), void *arg) */
        BEGIN   weft__call_saved
        SAVE
        mov     x9, sp
        str     x9, [x0]
        mov     x29, sp
        mov     x0, x2
        blr     x1
        mov     x0, #0
        RESTORE
        ret
        FINISH  weft__call_saved

/* void weft__resume_saved(void *save): weft__call_saved returns 1 */
        BEGIN   weft__resume_saved
        mov     sp, x0
        .cfi_def_cfa sp, 176
        mov     x0, #1
        RESTORE
        ret
        FINISH  weft__resume_saved

/* void weft__call_on(void *top, void (*fn)(void *), void *arg) */
        BEGIN   weft__call_on
        stp     x29, x30, [sp, #-16]!
        .cfi_adjust_cfa_offset 16
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        mov     x29, sp
        .cfi_def_cfa_register x29
        mov     sp, x0
        mov     x0, x2
        blr     x1
        mov     sp, x29
        .cfi_def_cfa_register sp
        ldp     x29, x30, [sp], #16
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        ret
        FINISH  weft__call_on

/* Where a new goroutine starts: x19 holds the entry function.  There is no
 * caller, and unwinders are told so.  The gap keeps the first frame of this
 * goroutine off the place where the next one's is made, when the ending one
 * prepares its successor on the very stack it stands on. */
        .globl  weft__entry
        .hidden weft__entry
        .type   weft__entry, %function
        .p2align 4
weft__entry:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     /* bti j */
        mov     x29, #0
        sub     sp, sp, #256
        blr     x19
        brk     #1
        FINISH  weft__entry

/* This object supports branch target identification; no executable stack. */
        .section .note.gnu.property, "a"
        .p2align 3
        .word   4, 16, 5
        .asciz  "GNU"
        .word   0xc0000000, 4, 1, 0
        .section .note.GNU-stack, "", %progbits
