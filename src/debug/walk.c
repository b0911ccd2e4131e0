/* SPDX-License-Identifier: MIT */
/*
 * Walking stacks by frame pointers.
 *
 * weft and what `weft build` compiles keep the frame pointer: each frame holds
 * its caller's frame pointer and, beside it, the return address, on x86-64 and
 * aarch64 alike.  Following that chain costs a nanosecond a frame and can be
 * made safe: every step goes up, stays within the stack's bounds, and must find
 * an address of loaded code.
 *
 * Code without frame pointers breaks the chain, or worse, hides the frame that
 * called it.  Then unwind tables help: the compiler's own unwinder for the
 * stack we stand on, libdw (unwind.c) for others.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

#include "arch/switch.h"
#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/trace.h"
#include "platform/platform.h"
#include "stack/stack.h"

/* Return addresses on the stack may be signed; harmless where they are not. */
static inline uintptr_t plain_pc(uintptr_t pc)
{
#if defined(__aarch64__)
    register uintptr_t x30 __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(x30)); /* xpaclri */
    return x30;
#else
    return pc;
#endif
}

/* ---- reading memory ------------------------------------------------------------ */

/* Where process_vm_readv() is forbidden or missing (containers, qemu): a pipe
 * takes from readable memory only, too. */
static size_t copy_through_pipe(void *to, uintptr_t from, size_t size)
{
    int ends[2];
    if (size > PIPE_BUF)
        size = PIPE_BUF;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return 0;
    ssize_t n = write(ends[1], (const void *)from, size);
    if (n > 0)
        n = read(ends[0], to, (size_t)n);
    close(ends[0]);
    close(ends[1]);
    return n > 0 ? (size_t)n : 0;
}

size_t weft__copy(void *to, uintptr_t from, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)from, size};
    ssize_t n = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    if (n < 0 && (errno == ENOSYS || errno == EPERM))
        return copy_through_pipe(to, from, size);
    return n > 0 ? (size_t)n : 0;
}

bool weft__read(const struct bounds *b, uintptr_t at, uintptr_t out[2])
{
    if (at < b->lo || at > b->hi - 2 * sizeof(uintptr_t) || at % sizeof(uintptr_t) != 0)
        return false;
    if (b->copy) {
        size_t i = (at - b->copied) / sizeof(uintptr_t);
        out[0] = b->copy[i];
        out[1] = b->copy[i + 1];
        return true;
    }
    if (b->careful)
        return weft__copy(out, at, 2 * sizeof(uintptr_t)) == 2 * sizeof(uintptr_t);
    out[0] = ((const uintptr_t *)at)[0];
    out[1] = ((const uintptr_t *)at)[1];
    return true;
}

/* ---- frames --------------------------------------------------------------------- */

/* One frame up: *fp becomes the caller's, the result is the return address; 0
 * at the end of the chain.  *near is the code of the frame before. */
static inline uintptr_t step(struct bounds *b, uintptr_t *fp, const struct code **near)
{
    uintptr_t words[2];
    if (!weft__read(b, *fp, words))
        return 0;
    uintptr_t pc = plain_pc(words[1]);
    if (!*near || pc <= (*near)->lo || pc > (*near)->hi)
        *near = weft__code_at(pc - 1);
    if (!*near)
        return 0;
    b->lo = *fp + sizeof words; /* the chain only goes up */
    *fp = words[0];
    return pc;
}

void weft__walk_frames(struct trace *t, const struct regs *r, const struct bounds *b)
{
    struct bounds rest = *b;
    const struct code *near = NULL;
    uintptr_t fp = r->fp, pc = r->pc;
    while (pc && weft__trace_add(t, pc))
        pc = r->has_fp ? step(&rest, &fp, &near) : 0;
    weft__trace_end(t, false);
}

struct unwinding {
    struct trace *trace;
    uintptr_t top; /* frames above this address are not wanted; 0 once passed */
};

