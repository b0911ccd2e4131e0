/* SPDX-License-Identifier: MIT */
/*
 * What the pairs of this folder are written with.
 *
 * Each pair shows one edge of the memory model.  Both functions touch `x` from
 * two goroutines: in norace_NAME() the edge orders the two accesses, in
 * race_NAME() it is missing, or is just not where it would have to be.  A race
 * is one in every order the goroutines may run in, so no function depends on
 * luck, and none sleeps: where one must know that another has come so far, it
 * asks by `told`, a relaxed atomic, which orders nothing.
 */
#ifndef WEFT_TESTS_RACE_PAIRS_H
#define WEFT_TESTS_RACE_PAIRS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);
WEFT_CHAN(unit_chan, weft_unit);

/* The variable that is raced for; another piece of memory for each round. */
extern int *planted;
#define x (*planted)

struct pair {
    const char *name;
    void (*norace)(void), (*race)(void);
    bool plain; /* called by main(), before the runtime runs */
    struct pair *next;
};
void pair_add(struct pair *p);

#define PAIR_KIND(name, is_plain)                                                                  \
    static void norace_##name(void);                                                               \
    static void race_##name(void);                                                                 \
    __attribute__((constructor)) static void add_##name(void)                                      \
    {                                                                                              \
        static struct pair p = {#name, norace_##name, race_##name, is_plain, NULL};                \
        pair_add(&p);                                                                              \
    }
#define PAIR(name)       PAIR_KIND(name, false)
#define PLAIN_PAIR(name) PAIR_KIND(name, true)

/* Steps that goroutines tell each other without an edge; 0 when a function begins. */
extern atomic_int told;
void tell(int step);
/* until_told - yields until the step has been told. */
void until_told(int step);
/* add_told - one step more, from several goroutines. */
void add_told(void);

static inline void set_x(int v) { x = v; }
static inline int get_x(void) { return *(volatile int *)&x; }

#endif /* WEFT_TESTS_RACE_PAIRS_H */
