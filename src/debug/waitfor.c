/* SPDX-License-Identifier: MIT */
/*
 * When goroutines that wait are judged, and what is said of those that wait for
 * each other in a circle: a deadlock, whatever else runs, and whatever timers
 * there are.
 *
 * Who closes a circle does so by beginning to wait; being given a lock never
 * does, since a goroutine runs when it is.  So each wait must be judged once,
 * when it has lasted PATIENCE_NS.  Goroutines that begin to wait set a flag, and
 * the monitor judges all waits that long after it saw the flag, at most once in
 * PATIENCE_NS, and less often when that takes long.  One that stands still
 * between setting the flag and waiting would be missed: so when nothing runs any
 * more, there is a judgement more.  Then the monitor sleeps.
 */
#include <unistd.h>

#include "debug/lookup.h"
#include "debug/report.h"
#include "debug/waitfor.h"
#include "platform/platform.h"
#include "sched/sched.h"

#define PATIENCE_NS ((int64_t)WEFT_SECOND)
#define OLD_NS      (PATIENCE_NS / 5 * 4) /* the clock of waits is coarse */
#define BETWEEN_NS  (10 * (int64_t)WEFT_MILLISECOND)

enum {
    SHARE = 100,     /* of the time at most one part goes to judging */
    NAMES_SHOWN = 20 /* goroutines of a circle */
};

/* ---- reports ----------------------------------------------------------------------------- */

static struct circle told; /* the process's last words */

static void put_member(struct text *t, const struct g *g)
{
    size_t i = 0;
    while (told.at[i].wait.id != g->id)
        i++;
    if (g->wait_reason == WAIT_WG)
        weft__print(t, "        waits for the end of goroutine %llu, which the wait group counts\n",
                    (unsigned long long)told.at[(i + 1) % told.count].wait.id);
    else
        weft__put_chain(t, g, true);
}

static void put_members(void *text)
{
    for (unsigned i = 0; i < WAIT_REASONS; i++)
        if (weft__holdable(i))
            weft__describe[i] = put_member;
    for (size_t i = 0; i < told.count; i++) {
        weft__print(text, "\n");
        weft__put_parked(text, told.at[i].wait.g);
    }
}

/* Are all of them locks? */
static bool only_locks(const struct circle *c)
{
    for (size_t i = 0; i < c->count; i++) {
        enum wait_reason reason = c->at[i].wait.reason;
        if (reason == WAIT_WG || reason == WAIT_ONCE)
            return false;
    }
    return true;
}

static void report(const struct circle *c)
{
    struct text t;
    weft__dying();
    told = *c;
    weft__text_fd(&t, STDERR_FILENO);
    weft__print(&t, "fatal error: deadlock: %s\n",
                c->count == 1   ? "a goroutine waits for itself"
                : only_locks(c) ? "goroutines wait for each other's locks"
                                : "goroutines wait for each other");
    weft__with_symbols(&t, put_members, &t);
    weft__flush(&t);
    weft__die(2);
}

void weft__put_cycle(struct text *t)
{
    struct circle c;
    if (!weft__circle_find(&c, TIME_NEVER, false))
        return;
    size_t n = c.count;
    weft__print(t, "goroutine%s", n > 1 ? "s" : "");
    for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
        weft__print(t, "%s %llu",
                    i == 0       ? ""
                    : i == n - 1 ? " and"
                                 : ",",
                    (unsigned long long)c.at[i].wait.id);
    if (n > NAMES_SHOWN)
        weft__print(t, " and %zu more", n - NAMES_SHOWN);
    weft__print(t, " %s\n", n > 1 ? "wait for each other" : "waits for itself");
    weft__circle_free(&c);
}

/* ---- judging ------------------------------------------------------------------------------ */

/* True when there is reason to do it again. */
static bool judge(void)
{
    struct circle c;
    int64_t now = weft__now();
    store_relaxed(&sched.coarse_now, now);
    full_fence();
    bool found = weft__circle_find(&c, now - OLD_NS, true), young = c.young;
    if (found) {
        weft__thread_sleep(BETWEEN_NS);
        full_fence();
        if (weft__circle_stands(&c))
            report(&c);
    }
    weft__circle_free(&c);
    return found || young;
}

/* Only the monitor is here. */
static struct {
    int64_t due;
    int64_t pause;  /* between two judgements */
    bool unsettled; /* there were waits since the last judgement while nothing ran */
} watch;

void weft__waits_begin(void)
{
    watch.due = TIME_NEVER;
    watch.pause = PATIENCE_NS;
    watch.unsettled = false;
}

int64_t weft__waits_poll(int64_t now, bool asleep)
{
    for (;;) {
        if (watch.due == TIME_NEVER && load_relaxed(&sched.lock_waits)) {
            store_relaxed(&sched.lock_waits, false);
            watch.unsettled = true;
            watch.due = now + watch.pause;
        } else if (watch.due == TIME_NEVER && asleep && watch.unsettled) {
            watch.due = now + PATIENCE_NS;
        }
        if (now < watch.due)
            return watch.due;
        if (load_relaxed(&sched.main_done))
            return TIME_NEVER; /* the leak report will tell */
        watch.due = TIME_NEVER;
        watch.unsettled = !asleep;
        if (judge())
            store_relaxed(&sched.lock_waits, true);
        int64_t after = weft__now(), cost = (after - now) * SHARE;
        watch.pause = cost > PATIENCE_NS ? cost : PATIENCE_NS;
        now = after;
    }
}
