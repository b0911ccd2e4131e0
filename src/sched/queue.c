/* SPDX-License-Identifier: MIT */
/*
 * The global queue: goroutines made runnable by threads without a P, and what
 * did not fit into a ring.  A list under sched.lock.
 */
#include "sched/queue.h"

/* Called with sched.lock held. */
static void append(struct g *first, struct g *last, uint32_t n)
{
    last->link = NULL;
    if (sched.global_last)
        sched.global_last->link = first;
    else
        sched.global_first = first;
    sched.global_last = last;
    store_relaxed(&sched.global_count, sched.global_count + n);
}

void weft__global_put(struct g *g)
{
    weft__lock(&sched.lock);
    append(g, g, 1);
    weft__unlock(&sched.lock);
}

noinline void weft__ring_overflow(struct p *p, struct g *g)
{
    struct g *first, *last;
    uint32_t n = runq_take_half(&p->runq, &first, &last);
    if (last)
        last->link = g;
    else
        first = g;
    weft__lock(&sched.lock);
    append(first, g, n + 1);
    weft__unlock(&sched.lock);
}

noinline struct g *weft__global_take(struct p *p, uint32_t most)
{
    if (load_relaxed(&sched.global_count) == 0)
        return NULL;
    uint32_t room = RUNQ_SIZE - runq_length(&p->runq); /* only the owner fills it */
    if (most > room + 1)
        most = room + 1;
    weft__lock(&sched.lock);
    uint32_t n = sched.global_count / (uint32_t)sched.proc_count + 1;
    if (n > most)
        n = most;
    if (n > sched.global_count)
        n = sched.global_count;
    struct g *first = sched.global_first, *rest = first;
    for (uint32_t i = 0; i < n; i++)
        rest = rest->link;
    sched.global_first = rest;
    if (!rest)
        sched.global_last = NULL;
    store_relaxed(&sched.global_count, sched.global_count - n);
    weft__unlock(&sched.lock);
    if (n == 0)
        return NULL;
    struct g *g = first->link;
    for (uint32_t i = 1; i < n; i++) {
        struct g *after = g->link;
        runq_put(&p->runq, g);
        g = after;
    }
    return first;
}
