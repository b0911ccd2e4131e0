/* SPDX-License-Identifier: MIT */
/*
 * A goroutine's record.
 *
 * Records stand in one table in a mapping of the runtime's own, never in
 * malloc, so that reports, debuggers and core files find them by number.  A
 * goroutine that has not run yet is nothing but its record; it gets a stack
 * when it is first chosen, and gives it back when it ends.
 *
 * The state says who may run on its stack:
 *
 *  state     who may use the stack   where it is kept       leaves by
 *  DEAD      nobody; it has none     a free list            weft__spawn()   -> RUNNABLE
 *  RUNNABLE  nobody                  exactly one run queue  weft__run_next()-> RUNNING
 *                                    or next slot
 *  RUNNING   its M                   the M's thread         weft__park()    -> WAITING
 *                                                           weft_yield()    -> RUNNABLE
 *                                                           weft__exit()    -> DEAD
 *  WAITING   the waker, only through one or more wait       weft__ready()   -> RUNNABLE
 *            the places in its       lists, or none if it
 *            waiter                  waits for ever
 *
 * A thread that is no goroutine has a record too (thread != NULL): it parks by
 * sleeping on a futex, and is otherwise treated alike.
 */
#ifndef WEFT_SRC_G_H
#define WEFT_SRC_G_H

#include "base/atomic.h"
#include "weft/base.h"

struct m;
struct weft_impl_scope;
struct weft_wg;

enum g_state { G_DEAD, G_RUNNABLE, G_RUNNING, G_WAITING };

/* Why a goroutine waits; the words are in debug/words.c and in the manual. */
enum wait_reason {
    WAIT_NONE,
    WAIT_CHAN_SEND,
    WAIT_CHAN_RECV,
    WAIT_CHAN_SEND_NIL,
    WAIT_CHAN_RECV_NIL,
    WAIT_SELECT,
    WAIT_SELECT_NONE,
    WAIT_MUTEX,
    WAIT_RWMUTEX_READ,
    WAIT_RWMUTEX_WRITE,
    WAIT_COND,
    WAIT_WG,
    WAIT_ONCE,
    WAIT_SEM,
    WAIT_GROUP,
    WAIT_SLEEP,
    WAIT_IO,
    WAIT_BLOCKING,
    WAIT_TIMER_CALL,
    WAIT_REASONS
};

/* How a plain thread parks. */
struct parker {
    uint32_t ready;
};

/* Where weft_try() returns to. */
struct try_frame {
    struct try_frame *outer;
    struct weft_impl_scope *scopes; /* the list as it was on entry */
    void *saved;                    /* weft__call_saved's way back */
    void *fiber;                    /* the sanitizer's, outside */
};

enum {
    G_FLAG_SYSTEM = 1,   /* the runtime's own: not counted, not reported */
    G_FLAG_MAIN = 2,     /* the first goroutine */
    G_FLAG_GOEXIT = 4,   /* runs its scope ends because of weft_goexit() */
    G_FLAG_CUT = 8,      /* a panic cut calls short that a race detector still counts */
    G_FLAG_TIMED = 16,   /* waits with a time limit: it will wake by itself */
    G_FLAG_PTHREAD = 32, /* holds a pthread mutex; known only under WEFT_CHECK=locks */
};

struct g {
    /* switching */
    void *sp;            /* while not RUNNING: the suspended context */
    struct m *m;         /* while RUNNING: the thread's record; NULL for plain threads */
    struct g *link;      /* in a queue or free list */
    uint32_t state;      /* enum g_state; see above for who writes */
    uint8_t wait_reason; /* enum wait_reason; with the three below, written before parking */
    uint8_t flags;
    uint16_t pin_count;
    char *stack_lo, *stack_hi; /* NULL until it first runs */
    struct weft_impl_scope *scopes;
    struct try_frame *tries;

    /* waiting and origin */
    uint64_t wait_ticket; /* who may wake it; see sched/park.h */
    void *wait_object;
    uintptr_t wait_pc;
    int64_t wait_since; /* ns, coarse */
    void *wait_result;  /* left by the waker */
    uint64_t id, parent_id;
    uintptr_t create_pc;

    /* start; fn stays for reports */
    weft_impl_fn fn;
    uintptr_t arg[6];
    struct weft_wg *wg; /* counted done at the end */

    /* rarely used */
    const char *name;
    struct weft_panic_info *panic; /* the one being run down, innermost first */
    void *tsan_fiber, *asan_fake;
    struct m *pinned; /* may run only there */
    struct parker *thread;
    size_t stack_wish; /* bytes, 0: default */
    void *held;        /* head of the list of locks held, when tracked */
};

_Static_assert(sizeof(struct g) == 256, "a record is four cache lines; debuggers know its size");
_Static_assert(offsetof(struct g, wait_ticket) == 64 && offsetof(struct g, fn) == 128 &&
                   offsetof(struct g, name) == 192,
               "each group of fields has a line of its own");

/* ---- the table ----------------------------------------------------------- */

int weft__gtable_init(void);
void weft__gtable_fini(void);
/* weft__g_grow - up to n new records, linked by link; NULL when the table is full. */
struct g *weft__g_grow(unsigned n);
/* weft__g_count, weft__g_at - all records that were ever handed out, dead ones too. */
size_t weft__g_count(void);
struct g *weft__g_at(size_t index);

#endif /* WEFT_SRC_G_H */
