/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer lock.
 *
 * weft_state, one word:
 *
 *   WRITER   a writer holds it, or is about to and looks for readers in cells
 *   QUEUED   somebody is queued
 *   WQUEUED  a writer is
 *   WOKEN    some were woken to try again, and have not yet
 *   URGENT   somebody in the queue has waited too long: newcomers stand back
 *   SPREAD   readers may count themselves in cells instead of here
 *   FOLDING  those in cells are being counted here again
 *   READER * number of the readers that are counted here
 *
 * While nobody waits, and with few readers, locking and unlocking are one atomic
 * operation on the word.
 *
 * The queues.  The bits about them are set and cleared under weft_lock,
 * together with the queues.  QUEUED is set by a compare-and-swap on the very
 * state that makes the goroutine wait: the holder's own operation on the word
 * comes before, and the wait is off, or after, and sees it.  Whoever lets go
 * and finds QUEUED sees to the queues: after a writer the readers come first,
 * after readers a writer.  They are woken to try again, and others may be
 * faster on the free lock: if it were theirs before they run, all others would
 * have to wait for that.  With WOKEN nobody else need be woken: who was woken
 * gets the lock, and sees to the queues when it lets go, or queues again behind
 * somebody who will.
 *
 * The lock may be freed by who comes last, which the program may learn from what
 * the lock guards.  So letting go is the last touch of it, unless somebody is
 * queued: then it is done under weft_lock, which everybody who is queued, and
 * will be woken to try again, needs before it can get on.
 *
 * Neither side starves.  Readers do not join readers while a writer is queued,
 * unless they were woken together.  Who was woken, found others faster, and has
 * waited for more than STARVING_NS sets URGENT, and then, as well as to a head
 * of the queue that has waited that long, the lock is passed on: it belongs to
 * those who are woken.  With URGENT and nobody holding it, somebody who let go
 * is about to pass it on.
 *
 * Cells.  Readers on several processors that count themselves in one word take
 * its cache line from each other.  When they meet there SPREAD is set, and from
 * then on a reader counts itself in a cell of its processor: a word that holds
 * the lock's address and a number, found by a hash of the address and free when
 * the number is zero.  A reader lets go where it finds readers counted: in its
 * processor's cell, else in weft_state.  If it finds none, because it has moved
 * to another processor, all cells are folded into weft_state first.  Readers
 * are all alike, so it does not matter whose count it takes; always true is
 * that the counts add up to the number of readers.  SPREAD goes when somebody
 * queues, and now and then after writes.
 *
 * [rwmutex.cells] A writer sets WRITER and then looks into the cells; a reader
 * counts itself in a cell and then looks at weft_state.  Both steps of both are
 * sequentially consistent, so one of the two sees the other.  A reader that
 * sees WRITER, or SPREAD gone, takes itself out again and goes the slow way.
 * So with one of them, only readers on their way out are in cells once these
 * were folded.
 *
 * The sanitizer's edges are Go's: a write unlock publishes on weft_state, a
 * read unlock on weft_pc; readers take over from the first, writers from both.
 * So nothing leads from one reader to another.
 */
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"
#include "sync/rwmutex_impl.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

enum { SPINS = 30, WRITES_BEFORE_REST = 100 };
#define STARVING_NS ((int64_t)1000 * 1000)

static inline uint32_t readers_of(uint32_t s) { return (s & READERS) / READER; }
static inline bool held(uint32_t s) { return (s & (WRITER | READERS)) != 0; }

/* What is left after letting go: is it for us to see to the queues? */
static inline bool left_to_us(uint32_t s)
{
    return !held(s) && (s & URGENT || (s & (QUEUED | WOKEN)) == QUEUED);
}

/* A goroutine in a queue. */
struct rw_waiter {
    struct rw_waiter *next;
    struct g *g;
    int64_t since;
    bool writes, granted;
};

static struct lock *lock_of(weft_rwmutex *rw) { return (struct lock *)&rw->weft_lock; }

