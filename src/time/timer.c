/* SPDX-License-Identifier: MIT */
/*
 * Timers and tickers with a channel, and calls after a time.
 *
 * As in Go since 1.23 a timer's channel looks unbuffered: inside it holds one
 * value, but stop and reset throw a value away that nobody took, so that none
 * from before arrives after.  A timer fires in two steps: under the heap's lock
 * it notes that it fired, and later, without that lock, it delivers.  What is
 * delivered carries the number of the setting it belongs to (`setting`); stop
 * and reset move the number on, and a late delivery is then dropped.
 *
 * References: the handle's; one while armed; one for each late delivery on its
 * way; one for a running call.
 */
#include <string.h>

#include "base/alloc.h"
#include "chan/chan_impl.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"
#include "weft/panic.h"
#include "weft/time.h"

struct weft_timer {
    struct timer timer;
    struct lock lock;   /* guards: arming, calls, waiters */
    struct lock firing; /* guards: the next five; a leaf, taken under any other */
    uint32_t setting;
    bool fired; /* not yet delivered, under fired_setting */
    bool late;  /* a delivery is on its way and will look at `fired` */
    uint32_t fired_setting;
    int64_t fired_at;
    int64_t period;  /* ns; 0: once */
    int64_t refs;    /* atomic */
    weft_chan *chan; /* or: */
    weft_impl_fn fn;
    unsigned n;
    uintptr_t arg[6];
    uintptr_t create_pc;
    uint64_t armed;       /* for sanitizers: what was done before arming */
    uint32_t calls;       /* calls under way */
    struct waitq waiters; /* for them to end */
};

/* A ticker is a timer with a period; the types differ for users only. */
struct weft_ticker {
    weft_timer t;
};

static void timer_ref(weft_timer *x) { add_relaxed(&x->refs, 1); }

