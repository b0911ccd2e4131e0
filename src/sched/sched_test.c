/* SPDX-License-Identifier: MIT */
/* What must hold of records, processors and threads while goroutines come and go. */
#include "sched/park.h"
#include "sched/sched.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/platform.h"
#include "weft/chan.h"
#include "weft/context.h"
#include "weft/go.h"
#include "weft/sync.h"
#include "weft/test.h"
#include "weft/time.h"

WEFT_CHAN(unit_chan, weft_unit);

static atomic_int ran;

static void nothing(void) { atomic_fetch_add(&ran, 1); }
static void waits(unit_chan_rx *gate) { weft_recv(gate, NULL); }

static int count_state(enum g_state state)
{
    int found = 0;
    for (size_t i = 0; i < weft__g_count(); i++)
        found += load_relaxed(&weft__g_at(i)->state) == (uint32_t)state && weft__g_at(i)->id != 0;
    return found;
}

static void start_waiters(unit_chan *gate, int n)
{
    for (int i = 0; i < n; i++)
        weft_go(waits, weft_rx(gate));
    weft_test_until_waiting(n, WEFT_WAIT_CHAN_RECV);
}

WEFT_TEST(records_of_ended_goroutines_are_used_again)
{
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    start_waiters(gate, 3000);
    size_t peak = weft__g_count();
    weft_close(gate);
    weft_test_until_idle();
    for (int round = 0; round < 10; round++) {
        weft_auto(unit_chan, again) = weft_make(unit_chan, 0);
        start_waiters(again, 2000);
        weft_close(again);
        weft_test_until_idle();
    }
    /* Each processor may keep some back, so a few more may have been needed. */
    weft_check(weft__g_count() <= peak + 2048);
    weft_check(count_state(G_WAITING), ==, 0);
}

/* From here on no other thread runs goroutines: they have all given up their
 * processors, and the monitor, which is told that enough compute already, does
 * not give ours away while the machine lets us wait. */
static void begin_alone(void)
{
    weft_procs(1);
    while (load_relaxed(&sched.taken_count) > 1 || load_relaxed(&weft__self()->m->p)->index > 0)
        weft_yield();
    add_seq(&sched.computing, 1000);
}

static void end_alone(void) { sub_seq(&sched.computing, 1000); }

WEFT_TEST(a_goroutine_has_no_stack_before_it_runs)
{
    begin_alone();
    weft_go(nothing);
    int found = 0;
    for (size_t i = 0; i < weft__g_count(); i++) {
        struct g *g = weft__g_at(i);
        if (g->state == G_RUNNABLE) {
            found++;
            weft_check(g->stack_lo == NULL && g->sp == NULL);
        }
    }
    weft_check(found, ==, 1);
    end_alone();
    weft_test_until_idle();
    weft_check(ran, ==, 1);
}

WEFT_TEST(a_waiting_goroutine_says_why_where_and_since_when)
{
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    int64_t before = weft_now();
    start_waiters(gate, 1);
    struct g *g = NULL;
    for (size_t i = 0; i < weft__g_count(); i++)
        if (weft__g_at(i)->state == G_WAITING)
            g = weft__g_at(i);
    weft_check(g != NULL);
    weft_check(g->wait_reason, ==, WAIT_CHAN_RECV);
    weft_check(g->wait_pc != 0 && g->create_pc != 0 && g->wait_object != NULL);
    weft_check(g->parent_id, ==, weft_goroutine_id());
    weft_check(g->fn == (weft_impl_fn)waits);
    /* The clock of waits is coarse, and never ahead. */
    weft_check(g->wait_since <= weft_now());
    weft_check(g->wait_since >= before - WEFT_SECOND);
    weft_check((char *)g->sp > g->stack_lo && (char *)g->sp < g->stack_hi);
    weft_close(gate);
    weft_test_until_idle();
}

/* More goroutines at once than a ring holds: the rest goes to the global queue, and all run. */
WEFT_TEST(more_goroutines_than_a_ring_holds)
{
    weft_wg wg = {0};
    for (int i = 0; i < 20 * RUNQ_SIZE; i++)
        weft_wg_go(&wg, nothing);
    weft_wg_wait(&wg);
    weft_check(ran, ==, 20 * RUNQ_SIZE);
    weft_check(sched.global_count, ==, 0);
}

static atomic_int inside, most;

static void compute(void)
{
    int now = atomic_fetch_add(&inside, 1) + 1, seen = most;
    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
        ;
    for (weft_time until = weft_now() + WEFT_MILLISECOND; weft_now() < until;)
        ;
    atomic_fetch_sub(&inside, 1);
}

/* "WEFT_PROCS of them run at any moment".  A processor whose goroutine computes for more than
 * 10 ms may be handed on, and then, up to the number of cores, one more computes. */
WEFT_TEST(no_more_run_at_once_than_there_are_processors)
{
    int procs = weft_procs(0);
    weft_wg wg = {0};
    for (int i = 0; i < 40; i++)
        weft_wg_go(&wg, compute);
    weft_wg_wait(&wg);
    weft_check(most >= 1);
    weft_check(most <= procs + weft__cpu_count());
}

/* Threads do not grow with the number of goroutines, nor of rounds. */
WEFT_TEST(threads_stay_few)
{
    for (int round = 0; round < 20; round++) {
        weft_wg wg = {0};
        for (int i = 0; i < 500; i++)
            weft_wg_go(&wg, nothing);
        weft_wg_wait(&wg);
        (void)weft_sleep(weft_background(), 200 * WEFT_MICROSECOND);
    }
    int threads = weft__thread_count();
    weft_check(threads <= weft_procs(0) + 4);
}

/* ---- tickets ------------------------------------------------------------------------------ */

WEFT_TEST(a_ticket_is_taken_once)
{
    struct g g;
    memset(&g, 0, sizeof g);
    uint64_t before = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t ticket = weft__ticket_open(&g);
        weft_check(ticket > before);
        if (before)
            weft_check(!weft__ticket_take(&g, before)); /* one who comes late */
        if (i % 2) {
            weft_check(weft__ticket_take(&g, ticket));
            weft_check(!weft__ticket_take(&g, ticket));
        }
        before = ticket;
    }
}

WEFT_TEST(wait_lists_keep_their_order)
{
    struct waiter w[5];
    struct waitq q = {0};
    struct g g;
    memset(&g, 0, sizeof g);
    memset(w, 0, sizeof w);
    for (int i = 0; i < 5; i++) {
        w[i].g = &g;
        waitq_push(&q, &w[i]);
    }
    waitq_remove(&q, &w[2]);
    waitq_remove(&q, &w[2]); /* off already: nothing */
    waitq_remove(&q, &w[0]);
    waitq_remove(&q, &w[4]);
    weft_check(waitq_take(&q) == &w[1]);
    /* One whose ticket somebody else has taken is passed over. */
    w[0].ticket = weft__ticket_open(&g);
    weft_check(weft__ticket_take(&g, w[0].ticket));
    waitq_push(&q, &w[0]);
    weft_check(waitq_take(&q) == &w[3]);
    weft_check(waitq_take(&q) == NULL);
    weft_check(q.first == NULL);
}
