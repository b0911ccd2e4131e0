/* SPDX-License-Identifier: MIT */
/*
 * Who has what a goroutine waits for:
 *
 *     goroutine 1 "main" [mutex lock]:
 *     weft_main f.c:31
 *             waits for the mutex locked at first f.c:12 by goroutine 7,
 *             which waits for the rwmutex locked for writing at second f.c:20 by goroutine 8,
 *             which has ended
 *
 * Locks know who took them by the low half of that goroutine's number; the
 * record with that number is searched in the table.  Records are used again,
 * numbers are not, so a number that no live record has belongs to a goroutine
 * that has ended.
 *
 * The lines are written while others run, too.  A lock is read as it is at one
 * moment, and "has ended" is said only when it still names that goroutine after
 * the search: one that unlocks takes its number out before it can end.
 */
#include "debug/waitfor.h"

#include "debug/trace.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"
#include "sync/rwmutex_impl.h"
#include "weft/sync.h"

/* The rest of a chain that is longer says nothing new; and who is counted by a
 * wait group is searched for among so many, for each that waits. */
enum { CHAIN_MAX = 16, SEARCH_MAX = 10000 };

/* ---- the objects ------------------------------------------------------------------ */

bool weft__holdable(enum wait_reason reason)
{
    return reason == WAIT_MUTEX || reason == WAIT_RWMUTEX_READ || reason == WAIT_RWMUTEX_WRITE ||
           reason == WAIT_ONCE || reason == WAIT_WG;
}

static bool peek(void *to, const void *from, size_t size)
{
    return weft__copy(to, (uintptr_t)from, size) == size;
}

/* One look at an object: what it is, and who has it. */
struct look {
    const char *what; /* the mutex; NULL: there is nothing to say */
    const char *how;  /* locked, begun */
    uintptr_t pc;
    size_t count;     /* holders that are known */
    unsigned unknown; /* and readers that are not */
    struct holder holder[HOLDERS_MAX];
};

static void add_holder(struct look *l, uint32_t low)
{
    if (low != 0)
        l->holder[l->count++] = (struct holder){low, l->pc};
}

static void look_at_mutex(struct look *l, const void *at)
{
    weft_mutex mu;
    if (!peek(&mu, at, sizeof mu) || mu.weft_state == 0)
        return;
    l->what = "mutex";
    l->how = "locked";
    l->pc = mu.weft_pc;
    add_holder(l, mu.weft_owner);
}

static void look_at_rwmutex(struct look *l, const void *at)
{
    weft_rwmutex rw;
    if (!peek(&rw, at, sizeof rw))
        return;
    l->what = rw.weft_state & (READERS | WRITER) ? "rwmutex" : NULL;
    l->pc = rw.weft_pc;
    l->how = "locked for writing";
    if (rw.weft_state & WRITER) {
        add_holder(l, rw.weft_owner);
    } else if (l->what) {
        /* Readers leave no name in the lock; WEFT_CHECK=locks knows them. */
        unsigned readers = (rw.weft_state & READERS) / READER;
        l->how = "locked for reading";
        l->count = weft__lock_readers(at, l->holder, HOLDERS_MAX);
        l->unknown = readers > l->count ? readers - (unsigned)l->count : 0;
    }
}

static void look_at_once(struct look *l, const void *at)
{
    weft_once o;
    if (!peek(&o, at, sizeof o) || !o.weft_running)
        return;
    l->what = "once";
    l->how = "begun";
    l->pc = o.weft_pc;
    add_holder(l, (uint32_t)o.weft_runner);
}

static void look_at(struct look *l, enum wait_reason reason, const void *at)
{
    l->what = NULL;
    l->count = l->unknown = 0;
    if (!at)
        return;
    if (reason == WAIT_MUTEX)
        look_at_mutex(l, at);
    else if (reason == WAIT_RWMUTEX_READ || reason == WAIT_RWMUTEX_WRITE)
        look_at_rwmutex(l, at);
    else if (reason == WAIT_ONCE)
        look_at_once(l, at);
}

size_t weft__holders(enum wait_reason reason, const void *object, struct holder out[HOLDERS_MAX])
{
    struct look l;
    look_at(&l, reason, object);
    for (size_t i = 0; i < l.count; i++)
        out[i] = l.holder[i];
    return l.count;
}

/* A goroutine made by weft_wg_go() counts until it ends, whatever else is
 * counted. */
bool weft__counts(const void *wg, const struct g *g)
{
    weft_wg copy;
    return g->wg == wg && peek(&copy, wg, sizeof copy) && (int32_t)(copy.weft_state >> 32) > 0;
}

/* ---- the holders ------------------------------------------------------------------- */

enum found { FOUND, ENDED, MOVED };

