/* SPDX-License-Identifier: MIT */
/*
 * Keeping what a walk finds: the two ends of a stack, without the runtime's own
 * frames at either.
 */
#include "debug/trace.h"

/* The call in weft__entry() is a few bytes behind its start, on every CPU. */
enum { ENTRY_CALL = 16 };

void weft__entry(void);

void weft__trace_begin(struct trace *t, uintptr_t from)
{
    t->from = from;
    t->found = from == 0;
    t->whole = t->complete = false;
    t->count = t->added = 0;
}

bool weft__trace_add(struct trace *t, uintptr_t pc)
{
    if (!t->found && pc == t->from) {
        t->found = true;
        t->count = 0;
    }
    if (t->count < TRACE_FIRST)
        t->first[t->count] = pc;
    t->last[t->count % TRACE_LAST] = pc;
    t->added = ++t->count;
    return t->found || t->count < TRACE_SEARCH;
}

bool weft__is_entry(uintptr_t pc) { return pc - (uintptr_t)weft__entry <= ENTRY_CALL; }

/*
 * Where the runtime calls a goroutine's function.  A chain of frame pointers
 * that ends there is whole; one that passes it by has also passed by frames of
 * functions that leave the register alone.  Learnt from the first stack that
 * was unwound by tables, since only they show it for sure.
 */
static uintptr_t start_pcs[4];

bool weft__is_start(uintptr_t pc)
{
    for (size_t i = 0; i < array_len(start_pcs); i++)
        if (load_relaxed(&start_pcs[i]) == pc)
            return true;
    return false;
}

static void learn_start(uintptr_t pc)
{
    for (size_t i = 0; i < array_len(start_pcs) && !weft__is_start(pc); i++)
        if (load_relaxed(&start_pcs[i]) == 0)
            store_relaxed(&start_pcs[i], pc);
}

void weft__trace_end(struct trace *t, bool by_tables)
{
    if (t->count == 0 || !weft__is_entry(weft__trace_at(t, t->count - 1)))
        return;
    t->count--;
    uintptr_t pc = t->count > 0 ? weft__trace_at(t, t->count - 1) : 0;
    if (by_tables && pc)
        learn_start(pc);
    t->complete = pc && weft__is_start(pc);
    if (t->complete && t->count > 1)
        t->count--;
}

uintptr_t weft__trace_at(const struct trace *t, size_t i)
{
    if (i < TRACE_FIRST)
        return t->first[i];
    return t->added - i <= TRACE_LAST ? t->last[i % TRACE_LAST] : 0;
}

bool weft__trace_better(const struct trace *a, const struct trace *b)
{
    if (a->found != b->found)
        return a->found;
    if (a->complete != b->complete)
        return a->complete;
    return a->count > b->count;
}
