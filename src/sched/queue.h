/* SPDX-License-Identifier: MIT */
/* The ring of a P together with its overflow, the global queue, and waking. */
#ifndef WEFT_SRC_QUEUE_H
#define WEFT_SRC_QUEUE_H

#include "sched/runq.h"

void weft__ring_overflow(struct p *p, struct g *g);

/* weft__global_take - a fair share of the global queue, at most @most: returns
 * one, puts the rest on the ring.  Owner of @p only. */
struct g *weft__global_take(struct p *p, uint32_t most);

static inline void ring_put(struct p *p, struct g *g)
{
    if (unlikely(!runq_put(&p->runq, g)))
        weft__ring_overflow(p, g);
}

static inline void wake_if_idle(void)
{
    light_fence(); /* [idle] */
    if (load_relaxed(&sched.idle_count) > 0 && load_relaxed(&sched.spinning) == 0)
        weft__wake_p();
}

#endif /* WEFT_SRC_QUEUE_H */