static bool is_live(const struct g *g, uint32_t low)
{
    return (uint32_t)g->id == low && load_acquire(&g->state) != G_DEAD;
}

static const struct g *find_live(uint32_t low)
{
    static size_t last; /* many wait for one; reports are written one at a time */
    size_t n = weft__g_count();
    if (last < n && is_live(weft__g_at(last), low))
        return weft__g_at(last);
    for (size_t i = 0; i < n; i++)
        if (is_live(weft__g_at(i), low))
            return weft__g_at(last = i);
    return NULL;
}

/* The first holder's record is copied to @out. */
static enum found find_holder(struct g *out, const struct look *l, enum wait_reason reason,
                              const void *object)
{
    const struct g *g = find_live(l->holder[0].low);
    struct look again;
    if (g) {
        *out = *g;
        return (uint32_t)out->id == l->holder[0].low ? FOUND : MOVED;
    }
    look_at(&again, reason, object);
    return again.count > 0 && again.holder[0].low == l->holder[0].low ? ENDED : MOVED;
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static void put_look(struct text *t, const struct look *l, const char *who)
{
    char at[256];
    size_t others = l->count + l->unknown - 1;
    weft__print(t, "        %s for the %s %s at %s", who, l->what, l->how,
                weft__site(at, sizeof at, l->count > 0 ? l->holder[0].pc : l->pc));
    if (l->count > 0)
        weft__print(t, " by goroutine %u", l->holder[0].low);
    if (l->count > 0 && others > 0)
        weft__print(t, " and %zu other%s", others, plural(others));
    else if (l->unknown > 0) /* that place is the last of theirs */
        weft__print(t, " by %u goroutine%s", l->unknown, plural(l->unknown));
}

/* One that the wait group counts and that waits, copied to @out, and how many
 * others it counts by name.  False: none waits, or there are too many to look at. */
static bool find_counted(struct g *out, const void *wg, size_t *others)
{
    size_t n = weft__g_count(), found = 0, waiting = 0;
    if (n > SEARCH_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        if (g->wg != wg || load_acquire(&g->state) == G_DEAD || !weft__counts(wg, g))
            continue;
        found++;
        if (waiting == 0 && load_acquire(&g->state) == G_WAITING) {
            *out = *g;
            waiting += out->wg == wg && out->state == G_WAITING;
        }
    }
    *others = found - waiting;
    return waiting > 0;
}

static void put_counted(struct text *t, const struct g *g, size_t others, const char *who)
{
    weft__print(t, "        %s for the end of goroutine %llu", who, (unsigned long long)g->id);
    if (others > 0)
        weft__print(t, " and %zu other%s", others, plural(others));
    weft__print(t, ", which the wait group counts");
}

static bool met(const uint64_t *seen, unsigned n, uint64_t id)
{
    for (unsigned i = 0; i < n; i++)
        if (seen[i] == id)
            return true;
    return false;
}

void weft__put_chain(struct text *t, const struct g *g, bool brief)
{
    struct g at = *g, next = {0};
    struct look l;
    char site[256];
    uint64_t seen[CHAIN_MAX];
    unsigned n = 0;
    while (n < CHAIN_MAX) {
        const char *who = n > 0 ? "which waits" : "waits";
        size_t others = 0;
        bool is_wg = at.wait_reason == WAIT_WG;
        bool known = is_wg && find_counted(&next, at.wait_object, &others);
        look_at(&l, at.wait_reason, at.wait_object);
        if (!known && !l.what) { /* it is about to have it, or nobody knows */
            if (n > 0 && (is_wg || !weft__holdable(at.wait_reason)))
                weft__print(t, ",\n        %s in %s at %s", who, weft__wait_word(at.wait_reason),
                            weft__site(site, sizeof site, at.wait_pc));
            break;
        }
        weft__print(t, "%s", n > 0 ? ",\n" : "");
        if (is_wg)
            put_counted(t, &next, others, who);
        else
            put_look(t, &l, who);
        seen[n++] = at.id;
        if (brief || (!is_wg && l.count == 0))
            break;
        enum found f = is_wg ? FOUND : find_holder(&next, &l, at.wait_reason, at.wait_object);
        if (f == ENDED)
            weft__print(t, ", which has ended");
        if (f != FOUND || next.state != G_WAITING || met(seen, n, next.id))
            break;
        at = next;
    }
    if (n > 0)
        weft__print(t, "\n");
}

static void describe(struct text *t, const struct g *g) { weft__put_chain(t, g, false); }

__attribute__((constructor)) static void register_words(void)
{
    weft__describe[WAIT_MUTEX] = weft__describe[WAIT_RWMUTEX_READ] =
        weft__describe[WAIT_RWMUTEX_WRITE] = weft__describe[WAIT_ONCE] = weft__describe[WAIT_WG] =
            describe;
}
