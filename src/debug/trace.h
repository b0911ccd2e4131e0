/* SPDX-License-Identifier: MIT */
/*
 * A stack as reports keep it: its upper and its lower end, of fixed size, so
 * that an overflown stack of half a million frames fits as well.
 */
#ifndef WEFT_SRC_TRACE_H
#define WEFT_SRC_TRACE_H

#include "base/atomic.h"
#include "sched/g.h"

enum { TRACE_FIRST = 50, TRACE_LAST = 10 };

/* Further down than this the call to begin with is not searched for. */
enum { TRACE_SEARCH = 40 };

struct trace {
    uintptr_t from; /* what lies above this return address is dropped; 0: nothing */
    bool found;     /* it was met */
    bool whole;     /* show the runtime's own frames too */
    bool complete;  /* it came to the goroutine's lower end, and missed nothing */
    size_t count;   /* frames */
    size_t added;   /* frames written, with those that were dropped at the end */
    uintptr_t first[TRACE_FIRST];
    uintptr_t last[TRACE_LAST]; /* frame i is at i % TRACE_LAST */
};

/* The registers of an interrupted or suspended context, as far as known. */
struct regs {
    uintptr_t pc; /* as in a stack: a return address, or an exact one plus one: */
    bool exact;
    uintptr_t sp; /* 0: unknown */
    uintptr_t fp;
    bool has_fp;
    unsigned count;    /* of all */
    uintptr_t all[32]; /* by DWARF number */
};

void weft__trace_begin(struct trace *t, uintptr_t from);
/* weft__trace_add - one frame more; false when no more are wanted. */
bool weft__trace_add(struct trace *t, uintptr_t pc);
/* weft__trace_end - drop the runtime's frames at a goroutine's lower end.
 * @by_tables: no frame can be missing. */
void weft__trace_end(struct trace *t, bool by_tables);
/* weft__trace_at - frame @i, or 0 when it lies in the part that was left out. */
uintptr_t weft__trace_at(const struct trace *t, size_t i);
/* weft__trace_better - does @a tell more than @b? */
bool weft__trace_better(const struct trace *a, const struct trace *b);

/* weft__is_entry, weft__is_start - the runtime's two frames at a goroutine's
 * lower end: where it began, and where its function was called from. */
bool weft__is_entry(uintptr_t pc);
bool weft__is_start(uintptr_t pc);

/* A part of memory that holds a stack. */
struct bounds {
    uintptr_t lo, hi;
    bool careful;          /* it may be unmapped while we read */
    const uintptr_t *copy; /* a copy of it, to be read in its place, or NULL; */
    uintptr_t copied;      /* of what stood here */
};

/* weft__read - two words of a stack, without ever faulting; false: not there. */
bool weft__read(const struct bounds *b, uintptr_t at, uintptr_t out[2]);
/* weft__copy - memory that may be gone; returns how many bytes could be copied. */
size_t weft__copy(void *to, uintptr_t from, size_t size);

/* weft__walk_frames - by frame pointers, from @r on; @r->pc is the first frame. */
void weft__walk_frames(struct trace *t, const struct regs *r, const struct bounds *b);
/* weft__walk_unwind - by unwind tables, the calling stack, from the frame @top on. */
void weft__walk_unwind(struct trace *t, uintptr_t top);
/* weft__walk_tables - by unwind tables, any stack that stands still; only inside
 * weft__with_symbols().  False when there is no libdw. */
bool weft__walk_tables(struct trace *t, const struct regs *r, const struct bounds *b);

/* weft__trace_parked - a goroutine that does not run.  @careful: others do. */
void weft__trace_parked(struct trace *t, const struct g *g, bool careful);
/* weft__trace_here - the calling stack below the call that returns to @from. */
void weft__trace_here(struct trace *t, uintptr_t from);
/* weft__trace_regs - an interrupted goroutine that stands still. */
void weft__trace_regs(struct trace *t, const struct g *g, const struct regs *r);

/* ---- loaded code ----------------------------------------------------------- */

struct code {
    uintptr_t lo, hi; /* executable */
    uintptr_t bias;   /* address minus the one in the file */
    bool program;     /* the executable itself */
    char name[40];    /* base name of the file */
};

/* weft__code_at - the loaded code @pc is in, or NULL.  Never blocks, never faults. */
const struct code *weft__code_at(uintptr_t pc);
/* weft__code_refresh - see what was loaded since; not in a signal handler. */
void weft__code_refresh(void);
/* weft__code_generation - changes when something was loaded or unloaded. */
unsigned weft__code_generation(void);

#endif /* WEFT_SRC_TRACE_H */
