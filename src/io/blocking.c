/* SPDX-License-Identifier: MIT */
/* weft_blocking(): a call on a thread of the pool, waited for. */
#include "weft/blocking.h"

#include "io/io_impl.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/pool.h"
#include "sched/sched.h"
#include "weft/panic.h"

struct call {
    struct pool_job job;
    struct g *g;
    weft_impl_fn fn;
    uintptr_t arg[6];
    uintptr_t result;
    weft_panic_info *panic;
};

static void make_call(struct call *c)
{
    uintptr_t *a = c->arg;
    c->result = ((uintptr_t(*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                               uintptr_t))c->fn)(a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void run(struct pool_job *job)
{
    struct call *c = container_of(job, struct call, job);
    uintptr_t arg = (uintptr_t)c;
    struct hb_as as;
    /* In a race detector's eyes the goroutine itself makes the call: this thread
     * would carry what one did on to the next. */
    if (unlikely(weft__tsan)) {
        weft__san_lent(false);
        as = weft__hb_as(c->g, c);
    }
    c->panic = weft__try_last((weft_impl_fn)make_call, 1, &arg);
    if (unlikely(weft__tsan))
        weft__hb_self(&as);
    weft__ready(c->g); /* its stack, and *c, may be gone now */
}

static void put(void *job) { weft__pool_put(job); }

uintptr_t weft__blocking(uintptr_t pc, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    struct g *g = weft__current();
    struct call c = {.job.run = run, .g = g, .fn = fn};
    for (unsigned i = 0; i < n; i++)
        c.arg[i] = args[i];
    if (g->thread || !load_relaxed(&sched.running) || !weft__pool_ready()) {
        make_call(&c);
        return c.result;
    }
    weft__park_commit(WAIT_BLOCKING, NULL, pc, put, &c.job);
    if (unlikely(c.panic != NULL))
        weft_panic_again(c.panic);
    return c.result;
}

uintptr_t weft_impl_blocking(weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    return weft__blocking((uintptr_t)__builtin_return_address(0), fn, n, args);
}
