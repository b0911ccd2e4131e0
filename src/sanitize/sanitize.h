/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers must be told: that a stack switched, and what happens
 * before what.
 *
 * The library is compiled without instrumentation, once, for every mode.  It
 * calls the sanitizers' entry points through weak references: they are absent
 * in a normal program, and present when the user's program is linked with
 * -fsanitize=thread or address.  weft__tsan and weft__asan say which.
 *
 * Goroutine switches carry no edge (flag 1 of __tsan_switch_to_fiber), so that
 * a race between two goroutines of one thread is seen.  Edges are published by
 * hb_release(), hb_acquire() on an address, and only where Go's memory model
 * has them.  The runtime's own locks are atomics in uninstrumented code and
 * publish nothing.
 *
 * A race runtime of our own can stand behind this same header.
 */
#ifndef WEFT_SRC_SANITIZE_H
#define WEFT_SRC_SANITIZE_H

#include "base/atomic.h"

struct g;

extern HIDDEN bool weft__tsan, weft__asan, weft__valgrind;

void weft__san_init(void);

/* weft__san_root - memory that may hold pointers to the user's blocks, for the leak checker. */
void weft__san_root(void *at, size_t size);
void weft__san_unroot(void *at, size_t size);

/* weft__san_thread - the calling thread runs as g, on the stack it has. */
void weft__san_thread(struct g *g);
/* weft__san_lent - the calling thread, one of the runtime's own, is lent to
 * goroutines: what happened on its stack below the caller, and with @whole in its
 * thread-local data too, is forgotten, without an edge from one to the next. */
void weft__san_lent(bool whole);
/* weft__san_neutral - until weft__san_back(), what is created begins with no goroutine's
 * history: threads of the runtime's own, which must not carry one goroutine's to another.
 * One at a time, so not for long.  NULL without TSan. */
void *weft__san_neutral(void);
void weft__san_back(void *before);
/* weft__san_start - g gets a fresh history; call before it first runs. */
void weft__san_start(struct g *g);
/* weft__san_end - g will never run again, and does not run now. */
void weft__san_end(struct g *g);
/* weft__san_leave - about to switch from one stack to another; @dying: never to come back. */
void weft__san_leave(struct g *from, struct g *to, bool dying);
/* weft__san_arrive - first thing on the stack that was switched to. */
void weft__san_arrive(struct g *g);
/* weft__san_stacks - where stacks will be, told once a process.
 * weft__san_fresh - a stack begins a new life: the accesses of its last owner
 * are forgotten, without an edge from that goroutine to the next. */
void weft__san_stacks(void *base, size_t size);
void weft__san_fresh(void *lo, size_t size);
/* weft__san_stack, weft__san_no_stack - a stack is there, and no longer: Valgrind
 * must know, or a switch looks like one frame growing or ending. */
void weft__san_stack(char *lo, char *hi);
void weft__san_no_stack(char *lo, char *hi);
/* weft__san_clear - a stack is about to be reused: forget poison left by frames that never returned. */
void weft__san_clear(void *lo, size_t size);

/* weft__san_try - contained calls run on a fiber of their own, so that frames
 * a panic skipped do not pile up in the sanitizer's shadow stack.  @at: any
 * place on the goroutine's stack. */
void *weft__san_try_enter(struct g *g);
void weft__san_try_leave(struct g *g, void *outer, void *at);

void weft__hb_release_slow(void *at);
void weft__hb_acquire_slow(void *at);
void weft__hb_publish_slow(uint64_t *cell, uint64_t value);
void weft__hb_forget_slow(void *at);
void weft__san_read_slow(const void *at, size_t size, void *pc);
void weft__san_write_slow(void *at, size_t size, void *pc);

static inline void hb_release(void *at)
{
    if (unlikely(weft__tsan))
        weft__hb_release_slow(at);
}

static inline void hb_acquire(void *at)
{
    if (unlikely(weft__tsan))
        weft__hb_acquire_slow(at);
}

/*
 * hb_publish, hb_take - an edge by a word that holds what the last publisher
 * knew, and not, as with hb_release(), what all of them did: for a place that
 * stands for one thing after another, as a slot of a channel does.  The word is
 * the library's own and zero at first; only while it is zero nothing is taken.
 * Who publishes excludes others by a lock.
 */
static inline void hb_publish(uint64_t *cell, uint64_t value)
{
    if (unlikely(weft__tsan))
        weft__hb_publish_slow(cell, value);
    else
        *cell = value;
}

static inline void hb_take(uint64_t *cell)
{
    if (unlikely(weft__tsan && load_relaxed(cell) != 0))
        weft__hb_acquire_slow(cell);
}

/* hb_forget - the object at this address ends, and no edge leads from it to the next one there. */
static inline void hb_forget(void *at)
{
    if (unlikely(weft__tsan))
        weft__hb_forget_slow(at);
}

/*
 * weft__hb_as - until weft__hb_self(), edges are those of @g, which waits, and
 * whose waiter the caller has taken.  Who hands a value on does by this what
 * the receiver would have done itself.  A thread's wait publishes on @waiter
 * before, and takes from there after, because only it can act for itself.
 */
struct hb_as {
    void *self, *ferry, *waiter;
};
struct hb_as weft__hb_as(struct g *g, void *waiter);
void weft__hb_self(struct hb_as *as);

/* The runtime reads or writes the user's memory for a call made at pc. */
static inline void san_read(const void *at, size_t size, void *pc)
{
    if (unlikely(weft__tsan))
        weft__san_read_slow(at, size, pc);
}

static inline void san_write(void *at, size_t size, void *pc)
{
    if (unlikely(weft__tsan))
        weft__san_write_slow(at, size, pc);
}

#endif /* WEFT_SRC_SANITIZE_H */
