/* SPDX-License-Identifier: MIT */
/*
 * What the ABI has a callee preserve survives every switch between goroutines:
 * registers, floating-point control, the alignment of the stack.
 *
 * Each goroutine fills every callee-saved register with values of its own, calls
 * something that switches, and compares.  The probe is assembly, because a
 * compiler would not let us.
 */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <weft.h>

/*
 * abi_probe - fill the callee-saved registers with values made from seed, call
 * f(), and return which of them differ: one bit each.
 */
uint64_t abi_probe(uint64_t seed, void (*f)(void));

#if defined(__x86_64__)

enum { REGISTERS = 6 };

__asm__(".text\n"
        ".type abi_probe, @function\n"
        "abi_probe:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    pushq %rbx\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset rbx, 0\n"
        "    pushq %rbp\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset rbp, 0\n"
        "    pushq %r12\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset r12, 0\n"
        "    pushq %r13\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset r13, 0\n"
        "    pushq %r14\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset r14, 0\n"
        "    pushq %r15\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset r15, 0\n"
        "    pushq %rdi\n    .cfi_adjust_cfa_offset 8\n"
        "    leaq 1(%rdi), %rbx\n"
        "    leaq 2(%rdi), %rbp\n"
        "    leaq 3(%rdi), %r12\n"
        "    leaq 4(%rdi), %r13\n"
        "    leaq 5(%rdi), %r14\n"
        "    leaq 6(%rdi), %r15\n"
        "    call *%rsi\n"
        "    movq (%rsp), %rdi\n"
        "    xorl %eax, %eax\n"
        "    subq $1, %rbx\n    cmpq %rdi, %rbx\n    je 1f\n    orl $1, %eax\n1:\n"
        "    subq $2, %rbp\n    cmpq %rdi, %rbp\n    je 1f\n    orl $2, %eax\n1:\n"
        "    subq $3, %r12\n    cmpq %rdi, %r12\n    je 1f\n    orl $4, %eax\n1:\n"
        "    subq $4, %r13\n    cmpq %rdi, %r13\n    je 1f\n    orl $8, %eax\n1:\n"
        "    subq $5, %r14\n    cmpq %rdi, %r14\n    je 1f\n    orl $16, %eax\n1:\n"
        "    subq $6, %r15\n    cmpq %rdi, %r15\n    je 1f\n    orl $32, %eax\n1:\n"
        "    popq %rdi\n    .cfi_adjust_cfa_offset -8\n"
        "    popq %r15\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore r15\n"
        "    popq %r14\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore r14\n"
        "    popq %r13\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore r13\n"
        "    popq %r12\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore r12\n"
        "    popq %rbp\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore rbp\n"
        "    popq %rbx\n    .cfi_adjust_cfa_offset -8\n    .cfi_restore rbx\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size abi_probe, .-abi_probe\n");

/* The control bits only: the status bits are the caller's to lose. */
enum { MXCSR_CONTROL = 0xffc0 };

struct control {
    unsigned mxcsr;
    unsigned short x87;
};

static struct control control_get(void)
{
    struct control c;
    __asm__ volatile("stmxcsr %0" : "=m"(c.mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(c.x87));
    c.mxcsr &= MXCSR_CONTROL;
    return c;
}

static void control_set(struct control c)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(c.mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(c.x87));
}

/* Another combination for each number: rounding, flush to zero, x87 precision and rounding. */
static struct control control_for(unsigned i)
{
    struct control c = {0x1f80 | (i % 4) << 13 | (i / 4 % 2) << 15, 0x007f};
    c.x87 |= (unsigned short)((i / 8 % 4) << 10 | (i % 2 ? 0x200 : 0x300));
    return c;
}

static bool control_same(struct control a, struct control b)
{
    return a.mxcsr == b.mxcsr && a.x87 == b.x87;
}

#elif defined(__aarch64__)

enum { REGISTERS = 19 };

