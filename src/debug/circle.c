/* SPDX-License-Identifier: MIT */
/*
 * Circles of goroutines that wait for each other.
 *
 * The graph.  A node is an object that goroutines wait for: a lock, a once, a
 * wait group.  An edge leads from what a goroutine has to what it waits for;
 * a wait group is had by every goroutine that it was given to count.  Every
 * holder of an object must go on before those that wait for it can, so a circle
 * of edges never opens again.  Only goroutines that wait and have something
 * make edges, and a million that wait for one mutex make none: two passes over
 * the records, one for the objects and one for the edges, and memory for what is
 * found.  A wait that a context can end is no edge, nor is one of a thread.
 *
 * While others run, the records are read one after the other, and what was found
 * may never have been true at one time.  It was, when a second look finds all of
 * it unchanged:
 *
 *   - Each goroutine has waited since the first look.  A later wait would have
 *     begun at another time: the caller advanced sched.coarse_now before the
 *     first look, and all that counts began before.
 *   - Each had its object in between.  Only the holder itself writes its number
 *     into a lock, and it has waited all that time; whoever unlocks takes the
 *     number out.  So a number that is there at both looks never left.
 *
 * What we cannot know is that another goroutine is going to unlock a mutex in
 * place of its holder, which is allowed.  A holder that has waited for so long,
 * in a circle, while others count on it, is taken at its word.
 */
#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/waitfor.h"
#include "sched/sched.h"

/* ---- memory ---------------------------------------------------------------------- */

/* Things of one size, by number. */
struct pool {
    char *at;
    size_t size, used, room;
};

/* Numbers by key; a key of 0 is a free place. */
struct map {
    struct {
        uint64_t key;
        uint32_t value;
    } * at;
    size_t used, room; /* a power of two */
};

static void *pool_at(const struct pool *p, size_t i) { return p->at + i * p->size; }

/* Zero bytes; NULL when memory is out.  Others may move. */
static void *pool_add(struct pool *p)
{
    if (p->used == p->room) {
        size_t room = p->room ? p->room * 2 : 64;
        char *at = weft__alloc(room * p->size);
        if (!at)
            return NULL;
        bytes_copy(at, p->at, p->used * p->size);
        weft__free(p->at, p->room * p->size);
        p->at = at;
        p->room = room;
    }
    void *new = pool_at(p, p->used++);
    bytes_zero(new, p->size);
    return new;
}

static void pool_free(struct pool *p)
{
    weft__free(p->at, p->room * p->size);
    p->at = NULL;
    p->used = p->room = 0;
}

static size_t place_of(const struct map *m, uint64_t key)
{
    size_t i = (size_t)((key * 0x9E3779B97F4A7C15ull) >> 20) & (m->room - 1);
    while (m->at[i].key && m->at[i].key != key)
        i = (i + 1) & (m->room - 1);
    return i;
}

static bool map_grow(struct map *m)
{
    struct map more = {.room = m->room ? m->room * 2 : 128, .used = m->used};
    more.at = weft__alloc_zero(more.room * sizeof *more.at);
    if (!more.at)
        return false;
    for (size_t i = 0; i < m->room; i++)
        if (m->at[i].key)
            more.at[place_of(&more, m->at[i].key)] = m->at[i];
    weft__free(m->at, m->room * sizeof *m->at);
    *m = more;
    return true;
}

/* The number for @key, to be read or written; a new one is 0.  NULL when memory is out. */
static uint32_t *map_put(struct map *m, uint64_t key)
{
    if (m->used * 2 >= m->room && !map_grow(m))
        return NULL;
    size_t i = place_of(m, key);
    if (!m->at[i].key) {
        m->at[i].key = key;
        m->used++;
    }
    return &m->at[i].value;
}

static uint32_t map_get(const struct map *m, uint64_t key)
{
    return m->room && key ? m->at[place_of(m, key)].value : 0;
}

static void map_free(struct map *m)
{
    weft__free(m->at, m->room * sizeof *m->at);
    *m = (struct map){0};
}

/* ---- one wait ---------------------------------------------------------------------- */

/* The wait of @g, if it waits for what another may have.  @for_good: and if
 * only that can end the wait. */
static bool read_wait(struct waiting *w, const struct g *g, bool for_good)
{
    if (load_acquire(&g->state) != G_WAITING || g->flags & G_FLAG_SYSTEM)
        return false;
    *w = (struct waiting){g, g->id, g->wait_since, g->wait_pc, g->wait_object, g->wait_reason};
    if (!weft__holdable(w->reason) || !w->object)
        return false;
    /* An open ticket is even: a context may take it (sched/park.h). */
    uint64_t ticket = load_relaxed(&g->wait_ticket);
    return !for_good || ticket == 0 || ticket % 2 == 1;
}