static _Unwind_Reason_Code unwound(struct _Unwind_Context *context, void *arg)
{
    struct unwinding *u = arg;
    int exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
    if (pc == 0)
        return _URC_END_OF_STACK;
    if (u->top && _Unwind_GetCFA(context) < u->top)
        return _URC_NO_REASON;
    u->top = 0;
    return weft__trace_add(u->trace, pc + (exact ? 1 : 0)) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void weft__walk_unwind(struct trace *t, uintptr_t top)
{
    struct unwinding u = {t, top};
    _Unwind_Backtrace(unwound, &u);
    weft__trace_end(t, true);
}

/* ---- a goroutine's stack ----------------------------------------------------------- */

static bool stack_of(struct bounds *b, const struct g *g)
{
    if (!g || !g->stack_lo)
        return false;
    b->lo = (uintptr_t)g->stack_lo + weft__page_size; /* the guard */
    b->hi = (uintptr_t)g->stack_hi;
    b->careful = false;
    b->copy = NULL;
    return b->lo < b->hi;
}

void weft__trace_parked(struct trace *t, const struct g *g, bool careful)
{
    bool waits = g->state == G_WAITING;
    struct bounds b;
    uintptr_t sp = (uintptr_t)g->sp;
    weft__trace_begin(t, waits ? g->wait_pc : 0);
    /* Slots stay mapped while the runtime runs; stacks of other sizes do not. */
    if (sp && !g->thread && stack_of(&b, g) && sp >= b.lo && sp < b.hi) {
        char frame[256]; /* holds what arch/ saves */
        size_t size = b.hi - sp < sizeof frame ? b.hi - sp : sizeof frame;
        b.careful = careful && !weft__stack_is_slot(g->stack_lo, g->stack_hi);
        if (!b.careful || weft__copy(frame, sp, size) == size) {
            const void *saved = b.careful ? frame : g->sp;
            struct regs r = {.fp = weft__frame_fp(saved), .has_fp = true};
            r.pc = plain_pc(weft__frame_pc(saved));
            b.lo = sp;
            if (weft__code_at(r.pc - 1))
                weft__walk_frames(t, &r, &b);
            if (!t->found || !t->complete) {
                struct trace other;
                weft__trace_begin(&other, t->from);
                if (weft__walk_tables(&other, &r, &b) && weft__trace_better(&other, t))
                    *t = other;
            }
        }
    }
    /* Not what it is waiting in: it was on its way into or out of the wait. */
    if (!t->found && g->wait_pc) {
        weft__trace_begin(t, 0);
        weft__trace_add(t, g->wait_pc);
    }
}

struct parked {
    const struct g *g;
    struct trace trace;
};

static void walk_parked(void *arg)
{
    struct parked *p = arg;
    weft__trace_parked(&p->trace, p->g, true);
}

size_t weft__walk(const struct g *g, uintptr_t *pcs, size_t max)
{
    struct parked p = {.g = g};
    size_t n = 0;
    weft__with_symbols(NULL, walk_parked, &p); /* for the tables */
    for (; n < p.trace.count && n < max && n < TRACE_FIRST; n++)
        pcs[n] = p.trace.first[n];
    return n;
}

/* ---- the calling stack --------------------------------------------------------------- */

/* A thread's own stack; asking for it is slow, so the answer is kept. */
static __thread struct bounds own;

static noinline void find_own(void)
{
    pthread_attr_t attr;
    void *lo;
    size_t size;
    own.lo = own.hi = 1;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
        own.lo = (uintptr_t)lo;
        own.hi = (uintptr_t)lo + size;
    }
    pthread_attr_destroy(&attr);
}

/* The stack that @at lies in. */
static void stack_here(struct bounds *b, uintptr_t at)
{
    if (stack_of(b, weft__self()) && at >= b->lo && at < b->hi)
        return;
    if (own.hi == 0)
        find_own();
    *b = own;
}

static noinline size_t unwind_here(uintptr_t from, uintptr_t *pcs, size_t max, uintptr_t top)
{
    struct trace t;
    weft__trace_begin(&t, from);
    weft__walk_unwind(&t, top);
    if (!t.found)
        return 0;
    size_t n = 0;
    for (; n < t.count && n < max && n < TRACE_FIRST; n++)
        pcs[n] = t.first[n];
    return n;
}