__asm__(".text\n"
        ".type abi_probe, %function\n"
        "abi_probe:\n"
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-176]!\n"
        "    .cfi_def_cfa_offset 176\n    .cfi_offset x29, -176\n    .cfi_offset x30, -168\n"
        "    stp x19, x20, [sp, #16]\n    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n    stp d14, d15, [sp, #144]\n"
        "    str x0, [sp, #160]\n"
        "    add x19, x0, #1\n    add x20, x0, #2\n    add x21, x0, #3\n    add x22, x0, #4\n"
        "    add x23, x0, #5\n    add x24, x0, #6\n    add x25, x0, #7\n    add x26, x0, #8\n"
        "    add x27, x0, #9\n    add x28, x0, #10\n    add x29, x0, #11\n"
        "    add x9, x0, #12\n    fmov d8, x9\n    add x9, x0, #13\n    fmov d9, x9\n"
        "    add x9, x0, #14\n    fmov d10, x9\n    add x9, x0, #15\n    fmov d11, x9\n"
        "    add x9, x0, #16\n    fmov d12, x9\n    add x9, x0, #17\n    fmov d13, x9\n"
        "    add x9, x0, #18\n    fmov d14, x9\n    add x9, x0, #19\n    fmov d15, x9\n"
        "    blr x1\n"
        "    ldr x1, [sp, #160]\n"
        "    mov x0, #0\n"
        "    .macro ABI_CHECK reg, n\n"
        "    sub x9, \\reg, #\\n\n    cmp x9, x1\n    cset x9, ne\n"
        "    orr x0, x0, x9, lsl #(\\n - 1)\n"
        "    .endm\n"
        "    ABI_CHECK x19, 1\n    ABI_CHECK x20, 2\n    ABI_CHECK x21, 3\n    ABI_CHECK x22, 4\n"
        "    ABI_CHECK x23, 5\n    ABI_CHECK x24, 6\n    ABI_CHECK x25, 7\n    ABI_CHECK x26, 8\n"
        "    ABI_CHECK x27, 9\n    ABI_CHECK x28, 10\n    ABI_CHECK x29, 11\n"
        "    fmov x10, d8\n    ABI_CHECK x10, 12\n    fmov x10, d9\n    ABI_CHECK x10, 13\n"
        "    fmov x10, d10\n    ABI_CHECK x10, 14\n    fmov x10, d11\n    ABI_CHECK x10, 15\n"
        "    fmov x10, d12\n    ABI_CHECK x10, 16\n    fmov x10, d13\n    ABI_CHECK x10, 17\n"
        "    fmov x10, d14\n    ABI_CHECK x10, 18\n    fmov x10, d15\n    ABI_CHECK x10, 19\n"
        "    ldp x19, x20, [sp, #16]\n    ldp x21, x22, [sp, #32]\n"
        "    ldp x23, x24, [sp, #48]\n    ldp x25, x26, [sp, #64]\n"
        "    ldp x27, x28, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n    ldp d14, d15, [sp, #144]\n"
        "    ldp x29, x30, [sp], #176\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size abi_probe, .-abi_probe\n");

struct control {
    uint64_t fpcr;
};

static struct control control_get(void)
{
    struct control c;
    __asm__ volatile("mrs %0, fpcr" : "=r"(c.fpcr));
    return c;
}

static void control_set(struct control c) { __asm__ volatile("msr fpcr, %0" : : "r"(c.fpcr)); }

/* Rounding and flush to zero. */
static struct control control_for(unsigned i)
{
    return (struct control){(uint64_t)(i % 4) << 22 | (uint64_t)(i / 4 % 2) << 24};
}

static bool control_same(struct control a, struct control b) { return a.fpcr == b.fpcr; }

#else
#error "no probe for this processor"
#endif

/* ---- the ways a goroutine is left and comes back ------------------------------------------------ */

WEFT_CHAN(int_chan, int);
static int_chan *ping, *pong;

static void by_yield(void) { weft_yield(); }
static void by_sleep(void) { (void)weft_sleep(weft_background(), 10 * WEFT_MICROSECOND); }
static void by_send(void) { weft_send(ping, 1); }
static void by_receive(void) { weft_recv(pong, NULL); }
static void by_select(void)
{
    weft_select(weft_on_recv(pong, NULL), weft_on_timeout(10 * WEFT_MICROSECOND));
}
static void by_blocking(void) { usleep(30); }

