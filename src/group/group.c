/* SPDX-License-Identifier: MIT */
/*
 * Groups.
 *
 * `lock` guards every field below it but the context, which is set once.  A
 * member's record is its own: only the member and whoever launches it touch it.
 *
 *   running   members launched and not yet over
 *   waiters   who waits for running to be zero (weft_group_wait), or
 *   slots     for running to be below the limit (weft_group_go)
 *
 * The last touch of a group by a member is the unlock in over(): running is
 * zero from then on, and the owner may free the group.
 */
#include "weft/group.h"
#include "base/alloc.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "weft/panic.h"

struct weft_group {
    weft_ctx *ctx;
    uintptr_t made_pc;
    struct lock lock;
    int running, limit;
    int err; /* the first one */
    bool waited;
    uintptr_t wait_pc;      /* where weft_group_wait() was called */
    weft_panic_info *panic; /* the first one */
    struct waitq waiters, slots;
    /* For sanitizers, under a limit: as if members sent to a channel of that
     * capacity when they begin, and received from it at their end. */
    uint64_t *ends; /* a place for each under way */
    size_t limited, begun, ended;
};

/* One that waits for a place. */
struct place_waiter {
    struct waiter w;
    size_t number; /* of the place it got */
};

struct member {
    weft_group *group;
    weft_impl_fn fn;
    uintptr_t arg[6];
    int result;
};

weft_group *(weft_group_new)(weft_ctx *ctx)
{
    weft_ctx *own = (weft_ctx_with_cancel)(ctx);
    weft_group *g = weft__alloc_zero(sizeof *g);
    if (!g) {
        weft_ctx_cleanup(&own);
        weft_panic("out of memory for a group");
    }
    g->ctx = own;
    g->limit = -1;
    g->made_pc = (uintptr_t)__builtin_return_address(0);
    return g;
}

static void check(weft_group *g, const char *what)
{
    if (!g)
        weft_panic("%s: the group is NULL", what);
}

weft_ctx *weft_group_ctx(weft_group *g)
{
    check(g, "weft_group_ctx");
    return g->ctx;
}

/* ---- members -------------------------------------------------------------------- */