noinline size_t weft__walk_here(uintptr_t from, uintptr_t *pcs, size_t max)
{
    uintptr_t top = (uintptr_t)__builtin_frame_address(0), fp = top, pc = 0;
    const struct code *near = NULL;
    struct bounds b;
    size_t n = 0;
    bool found = from == 0;
    if (unlikely(weft__code_generation() == 0))
        weft__code_refresh();
    stack_here(&b, fp);
    while (n < max && (pc = step(&b, &fp, &near))) {
        if (!found && pc == from) {
            found = true;
            n = 0;
        }
        pcs[n++] = pc;
        if (!found && n == TRACE_SEARCH)
            break;
    }
    if (n > 0 && weft__is_entry(pcs[n - 1]))
        n--;
    bool complete = n > 0 && weft__is_start(pcs[n - 1]);
    if (complete)
        n--;
    if (unlikely(!found || (!complete && n < max))) {
        uintptr_t other[TRACE_FIRST];
        size_t m = unwind_here(from, other, max < TRACE_FIRST ? max : TRACE_FIRST, top);
        if (m > 0 && (!found || m > n)) {
            memcpy(pcs, other, m * sizeof *pcs);
            n = m;
        }
    }
    return n;
}

noinline void weft__trace_here(struct trace *t, uintptr_t from)
{
    uintptr_t top = (uintptr_t)__builtin_frame_address(0);
    struct bounds b;
    struct regs r = {.fp = top, .has_fp = true};
    struct trace other;
    weft__code_refresh();
    stack_here(&b, top);
    /* The tables know the frames of code without frame pointers, too, and also
     * what lies between; frame pointers are for code without tables. */
    weft__trace_begin(t, from);
    weft__walk_unwind(t, top);
    if (t->complete && t->found)
        return;
    r.pc = step(&b, &r.fp, &(const struct code *){NULL});
    weft__trace_begin(&other, from);
    weft__walk_frames(&other, &r, &b);
    if (weft__trace_better(&other, t))
        *t = other;
}

/* A stack that nobody knows the bounds of is read with care. */
#define SOME_STACK ((uintptr_t)8 << 20)
/* Tables cost a microsecond a frame: not for a stack that is merely deep. */
enum { DEEP = 1000 };

/* A call of something that is no code: go back to the caller. */
static bool back_to_caller(struct regs *r, const struct bounds *b)
{
#if defined(__x86_64__)
    uintptr_t words[2];
    if (!weft__read(b, r->sp, words))
        return false;
    r->pc = words[0];
    r->sp += sizeof words[0];
    r->all[7] = r->sp; /* rsp */
#else
    (void)b;
    r->pc = plain_pc(r->all[30]); /* the link register */
#endif
    r->exact = false; /* a return address */
    return weft__code_at(r->pc - 1) != NULL;
}

static bool walk_regs(struct trace *t, const struct regs *r, const struct bounds *b)
{
    struct trace other;
    weft__walk_frames(t, r, b);
    if (t->complete && t->count > DEEP)
        return true;
    weft__trace_begin(&other, 0);
    if (weft__walk_tables(&other, r, b) && weft__trace_better(&other, t))
        *t = other;
    return t->count > 0;
}

void weft__trace_regs(struct trace *t, const struct g *g, const struct regs *r)
{
    struct bounds b;
    struct trace rest;
    struct regs caller = *r;
    uintptr_t sp = r->sp & ~(sizeof(uintptr_t) - 1);
    bool own_stack =
        stack_of(&b, g) && r->sp >= (uintptr_t)g->stack_lo - SOME_STACK / 8 && r->sp < b.hi;
    if (!own_stack)
        b = (struct bounds){.lo = sp, .hi = sp + SOME_STACK, .careful = true};
    else if (sp > b.lo)
        b.lo = sp;
    weft__trace_begin(t, 0);
    if (weft__code_at(r->pc - 1)) {
        walk_regs(t, r, &b);
        return;
    }
    weft__trace_add(t, r->pc);
    weft__trace_begin(&rest, 0);
    if (r->count == 0 || !back_to_caller(&caller, &b) || !walk_regs(&rest, &caller, &b))
        return;
    for (size_t i = 0; i < rest.count && i < TRACE_FIRST; i++)
        weft__trace_add(t, rest.first[i]);
    t->complete = rest.complete;
}
