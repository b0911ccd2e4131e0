/* SPDX-License-Identifier: MIT */
/*
 * WEFT_CHECK=locks: who holds which locks, and in which orders they are taken.
 *
 *   lockcheck.c      locks held; warnings about those that are left behind
 *   lockorder.c      orders, and their inversions
 *   pthread_watch.c  the pthread mutexes of goroutines
 *
 * When it is off, the calls below cost the slow paths of the locks one branch,
 * and the inline ones nothing: with it on, no lock takes those.
 */
#ifndef WEFT_SRC_LOCKCHECK_H
#define WEFT_SRC_LOCKCHECK_H

#include "base/atomic.h"
#include "base/lock.h"
#include "debug/waitfor.h"

struct g;

extern HIDDEN bool weft__lock_check; /* it is on; set once, before the runtime starts */

enum lock_how { HELD_MUTEX, HELD_READ, HELD_WRITE, HELD_PTHREAD };

/* ---- what locks tell ------------------------------------------------------------- */

void weft__lock_made(void *lock, uint32_t *self);
void weft__lock_wants(void *lock, enum lock_how how, uintptr_t pc);
void weft__lock_took(void *lock, enum lock_how how, uintptr_t pc);
void weft__lock_drops(void *lock, enum lock_how how);

/* lock_made - the first use of @lock since it was zero: *@self becomes the low
 * half of its address.  Several may come at once. */
static inline void lock_made(void *lock, uint32_t *self)
{
    if (unlikely(weft__lock_check))
        weft__lock_made(lock, self);
    else
        store_relaxed(self, (uint32_t)(uintptr_t)lock);
}

/* lock_wants - about to take @lock, or to wait for it.  Not for attempts that
 * may fail. */
static inline void lock_wants(void *lock, enum lock_how how, uintptr_t pc)
{
    if (unlikely(weft__lock_check))
        weft__lock_wants(lock, how, pc);
}

/* lock_took - it is the caller's. */
static inline void lock_took(void *lock, enum lock_how how, uintptr_t pc)
{
    if (unlikely(weft__lock_check))
        weft__lock_took(lock, how, pc);
}

/* lock_drops - about to unlock it; whoever took it. */
static inline void lock_drops(void *lock, enum lock_how how)
{
    if (unlikely(weft__lock_check))
        weft__lock_drops(lock, how);
}

/* ---- what others tell, and ask ------------------------------------------------------ */

/* weft__lock_check_init - read WEFT_CHECK; also done before main(). */
void weft__lock_check_init(void);

/* weft__locks_left - a goroutine or thread ends, and g->held is not empty. */
void weft__locks_left(struct g *g);

/* weft__lock_readers - those that hold @rw for reading, as far as known. */
size_t weft__lock_readers(const void *rw, struct holder *out, size_t max);

/* weft__pthread_leaves - a goroutine with G_FLAG_PTHREAD is about to leave its
 * thread to others, at @pc (0: ask its stack). */
void weft__pthread_leaves(struct g *g, uintptr_t pc);

/* weft__pthread_watch - begin or end to watch pthread mutexes, if the check is on. */
void weft__pthread_watch(bool on);

/* ---- between its files --------------------------------------------------------------- */

/* A lock that is held: in its holder's list g->held, newest first, and in a
 * table by address, so that another may unlock it. */
struct held {
    struct held *next; /* in g->held */
    struct held *same; /* in a row of the table */
    struct g *g;       /* NULL: it has ended */
    uint64_t id;       /* of the goroutine; 0: a thread's */
    void *lock;
    uintptr_t pc;    /* where it was locked */
    uintptr_t again; /* a read lock: where its holder waited for another of it */
    enum lock_how how;
};

/* Guards all of the check's data.  It may be taken under the locks of channels
 * and mutexes; under it only memory is asked for, since everything else, a
 * report or a walk of the stack, may lock a pthread mutex that is watched. */
extern HIDDEN struct lock weft__held_lock;

/* All under that lock: */
bool weft__held_push(struct g *g, void *lock, enum lock_how how, uintptr_t pc);
/* weft__held_drop - take one off @g's list, the newest of that lock, if it is there. */
void weft__held_drop(struct g *g, void *lock, enum lock_how how);

/* weft__order_first - a lock was made at this address: forget the one before. */
void weft__order_first(void *lock);
/* weft__order_passed - it was unlocked by another than its holder. */
void weft__order_passed(void *lock);
bool weft__order_was_passed(void *lock);

/* The calling stack, from the locking call on. */
struct order_stack {
    size_t depth;
    uintptr_t pcs[24];
};

enum order_said {
    ORDER_FINE,
    ORDER_NEW,      /* come again with the stack; walking it takes other locks */
    ORDER_INVERTED, /* to be reported by weft__order_report(), without the lock */
};

/* weft__order_add - @g, with all that is in g->held, is about to wait for @lock. */
enum order_said weft__order_add(struct g *g, void *lock, enum lock_how how,
                                const struct order_stack *stack);
void weft__order_report(void) __attribute__((noreturn));

#endif /* WEFT_SRC_LOCKCHECK_H */