static void run(struct member *m)
{
    uintptr_t *a = m->arg;
    m->result = ((int (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))m->fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The first error counts, and the first panic, whichever comes first. */
static void fail(weft_group *g, int err, weft_panic_info *panic)
{
    weft__lock(&g->lock);
    bool first = g->err == 0;
    if (first)
        g->err = err;
    if (!g->panic) {
        g->panic = panic;
        panic = NULL;
    }
    weft__unlock(&g->lock);
    if (first)
        weft_ctx_cancel_cause(g->ctx, err);
    weft_panic_info_free(panic);
}

/* Called with the lock held: the member that begins now comes after the end of
 * the one that made room for it. */
static size_t place_begun(weft_group *g) { return g->ends ? g->begun++ : 0; }

static void place_taken(weft_group *g, size_t number)
{
    if (g->ends && number >= g->limited)
        hb_take(&g->ends[number % g->limited]);
}

static void watch_limit(weft_group *g, int n)
{
    if (likely(!weft__tsan))
        return;
    weft__free(g->ends, g->limited * sizeof *g->ends);
    g->limited = n > 0 ? (size_t)n : 0;
    g->begun = g->ended = 0;
    g->ends = n > 0 ? weft__alloc_zero(g->limited * sizeof *g->ends) : NULL;
    if (n > 0 && !g->ends)
        weft__fatal("out of memory for the limit of a group");
}

/* The member is over, however it ended. */
static void over(struct member *m)
{
    weft_group *g = m->group;
    if (m->result != 0)
        fail(g, m->result, NULL);
    weft__free(m, sizeof *m);
    hb_release(g); /* to who waits for the group */
    struct g *list = NULL;
    weft__lock(&g->lock);
    g->running--;
    if (unlikely(g->ends != NULL)) /* to who gets a place because of us */
        hb_publish(&g->ends[g->ended++ % g->limited], 1);
    struct waiter *w;
    if ((w = waitq_take(&g->slots))) {
        g->running++; /* its place goes to the next one at once */
        container_of(w, struct place_waiter, w)->number = place_begun(g);
        w->g->link = NULL;
        list = w->g;
    } else if (g->running == 0) {
        while ((w = waitq_take(&g->waiters))) {
            w->g->link = list;
            list = w->g;
        }
    }
    weft__unlock(&g->lock);
    weft__ready_all(list);
}

static void member_main(struct member *m)
{
    weft_defer(over, m);
    uintptr_t arg = (uintptr_t)m;
    weft_panic_info *panic = weft__try_last((weft_impl_fn)run, 1, &arg);
    if (panic)
        fail(m->group, -ECANCELED, panic);
}

/* Called with a place taken. */
static void launch(weft_group *g, weft_impl_fn fn, unsigned n, const uintptr_t *args, uintptr_t pc)
{
    struct member *m = weft__alloc(sizeof *m);
    if (!m)
        weft__fatal("out of memory for a member of a group");
    m->group = g;
    m->fn = fn;
    m->result = 0;
    for (unsigned i = 0; i < n; i++)
        m->arg[i] = args[i];
    uintptr_t arg = (uintptr_t)m;
    weft__spawn(NULL, 0, 0, NULL, pc, (weft_impl_fn)member_main, 1, &arg);
}

static noinline void panic_waited(weft_group *g, const char *what)
{
    uintptr_t pc = g->wait_pc;
    weft__unlock(&g->lock);
    char at[256];
    weft_panic("%s: the group is over\n\tit was waited for at %s", what,
               weft__site(at, sizeof at, pc));
}

/* Takes a place among the running; false when the limit is reached and @wait is not set. */
static bool take_place(weft_group *g, bool wait, const char *what, uintptr_t pc)
{
    weft__lock(&g->lock);
    if (g->waited)
        panic_waited(g, what);
    bool limited = g->limit >= 0;
    size_t number;
    if (!limited || g->running < g->limit) {
        g->running++;
        number = place_begun(g);
        weft__unlock(&g->lock);
    } else if (!wait) {
        weft__unlock(&g->lock);
        return false;
    } else {
        if (unlikely(g->limit == 0)) {
            weft__unlock(&g->lock);
            weft_panic("%s: the limit of the group is 0, nobody may ever run", what);
        }
        struct place_waiter p = {.w = {.g = weft__current(), .object = g}};
        waitq_push(&g->slots, &p.w);
        weft__park(WAIT_GROUP, g, pc, &g->lock);
        number = p.number;
    }
    if (unlikely(g->ends != NULL))
        place_taken(g, number);
    return true;
}

void weft_impl_group_go(weft_group *g, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check(g, "weft_group_go");
    take_place(g, true, "weft_group_go", pc);
    launch(g, fn, n, args, pc);
}

void *weft_impl_group_try_go(weft_group *g, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check(g, "weft_group_try_go");
    if (!take_place(g, false, "weft_group_try_go", pc))
        return NULL;
    launch(g, fn, n, args, pc);
    return g;
}

void(weft_group_set_limit)(weft_group *g, int n)
{
    check(g, "weft_group_set_limit");
    weft__lock(&g->lock);
    if (g->waited)
        panic_waited(g, "weft_group_set_limit");
    int running = g->running;
    if (running == 0) {
        g->limit = n;
        watch_limit(g, n);
    }
    weft__unlock(&g->lock);
    if (running > 0)
        weft_panic("weft_group_set_limit: %d members of the group still run", running);
}

/* ---- waiting ---------------------------------------------------------------------- */

/* Waits until no member runs, and none will; returns the panic of one, which is
 * the caller's now. */
static weft_panic_info *join(weft_group *g, uintptr_t pc)
{
    weft__lock(&g->lock);
    while (g->running > 0) {
        struct waiter w = {.g = weft__current(), .object = g};
        waitq_push(&g->waiters, &w);
        weft__park(WAIT_GROUP, g, pc, &g->lock);
        weft__lock(&g->lock);
    }
    weft_panic_info *panic = g->panic;
    g->panic = NULL;
    if (!g->waited)
        g->wait_pc = pc;
    g->waited = true;
    weft__unlock(&g->lock);
    hb_acquire(g);
    return panic;
}

int(weft_group_wait)(weft_group *g)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check(g, "weft_group_wait");
    weft__lock(&g->lock);
    if (g->waited)
        panic_waited(g, "weft_group_wait");
    weft__unlock(&g->lock);
    weft_panic_info *panic = join(g, pc);
    weft_ctx_cancel(g->ctx);
    if (panic)
        weft_panic_again(panic);
    return g->err;
}

void weft_group_free(weft_group *g)
{
    if (!g)
        return;
    weft_ctx_cancel(g->ctx);
    weft_panic_info *panic = join(g, (uintptr_t)__builtin_return_address(0));
    weft_ctx_cleanup(&g->ctx);
    watch_limit(g, -1);
    hb_forget(g);
    weft__free(g, sizeof *g);
    if (panic)
        weft_panic_again(panic);
}