/* ---- misuse ----------------------------------------------------------------------- */

/* The state, with all readers counted in it. */
static uint32_t folded(weft_rwmutex *rw);

static noinline void panic_copied(weft_rwmutex *rw)
{
    char at[256];
    weft_panic("rwmutex was copied after its first use\n\tthe original was last locked at %s",
               weft__site(at, sizeof at, load_relaxed(&rw->weft_pc)));
}

static inline void check_self(weft_rwmutex *rw)
{
    if (unlikely(!self_is(&rw->weft_self, rw)))
        panic_copied(rw);
}

/* It is not locked in the way that @what ends. */
static noinline void fatal_unlock(weft_rwmutex *rw, const char *what)
{
    char at[256];
    uint32_t s = folded(rw);
    if (s & WRITER)
        weft__fatal("%s of a rwmutex that is locked for writing\n"
                    "\tit was locked at %s by goroutine %u",
                    what, weft__site(at, sizeof at, load_relaxed(&rw->weft_pc)),
                    load_relaxed(&rw->weft_owner));
    when_last(at, sizeof at, "locked", load_relaxed(&rw->weft_pc));
    if (readers_of(s) > 0)
        weft__fatal("%s of a rwmutex that is locked for reading\n\t%s", what, at);
    weft__fatal("%s of unlocked rwmutex\n\t%s", what, at);
}

static void check_own(weft_rwmutex *rw, const struct rw_waiter *w)
{
    char at[256];
    if (w->g->thread || !(load_relaxed(&rw->weft_state) & WRITER) ||
        load_relaxed(&rw->weft_owner) != (uint32_t)w->g->id)
        return;
    weft__fatal(
        "deadlock: goroutine %llu locks a rwmutex for %s that it holds for writing already\n"
        "\tit was locked at %s",
        (unsigned long long)w->g->id, w->writes ? "writing" : "reading",
        weft__site(at, sizeof at, load_relaxed(&rw->weft_pc)));
}

/* ---- cells ------------------------------------------------------------------------- */

/* An address has 48 bits at most.  A cell that is full is left alone. */
enum { CELLS = 16, COUNT_BITS = 64 - 45, COUNT_MAX = (1 << COUNT_BITS) - 1 };

struct cell {
    uint64_t word; /* atomic: address / 8 << COUNT_BITS | number; 0: free */
    uintptr_t pc;  /* where it was last counted up */
};

/* One row a processor.  A goroutine may be moved between finding its cell and
 * using it; then two processors use one cell for once. */
static struct cell cells[MAX_PROCS][CELLS] __attribute__((aligned(CACHE_LINE)));

static uint64_t key_of(const weft_rwmutex *rw) { return (uint64_t)(uintptr_t)rw / 8 << COUNT_BITS; }

static uint64_t number_of(uint64_t word) { return word & COUNT_MAX; }

static bool counts(uint64_t word, const weft_rwmutex *rw)
{
    return word != 0 && word - number_of(word) == key_of(rw);
}

static unsigned row_place(const weft_rwmutex *rw)
{
    uintptr_t h = (uintptr_t)rw >> 3;
    return (h ^ h >> 4 ^ h >> 12) % CELLS;
}

/* NULL: the caller runs on no processor. */
static inline struct cell *own_cell(const weft_rwmutex *rw)
{
    struct g *g = weft__self();
    struct m *m = g ? g->m : NULL;
    struct p *p = m ? load_relaxed(&m->p) : NULL;
    return p ? &cells[p->index][row_place(rw)] : NULL;
}

/* False: the cell counts for another lock now, or is full. */
static inline bool cell_up(struct cell *c, const weft_rwmutex *rw)
{
    uint64_t word = load_relaxed(&c->word);
    while (word == 0 || (counts(word, rw) && number_of(word) < COUNT_MAX))
        if (cas_seq(&c->word, &word, word ? word + 1 : key_of(rw) + 1)) /* [rwmutex.cells] */
            return true;
    return false;
}

