/* SPDX-License-Identifier: MIT */
/*
 * The orders in which locks are taken.
 *
 * An order says: somebody waited for lock B while holding A, here, and also
 * held these others.  They are the edges of a graph of locks.  A circle in it
 * can become a deadlock, even if it never did: each of its orders by another
 * goroutine, at the same time.  That can not be when two of the orders have a
 * lock in common that is held in both, since whoever has that one keeps the
 * other out (a gate lock; two readers are not kept out).  So an order is kept
 * with all that was held, once for each set of locks that does not contain a
 * set kept before: the fewer were held, the more circles it may close.
 *
 * New orders are rare; all that happens on the way to one that is known is to
 * find it.  Only a new one starts a search: for a way from B back to A, by
 * orders no two of which have a lock in common.  It is cut off after so many
 * steps, which are some hundred microseconds.
 *
 * What makes no order: an attempt that does not wait, since it gives up; but
 * what it took counts as held.  A wait that a deadline ends.  And a lock that was
 * ever unlocked by another goroutine than the one that took it, as a thing to
 * hold: who took it is not who others wait for.
 *
 * Locks are told apart by their address.  A lock that is used for the first
 * time since it was zero is another one than was there before: its serial
 * number changes, and its orders go.
 *
 * Readers count like writers.  A reader waits behind a writer that waits, so
 * two readers in opposite orders stand still as soon as writers come.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/lookup.h"
#include "debug/report.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"

enum {
    CIRCLE_MAX = 8,     /* locks of a circle */
    STEPS_MAX = 20000,  /* of one search */
    SETS_MAX = 16,      /* kept of one pair of locks */
    ORDERS_MAX = 200000 /* of all */
};

struct node {
    struct node *same; /* in a row of the table */
    void *lock;
    uint32_t serial;
    bool passed; /* it was unlocked by another than its holder */
    bool on_path;
    uint32_t uses; /* orders that it was held in */
    struct order *out, *in;
};

/* A lock that was held. */
struct gate {
    struct node *node;
    uint32_t serial;
    enum lock_how how;
    uintptr_t pc; /* since where */
};

struct order {
    struct order *same; /* in a row of the table */
    struct order *next_out, **prev_out, *next_in, **prev_in;
    struct node *from, *to;
    enum lock_how to_how;
    uint64_t id, parent_id;
    uintptr_t create_pc;
    struct order_stack stack;
    size_t gates;
    struct gate gate[]; /* the first is `from` */
};

/* Rows of things, more of them as there are more things. */
static struct node **node_rows;
static struct order **order_rows;
static size_t node_room, node_count, order_room, order_count; /* rooms: powers of two */

static size_t hash(uintptr_t a, uintptr_t b)
{
    uint64_t h = (a ^ (b << 17 | b >> 47)) * 0x9E3779B97F4A7C15ull;
    return (size_t)(h >> 24);
}

/* ---- nodes ----------------------------------------------------------------------------- */

static struct node **node_row(const void *lock)
{
    return &node_rows[hash((uintptr_t)lock, 0) & (node_room - 1)];
}

static struct node *node_find(const void *lock)
{
    struct node *n = node_room ? *node_row(lock) : NULL;
    while (n && n->lock != lock)
        n = n->same;
    return n;
}

static bool grow_nodes(void)
{
    size_t before = node_room;
    struct node **old = node_rows, **rows;
    rows = weft__alloc_zero((before ? before * 2 : 256) * sizeof *rows);
    if (!rows)
        return false;
    node_rows = rows;
    node_room = before ? before * 2 : 256;
    for (size_t i = 0; i < before; i++)
        for (struct node *n = old[i], *next; n; n = next) {
            struct node **row = node_row(n->lock);
            next = n->same;
            n->same = *row;
            *row = n;
        }
    weft__free(old, before * sizeof *old);
    return true;
}

/* NULL when memory is out. */
static struct node *node_get(void *lock)
{
    struct node *n = node_find(lock);
    if (n)
        return n;
    if (node_count >= node_room && !grow_nodes())
        return NULL;
    n = weft__alloc_zero(sizeof *n);
    if (!n)
        return NULL;
    struct node **row = node_row(lock);
    n->lock = lock;
    n->same = *row;
    *row = n;
    node_count++;
    return n;
}

/* ---- orders ---------------------------------------------------------------------------- */

static struct order **order_row(const struct node *from, const struct node *to)
{
    return &order_rows[hash((uintptr_t)from, (uintptr_t)to) & (order_room - 1)];
}

static bool grow_orders(void)
{
    size_t before = order_room;
    struct order **old = order_rows, **rows;
    rows = weft__alloc_zero((before ? before * 2 : 256) * sizeof *rows);
    if (!rows)
        return false;
    order_rows = rows;
    order_room = before ? before * 2 : 256;
    for (size_t i = 0; i < before; i++)
        for (struct order *o = old[i], *next; o; o = next) {
            struct order **row = order_row(o->from, o->to);
            next = o->same;
            o->same = *row;
            *row = o;
        }
    weft__free(old, before * sizeof *old);
    return true;
}

