/* SPDX-License-Identifier: MIT */
/* Stacks: walking them, and naming what is found. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/trace.h"
#include "platform/platform.h"

WEFT_CHAN(int_chan, int);

/* Keeps a call a call, with its frame. */
#define STAY() __asm__ volatile("")

/* Names need libdw or at least a symbol table; lines need libdw. */
static bool has_lines(void)
{
    struct symbol s;
    weft__symbol((uintptr_t)has_lines + 1, &s);
    return s.file != NULL;
}

static bool names(uintptr_t pc, const char *function)
{
    struct symbol s;
    weft__symbol(pc, &s);
    return s.function && s.function_length == (int)strlen(function) &&
           strncmp(s.function, function, strlen(function)) == 0;
}

static noinline size_t innermost(uintptr_t *pcs, size_t max)
{
    size_t n = weft__walk_here(0, pcs, max);
    STAY();
    return n;
}

static noinline size_t middle(uintptr_t *pcs, size_t max)
{
    size_t n = innermost(pcs, max);
    STAY();
    return n;
}

static noinline size_t outer(uintptr_t *pcs, size_t max)
{
    size_t n = middle(pcs, max);
    STAY();
    return n;
}

WEFT_TEST(walk_here_names_its_callers)
{
    uintptr_t pcs[32];
    size_t n = outer(pcs, array_len(pcs));
    weft_check(n, >=, 4u);
    weft_check(names(pcs[0], "innermost"));
    weft_check(names(pcs[1], "middle"));
    weft_check(names(pcs[2], "outer"));
}

WEFT_TEST(walk_here_stops_where_the_array_ends)
{
    uintptr_t pcs[3] = {0, 0, 7};
    weft_check(outer(pcs, 2), ==, 2u);
    weft_check(names(pcs[1], "middle"));
    weft_check(pcs[2], ==, 7u);
}

static noinline size_t entry(uintptr_t *pcs, size_t max)
{
    size_t n = weft__walk_here((uintptr_t)__builtin_return_address(0), pcs, max);
    STAY();
    return n;
}

WEFT_TEST(walk_here_begins_with_the_call_it_is_given)
{
    uintptr_t pcs[8];
    size_t n = entry(pcs, array_len(pcs));
    weft_check(n, >=, 1u);
    weft_check(!names(pcs[0], "entry"));
}

/* ---- other goroutines ------------------------------------------------------------- */

static noinline void wait_here(int_chan *c)
{
    weft_recv(c, NULL);
    STAY();
}

static noinline void wait_deep(int_chan *c, int depth)
{
    if (depth > 0)
        wait_deep(c, depth - 1);
    else
        wait_here(c);
    STAY();
}

static struct g *find_waiting(void)
{
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    for (size_t i = 0; i < weft__g_count(); i++)
        if (weft__g_at(i)->state == G_WAITING && weft__g_at(i)->wait_reason == WAIT_CHAN_RECV)
            return weft__g_at(i);
    return NULL;
}

static void check_parked(size_t stack_size)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    uintptr_t pcs[16];
    const weft_go_opts opts = {.stack_size = stack_size};
    weft_go_with(&opts, wait_deep, c, 3);
    size_t n = weft__walk(find_waiting(), pcs, array_len(pcs));
    weft_check(n, >=, 5u);
    weft_check(names(pcs[0], "wait_here")); /* none of the runtime's frames above it */
    for (size_t i = 1; i <= 4; i++)
        weft_check(names(pcs[i], "wait_deep"));
    weft_close(c);
    weft_test_until_idle();
}

WEFT_TEST(a_parked_stack_begins_at_the_users_call) { check_parked(0); }

/* Its memory may go away at any time, so it is read in another way. */
WEFT_TEST(a_parked_stack_of_another_size_too) { check_parked((size_t)1 << 20); }

static int compare(const void *a, const void *b)
{
    (void)a, (void)b;
    weft_recv((int_chan *)NULL, NULL);
    return 0;
}

/* libc's qsort has no frame pointers. */
static noinline void sort_for_ever(void)
{
    int two[] = {2, 1};
    qsort(two, 2, sizeof *two, compare);
    STAY();
}