static inline bool cell_down(struct cell *c, const weft_rwmutex *rw)
{
    /* acquire [rwmutex]: who finds its count taken takes the other's out of the
     * word, and with it passes on to writers that the other has read. */
    uint64_t word = load_acquire(&c->word);
    while (counts(word, rw))
        if (cas_seq(&c->word, &word, number_of(word) == 1 ? 0 : word - 1))
            return true;
    return false;
}

/* [rwmutex.cells] WRITER is set: no reader will stay in a cell from now on. */
static bool cells_empty(weft_rwmutex *rw)
{
    int n = load_seq(&sched.proc_max);
    for (int i = 0; i < n; i++)
        if (counts(load_seq(&cells[i][row_place(rw)].word), rw))
            return false;
    return true;
}

/* Called with weft_lock held: from now on readers are counted in the word.
 * Meanwhile one may be found nowhere: FOLDING sends newcomers the slow way, and
 * so goes a reader that wants to leave and finds nothing to take. */
static void fold(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    do
        if (!(s & SPREAD))
            return;
    while (!cas_seq(&rw->weft_state, &s, (s & ~SPREAD) | FOLDING));
    int n = load_seq(&sched.proc_max);
    for (int i = 0; i < n; i++) {
        struct cell *c = &cells[i][row_place(rw)];
        uint64_t word = load_seq(&c->word);
        while (counts(word, rw)) {
            uintptr_t pc = load_relaxed(&c->pc);
            if (!cas_seq(&c->word, &word, 0))
                continue;
            add_seq(&rw->weft_state, (uint32_t)number_of(word) * READER);
            store_relaxed(&rw->weft_pc, pc);
            break;
        }
    }
    __atomic_fetch_and(&rw->weft_state, ~FOLDING, __ATOMIC_SEQ_CST);
}

static uint32_t folded(weft_rwmutex *rw)
{
    weft__lock(lock_of(rw));
    fold(rw);
    uint32_t s = load_seq(&rw->weft_state);
    weft__unlock(lock_of(rw));
    return s;
}

/* ---- the queues: all called with weft_lock held ---------------------------------------- */

struct queue {
    struct rw_waiter *first, *last;
};

_Static_assert(offsetof(weft_rwmutex, weft_readers_last) ==
                       offsetof(weft_rwmutex, weft_readers) + sizeof(void *) &&
                   offsetof(weft_rwmutex, weft_writers_last) ==
                       offsetof(weft_rwmutex, weft_writers) + sizeof(void *),
               "two queues");

static struct queue *readers(weft_rwmutex *rw) { return (struct queue *)&rw->weft_readers; }
static struct queue *writers(weft_rwmutex *rw) { return (struct queue *)&rw->weft_writers; }

/* Who waited before keeps its place at the head. */
static void put(struct queue *q, struct rw_waiter *w)
{
    if (w->since != 0 || !q->first) {
        w->next = q->first;
        q->first = w;
        if (!w->next)
            q->last = w;
    } else {
        w->next = NULL;
        q->last->next = w;
        q->last = w;
    }
}

static bool starves(const struct queue *q, int64_t now)
{
    return q->first && now - q->first->since > STARVING_NS;
}

/* The bits that go with the queues as they are, without the first @skip of @q. */
static uint32_t queue_bits(weft_rwmutex *rw, const struct queue *q, uint32_t skip, uint32_t woken)
{
    uint32_t bits = woken > 0 ? WOKEN : 0;
    struct queue *both[] = {readers(rw), writers(rw)};
    for (int i = 0; i < 2; i++) {
        struct rw_waiter *w = both[i]->first;
        for (uint32_t n = both[i] == q ? skip : 0; w && n > 0; n--)
            w = w->next;
        if (w)
            bits |= i == 0 ? QUEUED : QUEUED | WQUEUED;
    }
    return bits;
}

