/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom.
 *
 *   holder.c    who has what a goroutine waits for, and the lines below its
 *               stack that say so
 *   circle.c    goroutines that wait for each other
 *   waitfor.c   when to look for them, and what to say then
 */
#ifndef WEFT_SRC_WAITFOR_H
#define WEFT_SRC_WAITFOR_H

#include "debug/debug.h"

/* ---- holder.c ------------------------------------------------------------------ */

/* Who has it; locks know the low half of a goroutine's number. */
struct holder {
    uint32_t low;
    uintptr_t pc; /* since where */
};

enum { HOLDERS_MAX = 64 };

/* weft__holdable - can what this wait is for be had by a goroutine?  Such an
 * object stays where it is at least as long as the wait. */
bool weft__holdable(enum wait_reason reason);

/* weft__holders - all that is known of who has what a wait of this kind is for.
 * Reads the object with care; 0 when it is nobody, or nobody knows. */
size_t weft__holders(enum wait_reason reason, const void *object, struct holder out[HOLDERS_MAX]);

/* weft__counts - is wait group @wg waiting for @g to end? */
bool weft__counts(const void *wg, const struct g *g);

/* weft__put_chain - "waits for the mutex locked at f.c:12 by goroutine 7" for a
 * goroutine that waits, and, unless @brief, what that one waits for in turn. */
void weft__put_chain(struct text *t, const struct g *g, bool brief);

/* ---- circle.c ------------------------------------------------------------------ */

/* What was read of a goroutine that waits. */
struct waiting {
    const struct g *g;
    uint64_t id;
    int64_t since;
    uintptr_t pc;
    void *object;
    enum wait_reason reason;
};

/* It has one thing, which the member before it waits for. */
struct member {
    struct waiting wait;
    void *has;
    enum wait_reason has_for; /* why others wait for that */
};

struct circle {
    struct member *at;
    size_t count;
    bool young; /* there were goroutines that have not waited for long enough */
};

/* weft__circle_find - one, among the waits that began before @before; false:
 * there is none, or no memory to search.  @for_good: only among waits that
 * nothing else can end. */
bool weft__circle_find(struct circle *c, int64_t before, bool for_good);
/* weft__circle_stands - the second look: was it there, all at one time? */
bool weft__circle_stands(const struct circle *c);
void weft__circle_free(struct circle *c);

/* ---- waitfor.c ----------------------------------------------------------------- */

/* weft__waits_begin - the runtime starts: nobody waits. */
void weft__waits_begin(void);

/*
 * weft__waits_poll - the monitor's part, whenever it wakes.
 *
 * @asleep: nothing has run for a while, and it is about to sleep for good.
 * Returns when it must be called again, TIME_NEVER when nobody waits who was
 * not judged.  Does not return when goroutines wait in a cycle.
 */
int64_t weft__waits_poll(int64_t now, bool asleep);

/* weft__put_cycle - name the goroutines that wait for each other, if some do;
 * while nothing runs. */
void weft__put_cycle(struct text *t);

#endif /* WEFT_SRC_WAITFOR_H */
