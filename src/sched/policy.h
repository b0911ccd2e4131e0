/* SPDX-License-Identifier: MIT */
/*
 * Chance: every decision that is left to it goes through here, so that a
 * deterministic scheduler can take its place.
 *
 * Which goroutine runs next is decided by the queues (proc.c, work.c), which
 * waiter a release wakes by the wait lists (first in, first out), and when time
 * moves by weft__timers_run().
 */
#ifndef WEFT_SRC_POLICY_H
#define WEFT_SRC_POLICY_H

#include "base/rand.h"
#include "sched/sched.h"

uint64_t weft__policy_random_slow(void);

static inline uint64_t weft__policy_random(struct g *g)
{
    /* The state belongs to the M; only what runs on it uses it. */
    return likely(g->m != NULL) ? rand_next(&g->m->random) : weft__policy_random_slow();
}

/* weft__policy_pick - which of @n ready cases of a select happens. */
static inline uint32_t weft__policy_pick(struct g *g, uint32_t n)
{
    return n == 1 ? 0 : (uint32_t)(((weft__policy_random(g) >> 32) * n) >> 32);
}

#endif /* WEFT_SRC_POLICY_H */
