/* SPDX-License-Identifier: MIT */
/*
 * Singleflight: duplicate calls share one.
 *
 * Calls under way hang in a table of buckets, found by the flight's address
 * and the key.  The bucket's lock guards everything of a call; the record
 * stands on the stack of the goroutine that runs f, its leader, and is off the
 * table before that goroutine leaves, by a scope record, however f ends.
 *
 * What outlives the call is the result, which is counted: one reference for
 * the leader, one for each follower, given under the bucket's lock while the
 * call is in the table.  It is written by the leader alone, before the
 * followers wake, and not at all afterwards.
 *
 * A follower waits in the call's queue, or until its context ends.  The leader
 * takes all of them off, those too whose context was faster: `off` tells a
 * follower, under the lock, that the call and its queue may be gone.
 */
#include "weft/flight.h"
#include "base/alloc.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sync/self.h"
#include "weft/sync.h"

enum { BUCKETS = 64, TEXT_MAX = 1024 };

struct weft_flight_result {
    int64_t refs; /* atomic */
    void *value;
    void (*release)(void *);
    bool set, shared;
    int err;
    uint64_t leader;
    char *panic; /* what it said, TEXT_MAX bytes; NULL: there was none */
};

struct call {
    /* What followers wait for, in the shape in which reports and the search for
     * deadlocks know who runs something that others wait for. */
    weft_once once;
    struct call *next;
    weft_flight *flight;
    const char *key;
    struct g *leader;
    bool listed; /* others may join */
    bool returned;
    weft_flight_result *result;
    struct waitq followers;
};

struct follower {
    struct waiter w;
    bool off; /* the leader took it off the queue */
};

static struct bucket {
    struct lock lock; /* guards: calls, and the records in it */
    struct call *calls;
} __attribute__((aligned(CACHE_LINE))) buckets[BUCKETS];

/* Not strcmp(): a race detector would take it for the caller's look at the
 * leader's key. */
static bool same(const volatile char *a, const volatile char *b)
{
    for (; *a == *b; a++, b++)
        if (*a == '\0')
            return true;
    return false;
}

static struct bucket *bucket_of(const weft_flight *flight, const char *key)
{
    uint64_t h = (uintptr_t)flight; /* FNV-1a */
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3ull;
    return &buckets[(h ^ h >> 32) % BUCKETS];
}

/* ---- results --------------------------------------------------------------------- */

weft_flight_result *weft_flight_result_ref(weft_flight_result *r)
{
    if (r)
        add_relaxed(&r->refs, 1);
    return r;
}

