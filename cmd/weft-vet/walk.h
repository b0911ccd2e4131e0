/* SPDX-License-Identifier: MIT */
/*
 * walk.h - every way through a function, with what is held and known on it.
 *
 * A state is what has happened on the way to an instruction: locks held, channels closed, what the
 * branches taken have told, and marks.  Ways that come to the same state are walked once.  What a
 * branch told is kept only when something asks again, so that independent branches do not multiply;
 * a function with more than a few thousand states is given up without a report.
 */
#ifndef WEFT_VET_WALK_H
#define WEFT_VET_WALK_H

#include <stdint.h>

#include "ir.h"

enum mode { MODE_WRITE, MODE_READ, MODE_OS, MODE_ONCE };

struct held {
    key text, object, record;
    long offset;
    int mode;
    bool fuzzy; /* which object it is has been lost, as in a loop over an array */
    struct inst *at;
};

enum { HELD_MAX = 6, FACT_MAX = 20, BIND_MAX = 20, SHUT_MAX = 4 };

struct state {
    unsigned at;       /* the next instruction */
    unsigned from;     /* the block that it came from */
    struct inst *left; /* the jump it came by, for messages only */
    struct held held[HELD_MAX];
    unsigned held_count;
    struct {
        key subject;
        bool equal;
        long value;
    } fact[FACT_MAX];
    unsigned fact_count;
    struct {
        unsigned phi;
        key text;
    } bind[BIND_MAX];
    unsigned bind_count;
    struct {
        key text;
        struct inst *at;
    } shut[SHUT_MAX], unlocked[SHUT_MAX]; /* closed channels; locks that were given back */
    unsigned shut_count, unlocked_count;
    uint64_t marks;
};

/*
 * Marks: a bit that is set somewhere, cleared elsewhere, and means something where it is still set.
 * marks.c lays them out for a function before it is walked.
 */
struct mark {
    enum check check;
    struct inst *at; /* what it is about */
    key what;
    bool said;
    struct place hit;
};

struct marks {
    uint64_t *set, *clear, *trigger; /* for each instruction */
    struct {
        unsigned at;
        uint64_t need, set;
    } then[64]; /* a mark that follows from another */
    unsigned thens;
    struct {
        unsigned from, to;
        uint64_t clear;
    } edge[64];
    unsigned edges;
    struct mark mark[64];
    unsigned count;
    uint64_t entry; /* set from the start */
};

void marks_lay(struct fn *f, struct marks *m); /* marks.c */
void marks_end(struct fn *f, struct marks *m);
void mark_hit(struct fn *f, struct mark *mark, struct inst *at, const struct state *s);

/* How a function ends on a way. */
struct way_out {
    struct held held[HELD_MAX];
    unsigned held_count;
    int kind; /* as in struct end */
    long value;
    struct place at;
};

/* walk - once over the function; with @reporting it says what is wrong. */
void walk(struct fn *f, bool reporting);

/* is_interesting - is there anything in it that a walk would show? */
bool is_interesting(struct fn *f);

/* For guards.c and orders.c, called while reporting: */
void saw_access(struct fn *f, struct inst *i, const struct state *s);
void saw_order(struct fn *f, struct inst *i, const struct state *s, const struct held *first,
               const struct taken *second);
/* ... and always: the locks that are held at a call. */
void saw_call(struct fn *f, struct inst *i, const struct state *s);

/* lock_name - as the user wrote it. */
const char *lock_name(const struct inst *lock);

/* A lock of a callee's, as this call sees it.  False if it cannot be told. */
bool taken_here(const struct inst *call, unsigned first, const struct taken *t, struct taken *out);

/* always_passes - is the instruction on every way to a return, but for tests of NULL? */
bool always_passes(struct fn *f, struct inst *through);

/* only_borrows - a call of weft's that uses a handle and leaves it to its owner. */
bool only_borrows(const struct inst *call);

/* switch_case - the value of case number k, from 1. */
LLVMValueRef switch_case(LLVMValueRef sw, unsigned k);

bool select_waits(const struct inst *select);

#endif /* WEFT_VET_WALK_H */