/* ---- the graph ---------------------------------------------------------------------- */

/* Numbers of objects, edges and owners begin at 1; 0 is none. */
struct object {
    void *at;
    enum wait_reason reason; /* of one that waits for it */
    uint32_t edges;          /* the first that leads from it */
    bool entered, on_path;
};

struct owner {
    uint32_t object, next; /* what else the same goroutine has */
};

struct edge {
    uint32_t from, to, next;
    struct waiting wait; /* of the goroutine that has the one and waits for the other */
};

struct graph {
    struct pool objects, owners, edges;
    struct map object_of; /* by address */
    struct map owner_of;  /* by the low half of the holder's number */
    struct map edge_of;   /* by both ends: one goroutine is enough */
    int64_t before;       /* only waits that began before */
    bool for_good, young; /* there were later ones */
};

static struct object *object_at(const struct graph *graph, uint32_t i)
{
    return pool_at(&graph->objects, i - 1);
}

static struct edge *edge_at(const struct graph *graph, uint32_t i)
{
    return pool_at(&graph->edges, i - 1);
}

static bool wanted(struct graph *graph, struct waiting *w, const struct g *g)
{
    if (!read_wait(w, g, graph->for_good))
        return false;
    if (w->since < graph->before)
        return true;
    graph->young = true;
    return false;
}

static bool add_object(struct graph *graph, const struct waiting *w)
{
    uint32_t *number = map_put(&graph->object_of, (uintptr_t)w->object);
    if (!number)
        return false;
    if (*number)
        return true;
    struct object *o = pool_add(&graph->objects);
    if (!o)
        return false;
    o->at = w->object;
    o->reason = w->reason;
    *number = (uint32_t)graph->objects.used;
    return true;
}

static bool add_owners(struct graph *graph, uint32_t object)
{
    struct holder holders[HOLDERS_MAX];
    struct object *o = object_at(graph, object);
    size_t n = weft__holders(o->reason, o->at, holders);
    for (size_t i = 0; i < n; i++) {
        uint32_t *number = map_put(&graph->owner_of, holders[i].low);
        struct owner *owner = number ? pool_add(&graph->owners) : NULL;
        if (!owner)
            return false;
        *owner = (struct owner){object, *number};
        *number = (uint32_t)graph->owners.used;
    }
    return true;
}

static bool add_edge(struct graph *graph, uint32_t from, const struct waiting *w)
{
    uint32_t to = map_get(&graph->object_of, (uintptr_t)w->object);
    if (!from || !to)
        return true;
    uint32_t *number = map_put(&graph->edge_of, (uint64_t)from << 32 | to);
    if (!number)
        return false;
    if (*number)
        return true;
    struct edge *e = pool_add(&graph->edges);
    if (!e)
        return false;
    struct object *o = object_at(graph, from);
    *e = (struct edge){from, to, o->edges, *w};
    o->edges = *number = (uint32_t)graph->edges.used;
    return true;
}

static bool add_edges(struct graph *graph, const struct waiting *w)
{
    uint32_t i = map_get(&graph->owner_of, (uint32_t)w->id);
    while (i) {
        struct owner *owner = pool_at(&graph->owners, i - 1);
        if (!add_edge(graph, owner->object, w))
            return false;
        i = owner->next;
    }
    struct weft_wg *wg = w->g->wg;
    return !wg || add_edge(graph, map_get(&graph->object_of, (uintptr_t)wg), w);
}

static void graph_free(struct graph *graph)
{
    pool_free(&graph->objects);
    pool_free(&graph->owners);
    pool_free(&graph->edges);
    map_free(&graph->object_of);
    map_free(&graph->owner_of);
    map_free(&graph->edge_of);
}

/* False when there is nothing to search, or no memory to do it. */
static bool graph_build(struct graph *graph)
{
    struct waiting w;
    size_t n = weft__g_count();
    graph->objects.size = sizeof(struct object);
    graph->owners.size = sizeof(struct owner);
    graph->edges.size = sizeof(struct edge);
    for (size_t i = 0; i < n; i++)
        if (wanted(graph, &w, weft__g_at(i)) && !add_object(graph, &w))
            return false;
    for (size_t i = 1; i <= graph->objects.used; i++)
        if (!add_owners(graph, (uint32_t)i))
            return false;
    for (size_t i = 0; i < n && graph->objects.used > 0; i++)
        if (wanted(graph, &w, weft__g_at(i)) && !add_edges(graph, &w))
            return false;
    return graph->edges.used > 0;
}

