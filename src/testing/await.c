/* SPDX-License-Identifier: MIT */
/*
 * Waiting for goroutines to reach a state, so that tests need no sleeps to
 * order things.
 *
 * The records are read while their owners run.  That a goroutine waits for a
 * reason is certain once seen: its waiter is on the list, and whoever wants to
 * wake it takes the lock that is released only when it is off its stack.
 */
#include <stdio.h>

#include "debug/debug.h"
#include "platform/platform.h"
#include "sched/sched.h"
#include "testing/testing.h"
#include "weft/context.h"
#include "weft/debug.h"
#include "weft/go.h"
#include "weft/time.h"

#define PATIENCE_NS ((int64_t)10 * 1000 * 1000 * 1000)
enum { YIELDS = 64 };

#define SAME(theirs, ours)                                                                         \
    _Static_assert((int)(theirs) == (int)(ours), "public twin of wait_reason")
SAME(WEFT_WAIT_CHAN_SEND, WAIT_CHAN_SEND);
SAME(WEFT_WAIT_CHAN_RECV, WAIT_CHAN_RECV);
SAME(WEFT_WAIT_CHAN_SEND_NULL, WAIT_CHAN_SEND_NIL);
SAME(WEFT_WAIT_CHAN_RECV_NULL, WAIT_CHAN_RECV_NIL);
SAME(WEFT_WAIT_SELECT, WAIT_SELECT);
SAME(WEFT_WAIT_SELECT_NONE, WAIT_SELECT_NONE);
SAME(WEFT_WAIT_MUTEX, WAIT_MUTEX);
SAME(WEFT_WAIT_RWMUTEX_READ, WAIT_RWMUTEX_READ);
SAME(WEFT_WAIT_RWMUTEX_WRITE, WAIT_RWMUTEX_WRITE);
SAME(WEFT_WAIT_COND, WAIT_COND);
SAME(WEFT_WAIT_WG, WAIT_WG);
SAME(WEFT_WAIT_ONCE, WAIT_ONCE);
SAME(WEFT_WAIT_SEM, WAIT_SEM);
SAME(WEFT_WAIT_GROUP, WAIT_GROUP);
SAME(WEFT_WAIT_SLEEP, WAIT_SLEEP);
SAME(WEFT_WAIT_IO, WAIT_IO);
SAME(WEFT_WAIT_BLOCKING, WAIT_BLOCKING);
SAME(WEFT_WAIT_TIMER_CALL, WAIT_TIMER_CALL);

/* Lets the others get on: at first by yielding, then by pauses, so that
 * goroutines on other threads and timers get their time. */
static void give_way(unsigned round)
{
    if (round < YIELDS)
        weft_yield();
    else
        (void)weft_sleep(weft_background(), (round < 4 * YIELDS ? 50 : 500) * WEFT_MICROSECOND);
}

static bool counts(const struct g *g)
{
    return load_relaxed(&g->state) != G_DEAD && g->id != 0 && !(g->flags & G_FLAG_SYSTEM);
}

static int waiting(weft_wait_reason reason)
{
    int found = 0;
    size_t n = weft__g_count();
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        if (counts(g) && load_acquire(&g->state) == G_WAITING &&
            load_relaxed(&g->wait_reason) == (uint8_t)reason)
            found++;
    }
    return found;
}

static void give_up(const char *file, int line, const char *message)
{
    fprintf(stderr, "%s\n", message);
    weft_dump(stderr);
    weft_impl_test_fail(true, file, line, "%s", message);
}

void weft_impl_test_until_waiting(const char *file, int line, int n, weft_wait_reason reason)
{
    int64_t until = weft__now() + PATIENCE_NS;
    int found;
    for (unsigned round = 0; (found = waiting(reason)) < n; round++) {
        if (weft__now() > until) {
            char message[160];
            snprintf(message, sizeof message,
                     "weft_test_until_waiting: %d of %d goroutines wait for [%s] after 10 s", found,
                     n, weft__wait_word((enum wait_reason)reason));
            give_up(file, line, message);
        }
        give_way(round);
    }
}

/* How often the processors have switched; the caller does not meanwhile. */
static uint64_t switches(void)
{
    uint64_t sum = 0;
    int n = load_acquire(&sched.proc_max);
    for (int i = 0; i < n; i++)
        sum += load_acquire(&sched.procs[i]->tick);
    return sum;
}

/*
 * Do all others wait at one moment?  A goroutine that was seen waiting may have
 * been woken since by one that was seen later, when that one waited too.  But
 * then that one has switched in between, and the count tells.
 */
static bool others_wait(const struct g *self)
{
    uint64_t before = switches();
    full_fence();
    size_t n = weft__g_count();
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        if (g != self && counts(g) && load_seq(&g->state) != G_WAITING)
            return false;
    }
    full_fence();
    return switches() == before;
}

void weft_impl_test_until_idle(const char *file, int line)
{
    int64_t until = weft__now() + PATIENCE_NS;
    const struct g *self = weft__self();
    for (unsigned round = 0; !others_wait(self); round++) {
        if (weft__now() > until)
            give_up(file, line, "weft_test_until_idle: some goroutine still runs after 10 s");
        give_way(round);
    }
}