static bool stack_has(const struct trace *t, const char *function)
{
    for (size_t i = 0; i < t->count; i++)
        if (weft__trace_at(t, i) && names(weft__trace_at(t, i), function))
            return true;
    return false;
}

static void walk_sorting(void *arg)
{
    struct trace *t = arg;
    for (size_t i = 0; i < weft__g_count(); i++)
        if (weft__g_at(i)->state == G_WAITING && weft__g_at(i)->wait_reason == WAIT_CHAN_RECV_NIL)
            weft__trace_parked(t, weft__g_at(i), false);
}

WEFT_TEST(frames_below_a_callback_of_libc_are_found)
{
    struct trace t = {.count = 0};
    setenv("WEFT_LEAKS", "off", 1); /* it cannot be woken */
    if (!has_lines())
        weft_skip("there is no libdw");
    weft_go(sort_for_ever);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV_NULL);
    weft__with_symbols(NULL, walk_sorting, &t);
    weft_check(t.complete);
    weft_check(stack_has(&t, "compare"));
    weft_check(stack_has(&t, "sort_for_ever"));
}

/* ---- what must not go wrong -------------------------------------------------------- */

/* Chains that lead out of the stack, in circles, downwards, or to no code. */
WEFT_TEST(a_broken_chain_ends_the_walk)
{
    static uintptr_t stack[64];
    uintptr_t code = (uintptr_t)has_lines + 1;
    struct bounds b = {.lo = (uintptr_t)stack, .hi = (uintptr_t)(stack + 64)};
    struct regs r = {.pc = code, .fp = (uintptr_t)stack, .has_fp = true};
    struct {
        uintptr_t link, pc;
        size_t frames;
    } cases[] = {
        {(uintptr_t)(stack + 4), code, 3},  /* goes on once: the next holds zeroes */
        {(uintptr_t)stack, code, 2},        /* to itself */
        {(uintptr_t)(stack + 64), code, 2}, /* to the end */
        {(uintptr_t)(stack + 63), code, 2}, /* half over the end */
        {(uintptr_t)stack - 64, code, 2},   /* down, and out */
        {(uintptr_t)stack + 33, code, 2},   /* not aligned */
        {UINTPTR_MAX - 7, code, 2},         /* wraps around */
        {(uintptr_t)(stack + 4), 12345, 1}, /* no code */
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct trace t;
        memset(stack, 0, sizeof stack);
        stack[0] = cases[i].link;
        stack[1] = cases[i].pc;
        stack[5] = i == 0 ? code : 0;
        weft__trace_begin(&t, 0);
        weft__walk_frames(&t, &r, &b);
        weft_check(t.count, ==, cases[i].frames);
        weft_check(!t.complete);
    }
}

WEFT_TEST(memory_that_is_gone_is_not_read)
{
    char *at = weft__mem_map(2 * weft__page_size, "test");
    weft__mem_unmap(at + weft__page_size, weft__page_size);
    uintptr_t words[2], last = (uintptr_t)at + weft__page_size - sizeof words;
    struct bounds b = {(uintptr_t)at, (uintptr_t)at + 2 * weft__page_size, true, NULL, 0};
    memcpy((void *)last, (uintptr_t[]){17, 18}, sizeof words);
    weft_check(weft__read(&b, last, words));
    weft_check(words[1], ==, 18u);
    weft_check(!weft__read(&b, last + sizeof words, words));
    weft_check(weft__copy(words, last + sizeof words, 1), ==, 0u);
    weft__mem_unmap(at, weft__page_size);
}

/* Of a deep stack both ends are kept. */
WEFT_TEST(a_trace_keeps_its_two_ends)
{
    struct trace t;
    weft__trace_begin(&t, 0);
    for (uintptr_t i = 1; i <= 1000; i++)
        weft__trace_add(&t, i);
    weft_check(t.count, ==, 1000u);
    weft_check(weft__trace_at(&t, 0), ==, 1u);
    weft_check(weft__trace_at(&t, TRACE_FIRST - 1), ==, (uintptr_t)TRACE_FIRST);
    weft_check(weft__trace_at(&t, TRACE_FIRST), ==, 0u);
    weft_check(weft__trace_at(&t, 1000 - TRACE_LAST - 1), ==, 0u);
    weft_check(weft__trace_at(&t, 1000 - TRACE_LAST), ==, 1000u - TRACE_LAST + 1);
    weft_check(weft__trace_at(&t, 999), ==, 1000u);
}