/* ---- circles ------------------------------------------------------------------------- */

/* Goes down from @start, without recursion: the path is a list of edges, and
 * each object on it gives up its edges one by one. */
static bool search_from(struct graph *graph, struct pool *path, uint32_t start)
{
    uint32_t at = start;
    object_at(graph, at)->entered = object_at(graph, at)->on_path = true;
    path->used = 0;
    for (;;) {
        struct object *o = object_at(graph, at);
        uint32_t next = o->edges;
        if (!next) {
            o->on_path = false;
            if (path->used == 0)
                return false;
            at = edge_at(graph, *(uint32_t *)pool_at(path, --path->used))->from;
            continue;
        }
        struct edge *e = edge_at(graph, next);
        o->edges = e->next;
        struct object *to = object_at(graph, e->to);
        if (to->entered && !to->on_path)
            continue;
        uint32_t *place = pool_add(path);
        if (!place)
            return false;
        *place = next;
        at = e->to;
        if (to->on_path)
            return true; /* the circle is the end of the path, from here on */
        to->entered = to->on_path = true;
    }
}

/* The one whose number is smallest comes first, so that reports are alike. */
static void take_circle(const struct graph *graph, const struct pool *path, struct circle *c)
{
    const uint32_t *edges = (const uint32_t *)path->at;
    size_t last = path->used - 1, first = last, low = 0;
    uint32_t end = edge_at(graph, edges[last])->to;
    while (edge_at(graph, edges[first])->from != end)
        first--;
    edges += first;
    size_t n = last - first + 1;
    c->at = weft__alloc(n * sizeof *c->at);
    if (!c->at)
        return; /* not to be told, then */
    c->count = n;
    for (size_t i = 0; i < n; i++)
        if (edge_at(graph, edges[i])->wait.id < edge_at(graph, edges[low])->wait.id)
            low = i;
    for (size_t i = 0; i < n; i++) {
        const struct edge *e = edge_at(graph, edges[(low + i) % n]);
        const struct object *has = object_at(graph, e->from);
        c->at[i] = (struct member){e->wait, has->at, has->reason};
    }
}

bool weft__circle_find(struct circle *c, int64_t before, bool for_good)
{
    struct graph graph = {.before = before, .for_good = for_good};
    struct pool path = {.size = sizeof(uint32_t)};
    *c = (struct circle){0};
    bool some = graph_build(&graph);
    for (uint32_t i = 1; some && i <= graph.objects.used; i++)
        if (!object_at(&graph, i)->entered && search_from(&graph, &path, i)) {
            take_circle(&graph, &path, c);
            break;
        }
    c->young = graph.young;
    pool_free(&path);
    graph_free(&graph);
    return c->count > 0;
}

void weft__circle_free(struct circle *c)
{
    weft__free(c->at, c->count * sizeof *c->at);
    *c = (struct circle){0};
}

/* ---- the second look -------------------------------------------------------------------- */

static bool same_wait(const struct waiting *a, const struct waiting *b)
{
    return a->id == b->id && a->since == b->since && a->pc == b->pc && a->object == b->object &&
           a->reason == b->reason;
}

static bool has(const struct member *m)
{
    struct holder holders[HOLDERS_MAX];
    if (m->has_for == WAIT_WG)
        return weft__counts(m->has, m->wait.g);
    size_t n = weft__holders(m->has_for, m->has, holders);
    for (size_t i = 0; i < n; i++)
        if (holders[i].low == (uint32_t)m->wait.id)
            return true;
    return false;
}

/* Half a number names two goroutines only after 2^32 of them. */
static bool unique(uint64_t id)
{
    size_t n = load_relaxed(&sched.id_next) >> 32 ? weft__g_count() : 0, same = 0;
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        same += (uint32_t)g->id == (uint32_t)id && load_acquire(&g->state) != G_DEAD;
    }
    return same <= 1;
}

bool weft__circle_stands(const struct circle *c)
{
    struct waiting now;
    for (size_t i = 0; i < c->count; i++) {
        const struct member *m = &c->at[i];
        if (!read_wait(&now, m->wait.g, true) || !same_wait(&now, &m->wait) || !has(m) ||
            !unique(m->wait.id))
            return false;
    }
    return true;
}