static void panics(void) { weft_panic("x"); }
static void by_panic(void) { weft_panic_info_free(weft_try(panics)); }

/* Registers and stack are wiped deeper down, then the panic comes back up here. */
static void panic_deep(int depth)
{
    if (depth > 0)
        abi_probe(~(uint64_t)depth, panics);
    weft_panic("not reached");
}
static void by_deep_panic(void) { weft_panic_info_free(weft_try(panic_deep, 3)); }

static void (*const ways[])(void) = {by_yield,  by_sleep,    by_send,  by_receive,
                                     by_select, by_blocking, by_panic, by_deep_panic};
enum { WAYS = sizeof ways / sizeof *ways };

static atomic_bool done;

static void partner(void)
{
    while (!done)
        if (weft_select(weft_on_recv(ping, NULL), weft_on_send(pong, 1),
                        weft_on_timeout(WEFT_MILLISECOND)) == 2)
            continue;
}

static void probe(unsigned id, int rounds)
{
    struct control mine = control_for(id);
    control_set(mine);
    for (int i = 0; i < rounds; i++) {
        unsigned way = (id + (unsigned)i) % WAYS;
        uint64_t seed = (uint64_t)id << 48 | (uint64_t)i << 20 | 0xa5a5;
        uint64_t wrong = abi_probe(seed, ways[way]);
        struct control now = control_get();
        if (wrong)
            weft_fail("goroutine %u, way %u: registers changed: 0x%llx", id, way,
                      (unsigned long long)wrong);
        if (!control_same(now, mine))
            weft_fail("goroutine %u, way %u: floating-point control changed", id, way);
    }
}

WEFT_TEST(registers_and_control_words_survive_switches)
{
    struct control before = control_get();
    weft_wg wg = {0}, partners = {0};
    weft_auto(int_chan, a) = weft_make(int_chan, 0);
    weft_auto(int_chan, b) = weft_make(int_chan, 0);
    ping = a, pong = b;
    for (int i = 0; i < 2; i++)
        weft_wg_go(&partners, partner);
    for (unsigned i = 0; i < 64; i++)
        weft_wg_go(&wg, probe, i, 200);
    weft_wg_wait(&wg);
    done = true;
    weft_wg_wait(&partners);
    weft_check(control_same(control_get(), before));
}

/* The probe itself can tell. */
static void spoil(void)
{
#if defined(__x86_64__)
    __asm__ volatile("xorl %%r13d, %%r13d" : : : "memory");
#else
    __asm__ volatile("mov x21, #0" : : : "memory");
#endif
}

WEFT_TEST(the_probe_sees_a_changed_register)
{
    uint64_t wrong = abi_probe(12345, by_yield);
    weft_check(wrong, ==, 0);
    wrong = abi_probe(12345, spoil);
    weft_check(__builtin_popcountll(wrong), ==, 1);
    _Static_assert(REGISTERS <= 64, "one bit each");
}

/* ---- what a goroutine starts with --------------------------------------------------------------- */

static struct control started_with;
static void note_control(weft_wg *wg)
{
    started_with = control_get();
    weft_wg_done(wg);
}

/* The ABI: "the control bits ... at process entry" are the default, and so they are at a
 * goroutine's, whoever started it and whatever ran on the thread before. */
WEFT_TEST(goroutines_start_with_the_default_control_words)
{
    struct control before = control_get();
    for (unsigned i = 0; i < 32; i++) {
        weft_wg wg = {0};
        weft_wg_add(&wg, 1);
        control_set(control_for(i));
        weft_go(note_control, &wg);
        weft_wg_wait(&wg);
        weft_check(control_same(control_get(), control_for(i)));
        control_set(before);
        weft_check(control_same(started_with, before));
    }
}

typedef double vector __attribute__((vector_size(16), aligned(16)));
typedef double wide __attribute__((vector_size(32), aligned(32)));

static volatile double one = 1;
static atomic_int aligned_count;

