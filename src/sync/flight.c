/* SPDX-License-Identifier: MIT */
/*
 * Flights: calls under way, by key.
 *
 * weft_lock guards the list and every call's fields but key and the answer.
 * The answer is written by the leader alone, before `over` is set under the
 * lock, and read after.  A call is freed by the last who holds it: the leader
 * and each of those who wait count as one.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/self.h"
#include "weft/flight.h"
#include "weft/panic.h"

struct call {
    struct call *next;
    weft_flight *flight;
    size_t size;          /* of this block */
    int holders;
    bool listed, over;
    struct waitq waiters;
    /* the answer */
    int result;
    void *value;
    char *panic;          /* its message */
    size_t panic_size;
    /* what to ask */
    weft_impl_fn fn;
    unsigned n;
    uintptr_t arg[6];
    char key[];
};

static struct lock *lock_of(weft_flight *fl)
{
    return (struct lock *)&fl->weft_lock;
}

/* Called with the lock held. */
static void unlist(weft_flight *fl, struct call *c)
{
    if (!c->listed)
        return;
    struct call **at = (struct call **)&fl->weft_calls;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->listed = false;
}

/* Called with the lock held; releases it. */
static void let_go(weft_flight *fl, struct call *c)
{
    bool last = --c->holders == 0;
    weft__unlock(lock_of(fl));
    if (last) {
        weft__free(c->panic, c->panic_size);
        weft__free(c, c->size);
    }
}

/* The leader's call is over, however it ended. */
static void land(struct call *c)
{
    weft_flight *fl = c->flight;
    struct g *list = NULL, **tail = &list;
    hb_release(c);
    weft__lock(lock_of(fl));
    unlist(fl, c);
    c->over = true;
    for (struct waiter *w; (w = waitq_take(&c->waiters));) {
        w->g->link = NULL;
        *tail = w->g;
        tail = &w->g->link;
    }
    weft__unlock(lock_of(fl));
    weft__ready_all(list);
}

static void ask(struct call *c)
{
    void *value = NULL; /* here: the program's code must not write to the runtime's memory */
    uintptr_t *a = c->arg;
    a[c->n] = (uintptr_t)&value;
    c->result = ((int (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))c->fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
    c->value = value;
}

/* The leader: a panic of the call is kept for the others and raised again here. */
static void lead(struct call *c)
{
    weft_defer(land, c);
    weft_panic_info *p = weft_try(ask, c);
    if (!p)
        return;
    const char *message = weft_panic_message(p);
    c->panic_size = strlen(message) + 1;
    c->panic = weft__alloc(c->panic_size);
    if (c->panic)
        bytes_copy(c->panic, message, c->panic_size);
    weft_panic_again(p);
}

static void let_go_locked(struct call *c)
{
    weft__lock(lock_of(c->flight));
    let_go(c->flight, c);
}

static struct call *find(weft_flight *fl, const char *key)
{
    for (struct call *c = fl->weft_calls; c; c = c->next)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

static void check(weft_flight *fl, const char *key, const char *what)
{
    if (!fl || !key)
        weft_panic("%s: the %s is NULL", what, fl ? "key" : "flight");
    if (unlikely(!self_is(&fl->weft_self, fl)))
        weft_panic("flight was copied after its first use");
}

static int take_answer(struct call *c, void **value)
{
    weft_defer(let_go_locked, c);
    hb_acquire(c);
    if (c->panic)
        weft_panic("%s", c->panic);
    if (value)
        *value = c->value;
    return c->result;
}

int weft_impl_flight_do(weft_flight *fl, const char *key, void **value, weft_impl_fn fn, unsigned n,
                        const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check(fl, key, "weft_flight_do");
    size_t length = strlen(key);
    weft__lock(lock_of(fl));
    struct call *c = find(fl, key);
    if (c) {
        c->holders++;
        struct waiter w = {.g = weft__current(), .object = fl};
        waitq_push(&c->waiters, &w);
        weft__park(WAIT_ONCE, fl, pc, lock_of(fl));
        return take_answer(c, value);
    }
    size_t size = sizeof *c + length + 1;
    c = weft__alloc_zero(size);
    if (!c) {
        weft__unlock(lock_of(fl));
        weft_panic("weft_flight_do: out of memory");
    }
    c->flight = fl;
    c->size = size;
    c->holders = 1;
    c->result = -ECANCELED; /* what stays when the call ends by weft_goexit() */
    c->fn = fn;
    c->n = n;
    for (unsigned i = 0; i < n; i++)
        c->arg[i] = args[i];
    bytes_copy(c->key, key, length);
    c->next = fl->weft_calls;
    fl->weft_calls = c;
    c->listed = true;
    weft__unlock(lock_of(fl));
    weft_defer(let_go_locked, c);
    lead(c);
    if (value)
        *value = c->value;
    return c->result;
}

void weft_flight_forget(weft_flight *fl, const char *key)
{
    check(fl, key, "weft_flight_forget");
    weft__lock(lock_of(fl));
    struct call *c = find(fl, key);
    if (c)
        unlist(fl, c);
    weft__unlock(lock_of(fl));
}