static uint32_t length(const struct queue *q)
{
    uint32_t n = 0;
    for (struct rw_waiter *w = q->first; w; w = w->next)
        n++;
    return n;
}

/* The first @n of @q, as a list to be woken. */
static struct g *take(struct queue *q, uint32_t n, bool grant)
{
    struct g *list = NULL, **end = &list;
    for (; n > 0; n--) {
        struct rw_waiter *w = q->first;
        q->first = w->next;
        w->granted = grant;
        w->g->link = NULL; /* a parked goroutine's link is free to use */
        *end = w->g;
        end = &w->g->link;
    }
    if (!q->first)
        q->last = NULL;
    return list;
}

/* Somebody let go: whom to wake?  @wrote: it was a writer. */
static struct g *see_to(weft_rwmutex *rw, bool wrote)
{
    bool write = writers(rw)->first != NULL, read = readers(rw)->first && (wrote || !write);
    struct queue *q = read ? readers(rw) : writers(rw);
    if (!q->first)
        return NULL;
    uint32_t n = read ? length(q) : 1, s = load_seq(&rw->weft_state);
    bool starving = starves(q, weft__now());
    for (;;) {
        bool grant = starving || s & URGENT;
        if (s & WRITER || (readers_of(s) > 0 && write) || (!grant && rw->weft_woken > 0))
            return NULL; /* who holds it, or was woken, will see to it */
        uint32_t woken = rw->weft_woken + (grant ? 0 : n);
        uint32_t then = (s & (READERS | SPREAD)) | queue_bits(rw, q, n, woken);
        if (grant)
            then += read ? n * READER : WRITER;
        if (!cas_seq(&rw->weft_state, &s, then))
            continue;
        rw->weft_woken = woken;
        return take(q, n, grant);
    }
}

/* True: it is @w's.  False: it has to queue, and whoever lets go will see it. */
static bool get(weft_rwmutex *rw, const struct rw_waiter *w, int64_t now)
{
    bool before = w->since != 0, starving = before && now - w->since > STARVING_NS;
    bool join = before || !writers(rw)->first; /* readers that are in already */
    if (before)
        rw->weft_woken--;
    uint32_t s = load_relaxed(&rw->weft_state);
    for (;;) {
        uint32_t then = (s & ~WOKEN) | (rw->weft_woken > 0 ? WOKEN : 0);
        bool can =
            !(s & URGENT) && (w->writes ? !held(s) : !(s & WRITER) && (join || readers_of(s) == 0));
        if (!can) {
            then |= QUEUED | (w->writes ? WQUEUED : 0) | (starving ? URGENT : 0);
            if (!cas_seq(&rw->weft_state, &s, then))
                continue;
            fold(rw); /* QUEUED excludes SPREAD */
            return false;
        }
        if (!cas_seq(&rw->weft_state, &s, then + (w->writes ? WRITER : READER)))
            continue; /* acquire [rwmutex] */
        if (!w->writes || !(s & SPREAD))
            return true;
        fold(rw); /* [rwmutex.cells] */
        if (readers_of(load_seq(&rw->weft_state)) == 0)
            return true;
        s = __atomic_sub_fetch(&rw->weft_state, WRITER, __ATOMIC_SEQ_CST);
    }
}

/* ---- locking ------------------------------------------------------------------------ */

static noinline void wait_for_it(weft_rwmutex *rw, bool writes, uintptr_t pc)
{
    struct rw_waiter w = {.g = weft__current(), .writes = writes};
    check_own(rw, &w);
    do {
        weft__lock(lock_of(rw));
        int64_t now = weft__now();
        if (get(rw, &w, now)) {
            weft__unlock(lock_of(rw));
            return;
        }
        put(writes ? writers(rw) : readers(rw), &w);
        if (w.since == 0)
            w.since = now;
        weft__lock_wait();
        weft__park(writes ? WAIT_RWMUTEX_WRITE : WAIT_RWMUTEX_READ, rw, pc, lock_of(rw));
    } while (!w.granted);
}