static void order_link(struct order *o)
{
    struct order **row = order_row(o->from, o->to);
    o->same = *row;
    *row = o;
    o->prev_out = &o->from->out;
    o->next_out = o->from->out;
    o->prev_in = &o->to->in;
    o->next_in = o->to->in;
    if (o->next_out)
        o->next_out->prev_out = &o->next_out;
    if (o->next_in)
        o->next_in->prev_in = &o->next_in;
    o->from->out = o->to->in = o;
    for (size_t i = 0; i < o->gates; i++)
        o->gate[i].node->uses++;
    order_count++;
}

static size_t order_size(const struct order *o) { return sizeof *o + o->gates * sizeof o->gate[0]; }

static void order_remove(struct order *o)
{
    struct order **at = order_row(o->from, o->to);
    while (*at != o)
        at = &(*at)->same;
    *at = o->same;
    *o->prev_out = o->next_out;
    *o->prev_in = o->next_in;
    if (o->next_out)
        o->next_out->prev_out = o->prev_out;
    if (o->next_in)
        o->next_in->prev_in = o->prev_in;
    for (size_t i = 0; i < o->gates; i++)
        o->gate[i].node->uses--;
    order_count--;
    weft__free(o, order_size(o));
}

void weft__order_first(void *lock)
{
    struct node *n = node_find(lock);
    if (!n)
        return;
    while (n->out)
        order_remove(n->out);
    while (n->in)
        order_remove(n->in);
    n->passed = false;
    n->serial++;
}

static bool held_in(const struct order *o, const struct node *n)
{
    for (size_t i = 0; i < o->gates; i++)
        if (o->gate[i].node == n && o->gate[i].serial == n->serial)
            return true;
    return false;
}

/* The orders that it was held in go; without it, those that matter come again. */
void weft__order_passed(void *lock)
{
    struct node *n = node_get(lock);
    if (!n || n->passed)
        return;
    n->passed = true;
    for (size_t row = 0; row < order_room && n->uses > 0; row++)
        for (struct order *o = order_rows[row], *next; o; o = next) {
            next = o->same;
            if (held_in(o, n))
                order_remove(o);
        }
}

bool weft__order_was_passed(void *lock)
{
    struct node *n = node_find(lock);
    return n && n->passed;
}

/* ---- what was held ----------------------------------------------------------------------- */

static bool counts(const struct held *h)
{
    if (h->how == HELD_PTHREAD)
        return false;
    struct node *n = node_find(h->lock);
    return !n || !n->passed;
}

/* Was this one held now, at least as exclusively? */
static bool holds(const struct held *list, const struct gate *gate)
{
    for (const struct held *h = list; h; h = h->next)
        if (h->lock == gate->node->lock && gate->serial == gate->node->serial &&
            (h->how != HELD_READ || gate->how == HELD_READ))
            return true;
    return false;
}

/* Is there an order that needs no more than is held now? */
static bool known(const struct held *list, const struct node *from, const struct node *to)
{
    size_t sets = 0;
    if (!from || !to || !order_room)
        return false;
    for (struct order *o = *order_row(from, to); o; o = o->same) {
        if (o->from != from || o->to != to)
            continue;
        size_t i = 1;
        while (i < o->gates && holds(list, &o->gate[i]))
            i++;
        if (i == o->gates || ++sets == SETS_MAX)
            return true;
    }
    return false;
}

/* Does whoever is at one of them keep out whoever is at the other? */
static bool exclude(const struct order *a, const struct order *b)
{
    for (size_t i = 0; i < a->gates; i++)
        for (size_t j = 0; j < b->gates; j++)
            if (a->gate[i].node == b->gate[j].node && a->gate[i].serial == b->gate[j].serial &&
                !(a->gate[i].how == HELD_READ && b->gate[j].how == HELD_READ))
                return true;
    return false;
}

/* NULL when memory is out. */
static struct order *order_make(struct g *g, const struct held *held, void *lock, enum lock_how how,
                                const struct order_stack *stack)
{
    size_t n = 1;
    for (const struct held *h = g->held; h; h = h->next)
        n += h != held && counts(h);
    struct order *o = weft__alloc_zero(sizeof *o + n * sizeof o->gate[0]);
    if (!o)
        return NULL;
    o->gates = n;
    o->from = node_get(held->lock);
    o->to = node_get(lock);
    o->to_how = how;
    o->id = g->id;
    o->parent_id = g->parent_id;
    o->create_pc = g->thread ? 0 : g->create_pc;
    o->stack = *stack;
    n = 1;
    for (const struct held *h = g->held; h; h = h->next) {
        if (h != held && !counts(h))
            continue;
        struct gate *gate = &o->gate[h == held ? 0 : n++];
        *gate = (struct gate){node_get(h->lock), 0, h->how, h->pc};
        if (!gate->node || !o->from || !o->to) {
            weft__free(o, order_size(o));
            return NULL;
        }
        gate->serial = gate->node->serial;
    }
    return o;
}

