/* SPDX-License-Identifier: MIT */
/*
 * Which locks are held, and by whom.
 *
 * A lock belongs to no goroutine, so unlocking one takes it off the list of
 * whoever took it: off one's own, if it is there, else off that of the holder,
 * who is found in a table of all that is held.  Who ends with locks on its list
 * is warned about, unless such a lock is known to be passed on; they stay in the
 * table, without a holder, for whoever unlocks them after all.
 *
 * One lock guards everything.  A check that is asked for may cost something,
 * and its own races would be hard to tell from the program's.
 */
#include "sync/lockcheck.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "debug/debug.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "weft/go.h"

bool weft__lock_check;
struct lock weft__held_lock;

enum { ROWS = 1024, PLACES = 256, AT_ONCE = 8 };

static struct held *rows[ROWS];

static struct held **row_of(const void *lock)
{
    return &rows[((uintptr_t)lock * 0x9E3779B97F4A7C15ull >> 32) % ROWS];
}

/* ---- on and off ---------------------------------------------------------------------- */

void weft__lock_check_init(void)
{
    const char *text = getenv("WEFT_CHECK");
    while (text && *text) {
        size_t n = strcspn(text, ",");
        if (n == 5 && strncmp(text, "locks", n) == 0)
            weft__lock_check = true;
        else if (n > 0)
            weft__warn_once("WEFT_CHECK knows only the word locks");
        text += n + (text[n] == ',');
    }
}

/* Locks may be used before the runtime starts, and one that was used without
 * the check does without for good. */
__attribute__((constructor)) static void before_main(void) { weft__lock_check_init(); }

/* ---- the lists ------------------------------------------------------------------------- */

static struct held **list_of(struct g *g) { return (struct held **)&g->held; }

bool weft__held_push(struct g *g, void *lock, enum lock_how how, uintptr_t pc)
{
    struct held *h = weft__alloc(sizeof *h);
    if (!h)
        return false; /* then it is not known to be held: some mistakes go unseen */
    struct held **row = row_of(lock);
    *h = (struct held){*list_of(g), *row, g, g->id, lock, pc, 0, how};
    *list_of(g) = *row = h;
    return true;
}

/* It is on no list any more. */
static void forget(struct held *h)
{
    struct held **at = row_of(h->lock);
    while (*at != h)
        at = &(*at)->same;
    *at = h->same;
    weft__free(h, sizeof *h);
}

static void unlist(struct held *h)
{
    if (!h->g)
        return;
    struct held **at = list_of(h->g);
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
}

static void drop(struct held *h)
{
    unlist(h);
    forget(h);
}

/* The newest of that lock on @g's list, or NULL. */
static struct held *own(struct g *g, const void *lock, enum lock_how how)
{
    struct held *h = *list_of(g);
    while (h && !(h->lock == lock && h->how == how))
        h = h->next;
    return h;
}

void weft__held_drop(struct g *g, void *lock, enum lock_how how)
{
    struct held *h = own(g, lock, how);
    if (h)
        drop(h);
}

/* Off whatever list it is on; false: nobody is known to hold it. */
static bool drop_anywhere(void *lock, enum lock_how how, bool any)
{
    for (struct held *h = *row_of(lock); h; h = h->same)
        if (h->lock == lock && (any || h->how == how) && h->how != HELD_PTHREAD) {
            drop(h);
            return true;
        }
    return false;
}

/* ---- what locks tell -------------------------------------------------------------------- */

/*
 * What is known of this address is about a lock that was never unlocked, and
 * goes.  Of several who see the lock new, one only may do so: when the next
 * comes, the first may hold it.  Without that being known, all orders below it
 * would look as if nothing kept them apart, and its unlocking like that of what
 * another has taken.  So the mark of its first use is set under the same lock.
 */
void weft__lock_made(void *lock, uint32_t *self)
{
    weft__lock(&weft__held_lock);
    if (load_relaxed(self) == 0 && (uint32_t)(uintptr_t)lock != 0) {
        while (drop_anywhere(lock, HELD_MUTEX, true))
            ;
        weft__order_first(lock);
        store_relaxed(self, (uint32_t)(uintptr_t)lock);
    }
    weft__unlock(&weft__held_lock);
}

/*
 * Reading twice: a writer that comes in between waits for the first of the two
 * locks, and the second for the writer.  Only who gave both back did both; the
 * first could be meant for another goroutine, which ends it.  If that does not
 * happen, and a writer comes, it is a deadlock, and reported as such.
 */
static noinline void fatal_again(uintptr_t first, uintptr_t again)
{
    char at[256], then[256];
    weft__fatal(
        "lock order inversion: goroutine %llu locked a rwmutex for reading that it held for "
        "reading already\n\tit was locked at %s\n\tand again at %s",
        (unsigned long long)weft_goroutine_id(), weft__site(at, sizeof at, first),
        weft__site(then, sizeof then, again));
}

/* The caller holds something. */
static noinline enum order_said check_order(struct g *g, void *lock, enum lock_how how,
                                            uintptr_t pc)
{
    struct order_stack stack;
    enum order_said said = weft__order_add(g, lock, how, NULL);
    if (said != ORDER_NEW)
        return said;
    weft__unlock(&weft__held_lock);
    stack.depth = weft__walk_here(pc, stack.pcs, array_len(stack.pcs));
    weft__lock(&weft__held_lock);
    return weft__order_add(g, lock, how, &stack);
}

void weft__lock_wants(void *lock, enum lock_how how, uintptr_t pc)
{
    struct g *g = weft__current();
    enum order_said said = ORDER_FINE;
    weft__lock(&weft__held_lock);
    struct held *h = own(g, lock, HELD_READ);
    if (h && how == HELD_READ)
        h->again = pc;
    if (!h && g->held)
        said = check_order(g, lock, how, pc);
    weft__unlock(&weft__held_lock);
    if (said == ORDER_INVERTED)
        weft__order_report();
}