/* Lets go of what @by counts, WRITER or READER, if that leaves the queues to us.
 * If not it is as before: somebody came meanwhile. */
static noinline bool let_go_queued(weft_rwmutex *rw, uint32_t by)
{
    struct g *list = NULL;
    bool done = false;
    weft__lock(lock_of(rw));
    uint32_t s = load_relaxed(&rw->weft_state);
    while (!done && (by == WRITER || readers_of(s) > 0) && left_to_us(s - by))
        done = cas_seq(&rw->weft_state, &s, s - by); /* release [rwmutex] */
    if (done)
        list = see_to(rw, by == WRITER);
    weft__unlock(lock_of(rw));
    weft__ready_all(list);
    return done;
}

/* Takes one reader out of the word.  False: none is counted there. */
static inline bool word_down(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    while (likely(readers_of(s) > 0))
        if (unlikely(left_to_us(s - READER))) {
            if (let_go_queued(rw, READER))
                return true;
            s = load_relaxed(&rw->weft_state);
        } else if (cas_seq(&rw->weft_state, &s, s - READER)) { /* release [rwmutex] */
            return true;
        }
    return false;
}

static inline void leave(weft_rwmutex *rw, struct cell *c)
{
    while (unlikely(!(c && cell_down(c, rw)) && !word_down(rw))) { /* release [rwmutex] */
        /* None where we looked.  With SPREAD again, another may have taken ours
         * and left its own in a cell. */
        uint32_t s = folded(rw);
        if (readers_of(s) == 0 && !(s & SPREAD))
            fatal_unlock(rw, "read unlock");
    }
}

/* False: it has to be counted in the word. */
static noinline bool read_in_cell(weft_rwmutex *rw, uintptr_t pc)
{
    struct cell *c = own_cell(rw);
    if (!c || !cell_up(c, rw))
        return false;
    uint32_t s = load_seq(&rw->weft_state); /* [rwmutex.cells] */
    if (likely((s & (SPREAD | WRITER)) == SPREAD)) {
        store_relaxed(&c->pc, pc);
        return true;
    }
    leave(rw, c);
    return false;
}

static inline bool may_read(uint32_t s)
{
    return !(s & (WRITER | URGENT | FOLDING)) && (!(s & WQUEUED) || readers_of(s) == 0);
}

static inline bool try_read(weft_rwmutex *rw, uintptr_t pc)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    if (unlikely(s & SPREAD)) {
        if (!(s & WRITER) && read_in_cell(rw, pc))
            return true;
        s = load_relaxed(&rw->weft_state);
    }
    for (uint32_t spread = 0; may_read(s); spread = s & QUEUED ? 0 : SPREAD)
        if (cas_acquire(&rw->weft_state, &s, (s + READER) | spread)) { /* acquire [rwmutex] */
            store_relaxed(&rw->weft_pc, pc);
            return true;
        }
    return false;
}

/* WRITER is ours, SPREAD was set.  False: readers are in; WRITER was given back. */
static noinline bool search_cells(weft_rwmutex *rw)
{
    for (int i = 0; i < SPINS; i++) {
        /* With SPREAD still there, nobody has folded them away meanwhile. */
        if (cells_empty(rw) && load_seq(&rw->weft_state) & SPREAD) {
            if (++rw->weft_writes % WRITES_BEFORE_REST == 0)
                __atomic_fetch_and(&rw->weft_state, ~SPREAD, __ATOMIC_SEQ_CST);
            return true;
        }
        cpu_relax();
    }
    struct g *list = NULL;
    weft__lock(lock_of(rw));
    fold(rw);
    bool ours = readers_of(load_seq(&rw->weft_state)) == 0;
    if (!ours) {
        sub_seq(&rw->weft_state, WRITER);
        list = see_to(rw, true); /* who queued because of us */
    }
    weft__unlock(lock_of(rw));
    weft__ready_all(list);
    return ours;
}