void weft_flight_result_unref(weft_flight_result *r)
{
    if (!r)
        return;
    hb_release(r);
    if (__atomic_fetch_sub(&r->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    hb_acquire(r);
    void (*release)(void *) = r->release;
    void *value = r->value;
    hb_forget(r);
    weft__free(r->panic, TEXT_MAX);
    weft__free(r, sizeof *r);
    if (release)
        release(value);
}

void weft_impl_flight_set(weft_flight_result *r, void *value, void (*release)(void *))
{
    if (!r)
        weft_panic("weft_flight_set: the result is NULL");
    if (r->set)
        weft_panic("weft_flight_set: the result has its value already");
    r->set = true;
    r->value = value;
    r->release = release;
}

void *weft_flight_value(const weft_flight_result *r) { return r ? r->value : NULL; }

bool weft_flight_shared(const weft_flight_result *r) { return r && load_relaxed(&r->shared); }

/* ---- misuse ------------------------------------------------------------------------- */

static void check(weft_flight *flight, const char *key, const char *what)
{
    if (unlikely(!flight || !key))
        weft_panic("%s: the %s is NULL", what, flight ? "key" : "flight");
    if (unlikely(!self_is(&flight->weft_self, flight))) {
        char at[256];
        weft_panic("flight was copied after its first use\n\tthe original last began a call at %s",
                   weft__site(at, sizeof at, load_relaxed(&flight->weft_pc)));
    }
}

static noinline void fatal_recursion(const struct call *k)
{
    char at[256];
    weft__fatal(
        "deadlock: goroutine %llu waits for the call for key \"%.200s\" that it runs itself\n"
        "\tit was begun at %s",
        (unsigned long long)k->leader->id, k->key, weft__site(at, sizeof at, k->once.weft_pc));
}

/* ---- the leader ------------------------------------------------------------------------ */

/* Called with the bucket's lock held. */
static void unlist(struct bucket *b, struct call *k)
{
    if (!k->listed)
        return;
    struct call **at = &b->calls;
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    k->listed = false;
}

/* f was left otherwise than by returning: by a panic, unless weft_goexit() runs. */
static void note_how(struct call *k)
{
    struct g *g = weft__current();
    weft_flight_result *r = k->result;
    r->err = -ECANCELED;
    if (g->flags & G_FLAG_GOEXIT || !g->panic)
        return;
    r->panic = weft__alloc_zero(TEXT_MAX);
    if (!r->panic)
        weft__fatal("out of memory while a panic is handed on");
    const char *message = weft_panic_message(g->panic);
    for (size_t i = 0; i < TEXT_MAX - 1 && message[i]; i++)
        r->panic[i] = message[i];
}

static void finish(struct call *k)
{
    struct bucket *b = bucket_of(k->flight, k->key);
    struct g *list = NULL, **end = &list;
    if (!k->returned)
        note_how(k);
    hb_release(k->result);
    weft__lock(&b->lock);
    unlist(b, k);
    for (struct waiter *w; (w = k->followers.first);) {
        waitq_remove(&k->followers, w);
        container_of(w, struct follower, w)->off = true;
        if (!weft__waiter_take(w))
            continue;
        w->g->link = NULL; /* a parked goroutine's link is free to use */
        *end = w->g;
        end = &w->g->link;
    }
    weft__unlock(&b->lock);
    weft__ready_all(list);
    if (!k->returned)
        weft_flight_result_unref(k->result);
}

static void lead(struct call *k, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    weft_defer(finish, k);
    uintptr_t a[6] = {0};
    for (unsigned i = 1; i < n; i++)
        a[i] = args[i];
    k->result->err = ((int (*)(weft_flight_result *, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                               uintptr_t))fn)(k->result, a[1], a[2], a[3], a[4], a[5]);
    k->returned = true;
}

/* ---- followers --------------------------------------------------------------------------- */

/* Called with the bucket's lock held, unlocks it.  0, or the context's error. */
static int follow(struct bucket *b, struct call *k, struct context *c, uintptr_t pc)
{
    struct g *g = weft__current();
    struct follower f = {.w = {.g = g, .ticket = weft__ticket_open(g), .object = k}};
    waitq_push(&k->followers, &f.w);
    int err = weft__ctx_park(c, &f.w, WAIT_ONCE, &k->once, pc, &b->lock);
    if (err != 0) {
        weft__lock(&b->lock);
        if (!f.off)
            waitq_remove(&k->followers, &f.w);
        weft__unlock(&b->lock);
    }
    return err;
}

static noinline void panic_too(weft_flight_result *r, const char *key)
{
    weft_defer(weft_flight_result_unref, r);
    weft_panic("the call for key \"%.200s\", run by goroutine %llu, panicked: %s", key,
               (unsigned long long)r->leader, r->panic);
}

/* ---- public --------------------------------------------------------------------------------- */

static weft_flight_result *result_new(const struct g *leader)
{
    weft_flight_result *r = weft__alloc_zero(sizeof *r);
    if (!r)
        weft_panic("out of memory for a result of weft_flight_do");
    r->refs = 1;
    r->leader = leader->id;
    return r;
}

static struct call *find(struct bucket *b, const weft_flight *flight, const char *key)
{
    struct call *k = b->calls;
    while (k && (k->flight != flight || !same(k->key, key)))
        k = k->next;
    return k;
}

/* The caller's reference becomes the user's, or goes. */
static int give(weft_flight_result *r, weft_flight_result **out)
{
    int err = r->err;
    if (err == 0 && out)
        *out = r;
    else
        weft_flight_result_unref(r);
    return err;
}

int weft_impl_flight_do(weft_ctx *ctx, weft_flight *flight, const char *key,
                        weft_flight_result **out, weft_impl_fn fn, unsigned n,
                        const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (out)
        *out = NULL;
    check(flight, key, "weft_flight_do");
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    struct g *g = weft__current();
    struct bucket *b = bucket_of(flight, key);
    weft_flight_result *fresh = result_new(g);
    struct context *c = weft__ctx_hold(ctx);
    weft__lock(&b->lock);
    struct call *k = find(b, flight, key);
    if (k) {
        if (unlikely(k->leader == g))
            fatal_recursion(k);
        weft_flight_result *r = weft_flight_result_ref(k->result);
        store_relaxed(&r->shared, true);
        err = follow(b, k, c, pc);
        weft__ctx_release(c);
        weft__free(fresh, sizeof *fresh);
        if (err != 0) {
            weft_flight_result_unref(r);
            return err;
        }
        hb_acquire(r);
        if (unlikely(r->panic))
            panic_too(r, key);
        return give(r, out);
    }
    struct call call = {
        .next = b->calls,
        .flight = flight,
        .key = key,
        .leader = g,
        .once = {.weft_running = true, .weft_runner = g->id, .weft_pc = pc},
        .listed = true,
        .result = fresh,
    };
    b->calls = &call;
    weft__unlock(&b->lock);
    weft__ctx_release(c);
    store_relaxed(&flight->weft_pc, pc);
    lead(&call, fn, n, args);
    return give(fresh, out);
}

void weft_flight_forget(weft_flight *flight, const char *key)
{
    check(flight, key, "weft_flight_forget");
    struct bucket *b = bucket_of(flight, key);
    weft__lock(&b->lock);
    struct call *k = find(b, flight, key);
    if (k)
        unlist(b, k);
    weft__unlock(&b->lock);
}