/* ---- circles --------------------------------------------------------------------------- */

static struct {
    struct order *path[CIRCLE_MAX];
    size_t length, limit;
    unsigned steps;
} search;

/* From @at on to where the path began. */
static bool reach(struct node *at, size_t depth)
{
    const struct node *goal = search.path[0]->from;
    for (struct order *o = at->out; o && search.steps < STEPS_MAX; o = o->next_out) {
        bool possible = !o->to->on_path;
        search.steps++;
        for (size_t i = 0; i < depth && possible; i++)
            possible = !exclude(o, search.path[i]);
        if (!possible)
            continue;
        search.path[depth] = o;
        if (o->to == goal) {
            search.length = depth + 1;
            return true;
        }
        if (depth + 1 == search.limit)
            continue;
        o->to->on_path = true;
        bool found = reach(o->to, depth + 1);
        o->to->on_path = false;
        if (found)
            return true;
    }
    return false;
}

/* The shortest circles first: they are the easiest to understand. */
static bool closes(struct order *o)
{
    search.path[0] = o;
    search.steps = 0;
    for (search.limit = 2; search.limit <= CIRCLE_MAX; search.limit *= 2)
        if (reach(o->to, 1))
            return true;
    return false;
}

/* ---- adding ------------------------------------------------------------------------------- */

/* The circle to be reported, in copies: who waits for the report may go on. */
static struct {
    size_t length;
    struct order *order[CIRCLE_MAX];
} told;

static bool keep(void)
{
    for (size_t i = 0; i < search.length; i++) {
        size_t size = order_size(search.path[i]);
        told.order[i] = weft__alloc(size);
        if (!told.order[i])
            return false;
        bytes_copy(told.order[i], search.path[i], size);
    }
    told.length = search.length;
    return true;
}

enum order_said weft__order_add(struct g *g, void *lock, enum lock_how how,
                                const struct order_stack *stack)
{
    if (told.length > 0)
        return ORDER_FINE; /* that is the end already */
    for (struct held *h = g->held; h; h = h->next) {
        if (!counts(h) || h->lock == lock || known(g->held, node_find(h->lock), node_find(lock)))
            continue;
        if (!stack)
            return ORDER_NEW;
        if (order_count >= ORDERS_MAX) {
            weft__warn_once("WEFT_CHECK=locks: too many orders of locks; new ones are not checked");
            return ORDER_FINE;
        }
        struct order *o = NULL;
        if (order_count < order_room || grow_orders())
            o = order_make(g, h, lock, how, stack);
        if (!o)
            return ORDER_FINE;
        order_link(o);
        if (closes(o) && keep())
            return ORDER_INVERTED;
    }
    return ORDER_FINE;
}

/* ---- the report ----------------------------------------------------------------------------- */

static void put_lock(struct text *t, const void *lock, enum lock_how how)
{
    weft__print(t, "%s %p", how == HELD_MUTEX ? "mutex" : "rwmutex", lock);
}

static const char *mode(enum lock_how how)
{
    return how == HELD_MUTEX ? "" : how == HELD_READ ? " for reading" : " for writing";
}

static void put_order(struct text *t, const struct order *o, bool now)
{
    struct trace trace;
    weft__trace_begin(&trace, 0);
    for (size_t i = 0; i < o->stack.depth; i++)
        weft__trace_add(&trace, o->stack.pcs[i]);
    if (o->id)
        weft__print(t, "\ngoroutine %llu [%s]:\n", (unsigned long long)o->id,
                    now ? "running" : "earlier");
    else
        weft__print(t, "\nthread [%s]:\n", now ? "running" : "earlier");
    weft__put_frames(t, &trace);
    weft__print(t, "        %s ", now ? "locks" : "locked");
    put_lock(t, o->to->lock, o->to_how);
    weft__print(t, "%s while it %s\n", mode(o->to_how), now ? "holds" : "held");
    for (size_t i = 0; i < o->gates; i++) {
        weft__print(t, "        ");
        put_lock(t, o->gate[i].node->lock, o->gate[i].how);
        weft__print(t, ", locked%s at ", mode(o->gate[i].how));
        weft__put_site(t, o->gate[i].pc);
        weft__print(t, "\n");
    }
    if (!o->create_pc)
        return;
    weft__print(t, "created by ");
    weft__put_site(t, o->create_pc);
    if (o->parent_id)
        weft__print(t, " in goroutine %llu", (unsigned long long)o->parent_id);
    weft__print(t, "\n");
}

static void put_orders(void *text)
{
    for (size_t i = 0; i < told.length; i++)
        put_order(text, told.order[i], i == 0);
}

void weft__order_report(void)
{
    struct text t;
    weft__dying();
    weft__text_fd(&t, STDERR_FILENO);
    weft__print(&t, "fatal error: lock order inversion\n");
    weft__with_symbols(&t, put_orders, &t);
    weft__flush(&t);
    weft__die(2);
}