void weft__lock_took(void *lock, enum lock_how how, uintptr_t pc)
{
    struct g *g = weft__current();
    weft__lock(&weft__held_lock);
    weft__held_push(g, lock, how, pc);
    weft__unlock(&weft__held_lock);
}

void weft__lock_drops(void *lock, enum lock_how how)
{
    struct g *g = weft__current();
    uintptr_t pc = 0, again = 0;
    weft__lock(&weft__held_lock);
    struct held *h = own(g, lock, how);
    if (h) {
        pc = h->pc;
        again = weft__order_was_passed(lock) ? 0 : h->again;
        drop(h);
    } else if (drop_anywhere(lock, how, false)) {
        weft__order_passed(lock);
    }
    weft__unlock(&weft__held_lock);
    if (again)
        fatal_again(pc, again);
}

size_t weft__lock_readers(const void *rw, struct holder *out, size_t max)
{
    size_t n = 0;
    /* Asked by reports, which a fault under this lock may have caused. */
    if (!weft__lock_check || !weft__try_lock(&weft__held_lock))
        return 0;
    for (struct held *h = *row_of(rw); h && n < max; h = h->same)
        if (h->lock == rw && h->how == HELD_READ && h->id != 0)
            out[n++] = (struct holder){(uint32_t)h->id, h->pc};
    weft__unlock(&weft__held_lock);
    return n;
}

/* ---- warnings ------------------------------------------------------------------------------ */

/* What happens at one place is said once.  Under the lock. */
static bool said_before(uintptr_t place)
{
    static uintptr_t places[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        if (places[i] == place)
            return true;
        if (places[i] == 0) {
            places[i] = place;
            return false;
        }
    }
    return true; /* enough */
}

/* The same for a line: a compiler makes several calls out of one in a loop. */
static bool line_said_before(const char *site)
{
    uintptr_t hash = 1;
    while (*site)
        hash = (hash ^ (unsigned char)*site++) * 0x100000001B3ull | 1;
    weft__lock(&weft__held_lock);
    bool said = said_before(hash);
    weft__unlock(&weft__held_lock);
    return said;
}

static const char *name_of(enum lock_how how)
{
    static const char *const names[] = {
        [HELD_MUTEX] = "the mutex locked",
        [HELD_READ] = "the rwmutex locked for reading",
        [HELD_WRITE] = "the rwmutex locked for writing",
        [HELD_PTHREAD] = "the pthread mutex locked",
    };
    return names[how];
}

/* "goroutine 7", or "a thread". */
static void put_who(struct text *t, const struct g *g)
{
    weft__text_fd(t, STDERR_FILENO);
    weft__print(t, "weft: warning: ");
    if (g->thread)
        weft__print(t, "a thread");
    else
        weft__print(t, "goroutine %llu", (unsigned long long)g->id);
}

void weft__locks_left(struct g *g)
{
    struct held left[AT_ONCE];
    size_t n = 0;
    char at[256];
    weft__lock(&weft__held_lock);
    for (struct held *h = *list_of(g), *next; h; h = next) {
        next = h->next;
        if (n < AT_ONCE && !weft__order_was_passed(h->lock) && !said_before(h->pc))
            left[n++] = *h;
        if (h->how == HELD_PTHREAD)
            forget(h);
        else
            h->g = NULL;
    }
    g->held = NULL;
    weft__unlock(&weft__held_lock);
    for (size_t i = 0; i < n; i++) {
        struct text t;
        if (line_said_before(weft__site(at, sizeof at, left[i].pc)))
            continue;
        put_who(&t, g);
        weft__print(&t, " ends while it holds %s at %s\n", name_of(left[i].how), at);
        weft__flush(&t);
    }
}

/* The innermost call of the user's. */
static uintptr_t users_pc(void)
{
    uintptr_t pcs[16];
    size_t n = weft__walk_here(0, pcs, array_len(pcs));
    for (size_t i = 0; i < n; i++) {
        struct symbol s;
        weft__symbol(pcs[i], &s);
        if (!s.runtime)
            return pcs[i];
    }
    return n > 0 ? pcs[0] : 0;
}

/*
 * A thread that was pinned runs nothing else meanwhile.  All others would go on
 * with a mutex that the next goroutine may want: it would wait for its own
 * thread.  What was said once is forgotten, as its thread may change now.
 */
void weft__pthread_leaves(struct g *g, uintptr_t pc)
{
    struct held *h, left[AT_ONCE];
    size_t n = 0;
    char here[256], at[256];
    if (g->pinned)
        return;
    weft__lock(&weft__held_lock);
    for (struct held **link = list_of(g); (h = *link);) {
        if (h->how != HELD_PTHREAD) {
            link = &h->next;
            continue;
        }
        if (n < AT_ONCE && !said_before(h->pc))
            left[n++] = *h;
        *link = h->next;
        forget(h);
    }
    g->flags &= (uint8_t)~G_FLAG_PTHREAD;
    weft__unlock(&weft__held_lock);
    for (size_t i = 0; i < n; i++) {
        struct text t;
        if (line_said_before(weft__site(at, sizeof at, left[i].pc)))
            continue;
        put_who(&t, g);
        weft__print(&t,
                    " waits at %s while its thread holds a pthread mutex locked at %s; another "
                    "goroutine on this thread would lock it for ever (unlock it first, or "
                    "weft_pin)\n",
                    weft__site(here, sizeof here, pc ? pc : users_pc()), at);
        weft__flush(&t);
    }
}