static void timer_drop(weft_timer *x)
{
    if (__atomic_fetch_sub(&x->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weft_impl_drop(x->chan);
    hb_forget(&x->calls);
    weft__free(x, sizeof *x);
}

/* ---- firing ------------------------------------------------------------------------ */

/*
 * With a heap's lock held, not always the same one's: an earlier firing may
 * still be on its way to be delivered.  That delivery then serves this one too.
 */
static bool fire(struct timer *t, int64_t now, struct timer_due *due)
{
    weft_timer *x = t->arg;
    bool again = x->period > 0;
    if (again) {
        /* Ticks that were missed altogether are dropped, the rhythm is kept. */
        t->when += x->period * (1 + (now - t->when) / x->period);
        timer_ref(x);
    } /* else the armed reference becomes the delivery's */
    weft__lock(&x->firing);
    if (!x->fired || x->fired_setting != x->setting) {
        x->fired = true;
        x->fired_setting = x->setting;
        x->fired_at = now;
    }
    due->late = !x->late;
    x->late = true;
    weft__unlock(&x->firing);
    if (!due->late)
        sub_seq(&x->refs, 1); /* not the last: the delivery under way has one */
    return again;
}

/* Takes what fired, if stop or reset did not overtake it. */
static bool take_fired(weft_timer *x, weft_time *at)
{
    weft__lock(&x->firing);
    bool valid = x->fired && x->fired_setting == x->setting;
    *at = x->fired_at;
    x->fired = x->late = false;
    weft__unlock(&x->firing);
    return valid;
}

static void run_call(weft_timer *x)
{
    uintptr_t *a = x->arg;
    ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))x->fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The call is over, also when it ended by weft_goexit(). */
static void call_over(weft_timer *x)
{
    struct g *list = NULL;
    hb_release(&x->calls);
    weft__lock(&x->lock);
    if (--x->calls == 0)
        for (struct waiter *w; (w = waitq_take(&x->waiters));) {
            w->g->link = list;
            list = w->g;
        }
    weft__unlock(&x->lock);
    weft__ready_all(list);
    timer_drop(x);
}

static void call_goroutine(weft_timer *x)
{
    hb_take(&x->armed);
    weft_defer(call_over, x);
    run_call(x);
}

static void deliver_late(struct timer *t)
{
    weft_timer *x = t->arg;
    weft__lock(&x->lock);
    weft_time value;
    bool valid = take_fired(x, &value);
    if (valid && !x->chan)
        x->calls++;
    struct g *woken = NULL;
    if (valid && x->chan) {
        /* x->lock is held: stop and reset cannot come between. */
        struct chan *c = chan_of(x->chan);
        weft__lock(&c->lock);
        if (weft__chan_offer(c, &value, &woken) == CHAN_BLOCKED)
            weft__unlock(&c->lock);
    }
    weft__unlock(&x->lock);
    if (woken)
        weft__ready(woken);
    if (valid && !x->chan) {
        uintptr_t arg = (uintptr_t)x;
        weft__spawn(NULL, 0, 0, NULL, x->create_pc, (weft_impl_fn)call_goroutine, 1, &arg);
        return; /* the reference goes to the call */
    }
    timer_drop(x);
}

/* ---- arming ------------------------------------------------------------------------ */

static void need_runtime(void)
{
    if (!load_relaxed(&sched.running))
        weft_panic("a timer needs the runtime: call it under weft_main or weft_run");
}

static weft_timer *timer_make(int64_t period, uintptr_t pc)
{
    need_runtime();
    weft_timer *x = weft__alloc_zero(sizeof *x);
    if (!x)
        weft_panic("out of memory for a timer");
    x->timer.fire = fire;
    x->timer.late = deliver_late;
    x->timer.arg = x;
    x->period = period;
    x->refs = 1;
    x->create_pc = pc;
    return x;
}

static void arm(weft_timer *x, int64_t d)
{
    /* Arming happens before what the timer causes; the thread that it fires on
     * is only a messenger, and neither learns nor tells anything itself. */
    if (x->chan)
        weft__chan_timer_armed(chan_of(x->chan));
    else
        hb_publish(&x->armed, 1);
    timer_ref(x);
    weft__timer_arm(&x->timer, weft__deadline(d), true);
}

/* With x->lock held: nothing of the old setting arrives any more.  True when
 * something would have. */
static bool disarm(weft_timer *x)
{
    bool active = weft__timer_remove(&x->timer);
    if (active)
        timer_drop(x);
    weft__lock(&x->firing);
    active |= x->fired && x->fired_setting == x->setting;
    x->setting++;
    weft__unlock(&x->firing);
    if (x->chan) {
        struct chan *c = chan_of(x->chan);
        weft__lock(&c->lock);
        active |= c->count > 0;
        c->count = c->head = c->tail = 0;
        weft__unlock(&c->lock);
    }
    return active;
}

/*
 * The shorter way for a timer that is still to fire, as the idle time of a
 * connection nearly always is: only its place in the heap changes.  Nothing of
 * this setting is on its way, since it is in the heap, and what an earlier one
 * left was thrown away when that ended.  A ticker may have fired and be armed
 * again, so it goes the long way, as everybody does for a sanitizer: what was
 * done before a reset that comes too late must not seem to come before the call.
 */
static bool move(weft_timer *x, int64_t d)
{
    if (x->period > 0 || unlikely(weft__tsan))
        return false;
    return weft__timer_move(&x->timer, weft__deadline(d));
}

/* Arming enters the runtime, which may park: so enter before the lock is taken. */
static bool set(weft_timer *x, bool rearm, int64_t d)
{
    if (rearm)
        need_runtime();
    struct m *m = weft__enter();
    weft__lock(&x->lock);
    bool active = rearm && move(x, d);
    if (!active) {
        active = disarm(x);
        if (rearm)
            arm(x, d);
    }
    weft__unlock(&x->lock);
    if (m)
        weft__leave(m);
    return active;
}

static weft_timer *timer_with_chan(int64_t d, int64_t period, uintptr_t pc)
{
    weft_timer *x = timer_make(period, pc);
    struct chan *c = weft__chan_new(CHAN_TIMER, sizeof(weft_time), 1, pc);
    if (!c) {
        weft__free(x, sizeof *x);
        weft_panic("out of memory for a timer");
    }
    x->chan = handle_of(c);
    arm(x, d);
    return x;
}

static void check(const void *t, const char *what)
{
    if (!t)
        weft_panic("%s: the timer is NULL", what);
}

static void check_period(int64_t d, const char *what)
{
    if (d <= 0)
        weft_panic("%s: the period must be positive, it is %lld", what, (long long)d);
}

/* ---- public --------------------------------------------------------------------------- */

weft_timer *weft_timer_new(weft_duration d)
{
    return timer_with_chan(d, 0, (uintptr_t)__builtin_return_address(0));
}

weft_time_chan_rx *weft_timer_chan(weft_timer *t)
{
    check(t, "weft_timer_chan");
    return (weft_time_chan_rx *)(void *)t->chan;
}

bool weft_timer_stop(weft_timer *t)
{
    check(t, "weft_timer_stop");
    return set(t, false, 0);
}

bool weft_timer_reset(weft_timer *t, weft_duration d)
{
    check(t, "weft_timer_reset");
    return set(t, true, d);
}

void weft_timer_unref(weft_timer *t)
{
    if (!t)
        return;
    if (t->chan)
        set(t, false, 0);
    timer_drop(t);
}

weft_timer *weft_impl_after_func(weft_duration d, weft_impl_fn fn, unsigned n,
                                 const uintptr_t *args)
{
    weft_timer *x = timer_make(0, (uintptr_t)__builtin_return_address(0));
    x->fn = fn;
    x->n = n;
    for (unsigned i = 0; i < n; i++)
        x->arg[i] = args[i];
    arm(x, d);
    return x;
}

void weft_timer_wait(weft_timer *t)
{
    check(t, "weft_timer_wait");
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct waiter w = {.g = weft__current()};
    weft__lock(&t->lock);
    if (t->calls > 0) {
        waitq_push(&t->waiters, &w);
        weft__park(WAIT_TIMER_CALL, t, pc, &t->lock);
    } else {
        weft__unlock(&t->lock);
    }
    hb_acquire(&t->calls);
}

weft_ticker *weft_ticker_new(weft_duration d)
{
    check_period(d, "weft_ticker_new");
    return (weft_ticker *)timer_with_chan(d, d, (uintptr_t)__builtin_return_address(0));
}

weft_time_chan_rx *weft_ticker_chan(weft_ticker *t)
{
    check(t, "weft_ticker_chan");
    return (weft_time_chan_rx *)(void *)t->t.chan;
}

void weft_ticker_stop(weft_ticker *t)
{
    check(t, "weft_ticker_stop");
    set(&t->t, false, 0);
}

void weft_ticker_reset(weft_ticker *t, weft_duration d)
{
    check(t, "weft_ticker_reset");
    check_period(d, "weft_ticker_reset");
    struct m *m = weft__enter();
    weft__lock(&t->t.lock);
    disarm(&t->t);
    t->t.period = d; /* not armed: no heap looks at it */
    arm(&t->t, d);
    weft__unlock(&t->t.lock);
    if (m)
        weft__leave(m);
}

void weft_ticker_unref(weft_ticker *t)
{
    if (t)
        weft_timer_unref(&t->t);
}