static void check_alignment(int id, char *text)
{
    /* Aligned moves fault on a stack that is not. */
    vector a = {one, one + id}, b = {one * 3, one * 4};
    volatile vector keep = a * b;
    wide w = {one, one, one, one};
    volatile wide keep_wide = w;
    weft_check(((uintptr_t)&keep & 15) == 0);
    weft_check(((uintptr_t)&keep_wide & 31) == 0);
    weft_check(((uintptr_t)__builtin_frame_address(0) & 15) == 0);
    /* printf saves vector registers with aligned moves, and takes doubles. */
    snprintf(text, 64, "%.1f %.2Lf %d", keep[1], (long double)keep[0], id);
    atomic_fetch_add(&aligned_count, 1);
}

WEFT_TEST(the_stack_is_aligned_at_a_goroutines_entry)
{
    static char text[100][64];
    weft_wg wg = {0};
    weft_go_opts odd = {.name = "odd", .stack_size = 100001};
    for (int i = 0; i < 100; i++) {
        if (i % 3 == 0)
            weft_wg_go(&wg, check_alignment, i, text[i]);
        else
            weft_go_with(i % 3 == 1 ? &odd : NULL, check_alignment, i, text[i]);
    }
    weft_wg_wait(&wg);
    weft_test_until_idle();
    weft_check(aligned_count, ==, 100);
    for (int i = 0; i < 100; i++) {
        char want[64];
        snprintf(want, sizeof want, "%.1f 3.00 %d", 4.0 * (1 + i), i);
        weft_check((const char *)text[i], ==, want);
    }
}

static void aligned_in_try(void) { check_alignment(1, (char[64]){0}); }
static void aligned_in_defer(void)
{
    weft_defer(aligned_in_try);
    weft_panic("x");
}

WEFT_TEST(the_stack_is_aligned_in_tries_and_deferred_calls)
{
    weft_panic_info_free(weft_try(aligned_in_try));
    weft_panic_info_free(weft_try(aligned_in_defer));
    weft_check(aligned_count, ==, 2);
}

/* Live floating-point values across switches are the compiler's to keep: a sum that comes out
 * exactly shows that none got lost. */
static void sum_halves(double *out)
{
    double s = 0, t = 0;
    for (int i = 0; i < 1000; i++) {
        s += 0.5 * i;
        t -= 0.25 * i;
        weft_yield();
    }
    *out = s + t;
}

WEFT_TEST(floating_point_values_survive)
{
    double sums[32];
    weft_wg wg = {0};
    for (int i = 0; i < 32; i++)
        weft_wg_go(&wg, sum_halves, &sums[i]);
    weft_wg_wait(&wg);
    for (int i = 0; i < 32; i++)
        weft_check(sums[i], ==, 124875.0);
}

/* ---- walking the stack ------------------------------------------------------------------------------ */

static int_chan *gate;

static __attribute__((noinline)) void wait_at_gate(void)
{
    weft_recv(gate, NULL);
    __asm__ volatile("");
}

static __attribute__((noinline)) void abi_entry(int level)
{
    if (level == 0)
        wait_at_gate();
    else
        abi_entry(level - 1);
    __asm__ volatile("");
}

/* A goroutine that waits with nonsense in its frame pointer. */
static void wait_without_frames(void)
{
    uint64_t wrong = abi_probe(0x123456789, wait_at_gate);
    weft_check(wrong == 0);
}

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, word)); p += strlen(word))
        n++;
    return n;
}

/* weft_dump shows every frame down to the goroutine's function and none below it. */
WEFT_TEST(stack_walks_stop_at_the_entry)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    gate = c;
    weft_go(abi_entry, 5);
    weft_go(wait_without_frames);
    weft_test_until_waiting(2, WEFT_WAIT_CHAN_RECV);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    weft_check(f != NULL);
    weft_dump(f);
    fclose(f);
    const char *start = strstr(text, "[chan receive]");
    if (!start)
        weft_fail("no waiting goroutine in the dump:\n%s", text);
    int frames = count_of(start, "\nabi_entry");
    if (frames != 6)
        weft_fail("%d of 6 frames in the dump:\n%s", frames, text);
    if (strstr(text, "g_start") || strstr(text, "weft__entry") || strstr(text, "??"))
        weft_fail("frames below the goroutine's function in the dump:\n%s", text);
    free(text);
    weft_close(c);
    weft_test_until_idle();
}