WEFT_TEST(a_trace_drops_what_lies_above_the_call)
{
    struct trace t;
    weft__trace_begin(&t, 30);
    weft_check(weft__trace_add(&t, 10));
    weft_check(weft__trace_add(&t, 30));
    weft_check(weft__trace_add(&t, 40));
    weft_check(t.found);
    weft_check(t.count, ==, 2u);
    weft_check(weft__trace_at(&t, 0), ==, 30u);
    /* A search has an end, also on a stack that never has the call. */
    int asked = 0;
    weft__trace_begin(&t, 30);
    while (weft__trace_add(&t, 7))
        weft_check(++asked, <, 1000);
    weft_check(!t.found);
}

/* ---- names --------------------------------------------------------------------------- */

static uintptr_t inlined_pc;

static inline __attribute__((always_inline)) void inlined(void)
{
    static uintptr_t pcs[8];
    weft__walk_here(0, pcs, array_len(pcs));
    inlined_pc = pcs[0];
    STAY();
}

static noinline void takes_it_in(void)
{
    inlined();
    STAY();
}

static void check_inlined(void *unused)
{
    (void)unused;
    const struct symbol *s;
    size_t n = weft__symbols(inlined_pc, &s);
    weft_check(n, ==, 2u);
    weft_check(strncmp(s[0].function, "inlined", (size_t)s[0].function_length) == 0);
    weft_check(strncmp(s[1].function, "takes_it_in", (size_t)s[1].function_length) == 0);
    weft_check(s[0].file, ==, "walk_test.c");
    weft_check(s[1].line, >, s[0].line);
}

WEFT_TEST(an_inlined_call_is_a_frame_of_its_own)
{
    if (!has_lines())
        weft_skip("there is no libdw");
    takes_it_in();
    weft__with_symbols(NULL, check_inlined, NULL);
}

WEFT_TEST(the_runtimes_own_functions_are_told_apart)
{
    struct symbol s;
    weft__symbol((uintptr_t)weft_yield + 1, &s);
    if (s.file)
        weft_check(s.runtime);
    weft__symbol((uintptr_t)weft__walk + 1, &s);
    weft_check(s.runtime);
    weft__symbol((uintptr_t)has_lines + 1, &s); /* a test of the runtime is not it */
    weft_check(!s.runtime);
}

static void check_elf(void *unused)
{
    (void)unused;
    struct symbol s = {0};
    weft_check(weft__elf_symbol((uintptr_t)takes_it_in + 1, &s));
    weft_check(strncmp(s.function, "takes_it_in", (size_t)s.function_length) == 0);
    weft_check(s.offset, ==, 1u);
    weft_check(!weft__elf_symbol(16, &s));
}

WEFT_TEST(names_come_from_the_symbol_table_too) { weft__with_symbols(NULL, check_elf, NULL); }

WEFT_TEST(without_lines_there_is_what_addr2line_wants)
{
    char at[200], want[100];
    setenv("WEFT_SYMBOLS", "off", 1);
    weft__site(at, sizeof at, (uintptr_t)takes_it_in + 1);
    const struct code *c = weft__code_at((uintptr_t)takes_it_in);
    weft_check(c != NULL);
    snprintf(want, sizeof want, "(%s+0x%lx)", c->name,
             (unsigned long)((uintptr_t)takes_it_in - c->bias));
    weft_check(strncmp(at, "takes_it_in+0x0 ", 16) == 0);
    weft_check(strstr(at, want) != NULL);
}

WEFT_TEST(no_code_is_said_to_be_none)
{
    char at[100];
    weft_check(weft__site(at, sizeof at, 17), ==, "?? (no code at 0x10)");
    weft_check(weft__code_at(16) == NULL);
    weft_check(weft__code_at((uintptr_t)at) == NULL);
}

WEFT_TEST(names_lose_what_compilers_append)
{
    weft_check(weft__plain_length("work.constprop.0"), ==, 4);
    weft_check(weft__plain_length("work"), ==, 4);
    weft_check(weft__plain_length(".hidden.part.1"), ==, 7);
}