static inline bool try_write(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    if (held(s) || s & (URGENT | FOLDING) || !cas_seq(&rw->weft_state, &s, s | WRITER))
        return false; /* acquire [rwmutex] */
    return likely(!(s & SPREAD)) || search_cells(rw);
}

static noinline void rlock_slow(weft_rwmutex *rw, uintptr_t pc)
{
    if (load_relaxed(&sched.proc_count) > 1)
        for (int i = 0; i < SPINS && !(load_relaxed(&rw->weft_state) & (QUEUED | URGENT)); i++) {
            cpu_relax();
            if (try_read(rw, pc))
                return;
        }
    wait_for_it(rw, false, pc);
    store_relaxed(&rw->weft_pc, pc);
}

static noinline void lock_slow(weft_rwmutex *rw, uintptr_t pc)
{
    if (load_relaxed(&sched.proc_count) > 1)
        for (int i = 0; i < SPINS && !(load_relaxed(&rw->weft_state) & URGENT); i++) {
            cpu_relax();
            if (held(load_relaxed(&rw->weft_state)))
                continue;
            if (try_write(rw))
                return;
        }
    wait_for_it(rw, true, pc);
}

static inline void wrote(weft_rwmutex *rw, uintptr_t pc)
{
    lock_took(rw, HELD_WRITE, pc);
    store_relaxed(&rw->weft_owner, (uint32_t)weft__current()->id);
    store_relaxed(&rw->weft_pc, pc);
    hb_acquire(&rw->weft_state);
    hb_acquire(&rw->weft_pc);
}

static inline void read_begins(weft_rwmutex *rw, uintptr_t pc)
{
    lock_took(rw, HELD_READ, pc);
    hb_acquire(&rw->weft_state);
}

void(weft_rwmutex_rlock)(weft_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check_self(rw);
    lock_wants(rw, HELD_READ, pc);
    if (unlikely(!try_read(rw, pc)))
        rlock_slow(rw, pc);
    read_begins(rw, pc);
}

void(weft_rwmutex_lock)(weft_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check_self(rw);
    lock_wants(rw, HELD_WRITE, pc);
    if (unlikely(!try_write(rw)))
        lock_slow(rw, pc);
    wrote(rw, pc);
}

bool(weft_rwmutex_try_rlock)(weft_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check_self(rw);
    if (!try_read(rw, pc))
        return false;
    read_begins(rw, pc);
    return true;
}

bool(weft_rwmutex_try_lock)(weft_rwmutex *rw)
{
    check_self(rw);
    /* Looking first: a try that fails should not make readers wait. */
    if (load_relaxed(&rw->weft_state) & SPREAD && !cells_empty(rw))
        return false;
    if (!try_write(rw))
        return false;
    wrote(rw, (uintptr_t)__builtin_return_address(0));
    return true;
}

/* ---- unlocking ------------------------------------------------------------------------ */

void(weft_rwmutex_runlock)(weft_rwmutex *rw)
{
    check_self(rw);
    hb_release(&rw->weft_pc);
    lock_drops(rw, HELD_READ);
    leave(rw, load_relaxed(&rw->weft_state) & SPREAD ? own_cell(rw) : NULL);
}

void(weft_rwmutex_unlock)(weft_rwmutex *rw)
{
    check_self(rw);
    uint32_t s = load_relaxed(&rw->weft_state);
    if (unlikely(!(s & WRITER)))
        fatal_unlock(rw, "unlock");
    lock_drops(rw, HELD_WRITE);
    hb_release(&rw->weft_state);
    store_relaxed(&rw->weft_owner, 0);
    for (;;)
        if (unlikely(left_to_us(s - WRITER))) {
            if (let_go_queued(rw, WRITER))
                return;
            s = load_relaxed(&rw->weft_state);
        } else if (likely(cas_seq(&rw->weft_state, &s, s - WRITER))) { /* release [rwmutex] */
            return;
        }
}
