/* SPDX-License-Identifier: MIT */
/* Reports of goroutines, between the files that have an occasion for them. */
#ifndef WEFT_SRC_REPORT_H
#define WEFT_SRC_REPORT_H

#include "debug/debug.h"
#include "debug/trace.h"

/* All of these belong inside weft__with_symbols(). */

/* weft__put_goroutine - heading, stack and origin.  @note, if not NULL, says in
 * the heading what else is known of a running one. */
void weft__put_goroutine(struct text *t, const struct g *g, const struct trace *trace,
                         const char *note);

/* weft__put_parked - the same for one that does not run, while nothing runs. */
void weft__put_parked(struct text *t, const struct g *g);

/* weft__put_frames - the stack alone. */
void weft__put_frames(struct text *t, const struct trace *trace);

/* weft__put_origin - "created by ...", unless it is the first goroutine. */
void weft__put_origin(struct text *t, const struct g *g);

/* weft__put_site - function, file and line of one call. */
void weft__put_site(struct text *t, uintptr_t pc);

enum { ALL_FULL = 100, GROUPS_SHOWN = 20 };

/*
 * weft__put_all - every goroutine, the oldest first, each after an empty line.
 *
 * The caller comes before them, if @trace has its stack; @self is its goroutine
 * or NULL.  Beyond the first ALL_FULL the rest is counted in groups, unless it
 * is wanted @in_full.  @rest: nothing runs any more.  @gentle: the program goes
 * on afterwards.
 */
struct all {
    const struct g *self;
    const struct trace *trace;
    bool in_full, rest, gentle;
};
void weft__put_all(struct text *t, const struct all *all);

/* ---- group.c ---------------------------------------------------------------- */

/* Goroutines that were made at one place and wait at one place for one reason. */
struct group {
    uint64_t wait_key, create_key; /* the places, as they are compared */
    uintptr_t wait_pc, create_pc;  /* of the oldest member */
    const struct g *oldest;
    int64_t since; /* when it began to wait */
    size_t count;  /* 0: a free slot */
    uint32_t state;
    uint8_t reason;
    bool taken;
};

struct groups {
    struct group *slot;
    size_t room, used; /* room is a power of two */
    size_t members;    /* in all groups, and those that no memory was left for */
};

void weft__groups_begin(struct groups *all);
void weft__groups_add(struct groups *all, const struct g *g, uint32_t state);
/* weft__groups_join - join what waits at one source line and was made at one;
 * inside weft__with_symbols(). */
void weft__groups_join(struct groups *all);
/* weft__groups_next - the largest group not taken yet, taken; NULL when all are. */
const struct group *weft__groups_next(struct groups *all);
void weft__groups_end(struct groups *all);

/* ---- fatal.c ----------------------------------------------------------------- */

/* weft__flush_stdout - so that what was printed before stands before the report. */
void weft__flush_stdout(void);
/* weft__dying_claim - the part of weft__dying() that a signal handler may call;
 * false when this thread is writing its last report already. */
bool weft__dying_claim(void);

#endif /* WEFT_SRC_REPORT_H */
