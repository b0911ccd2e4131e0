/* SPDX-License-Identifier: MIT */
/*
 * weft/sync.h - locks, wait groups, semaphores and the like for goroutines.
 *
 * All of them are plain structs to embed; all-zero bytes are ready for use (a
 * semaphore of zero bytes has the size 0).  They must not be copied after their
 * first use: the copy panics.
 *
 *     typedef struct {
 *         weft_mutex mu;
 *         int n;
 *     } counter;
 *
 *     static int next(counter *c)
 *     {
 *         weft_scoped_lock(&c->mu);       // until the end of the block
 *         return ++c->n;
 *     }
 *
 * Mistakes with them are panics, or fatal errors where the data they guard may
 * be damaged already.  Both name this call and where the object was last used
 * rightly.
 */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include "weft/base.h"
#include "weft/go.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/**
 * weft_mutex - a mutual exclusion lock; belongs to no goroutine: another may unlock it.
 *
 * Until another has unlocked it, though, it counts as held by the goroutine that
 * locked it, as far as reports know.  So when that one waits, in a circle with
 * others, for longer than a second, for something that ends only after the
 * unlocking, the circle is reported as a deadlock, although the other goroutine
 * might have unlocked it later on.
 *
 * The mutex may be freed by who unlocks it last, also when others are still on
 * their way out of weft_mutex_unlock(); that goes for weft_rwmutex and weft_once
 * too.  Memory that is to be unmapped then is the exception: first those others
 * must have returned.
 */
typedef struct WEFT_VET_IS("nocopy") WEFT_IMPL_CAPABILITY(capability("mutex")) weft_mutex {
    uint8_t weft_state;    /* free, locked, and how to unlock; see src/sync/mutex.c */
    uint8_t weft_waiting;  /* somebody waits: the unlocker must look */
    uint16_t weft_spare;
    uint32_t weft_owner;   /* low half of the holder's goroutine number */
    uint32_t weft_self;    /* low half of its own address since the first use */
    uint32_t weft_self2;   /* the same where the paths above cannot be used */
    uintptr_t weft_pc;     /* where it was locked */
} weft_mutex;

#define WEFT_MUTEX_INIT {0}

/**
 * weft_mutex_lock - wait until the mutex is free and take it.
 *
 * Blocks:   the goroutine, never its thread.
 * Call in:  a goroutine, or any thread (which then blocks).
 * Order:    unlock number n happens before lock number n + 1 returns.
 * Misuse:   locking it again while holding it is a deadlock, reported as such
 *           at once; a copy of a used mutex panics.
 */
#define weft_mutex_lock(mu)                                                                        \
    ({                                                                                             \
        weft_impl_mutex_lock_here(mu);                                                             \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_mutex_lock)(weft_mutex *mu);

/** weft_mutex_unlock - let the next one in.  Unlocking an unlocked mutex is a fatal error. */
#define weft_mutex_unlock(mu)                                                                      \
    ({                                                                                             \
        weft_impl_mutex_unlock_here(mu);                                                           \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_mutex_unlock)(weft_mutex *mu);

WEFT_API void weft_impl_mutex_lock(weft_mutex *mu);
WEFT_API void weft_impl_mutex_unlock(weft_mutex *mu);
WEFT_API void weft_impl_mutex_unlock_slow(weft_mutex *mu);
WEFT_API uint32_t weft_impl_self_id(void);

/* The paths without contention, in the caller.  Unlocking looks once more at a
 * mutex that may have been freed meanwhile (src/sync/mutex.c), which does no harm
 * but would be told of. */
#if !WEFT_IMPL_TSAN && !WEFT_IMPL_ASAN && (defined(__x86_64__) || defined(__aarch64__))
#define WEFT_IMPL_INLINE_LOCKS 1
#else
#define WEFT_IMPL_INLINE_LOCKS 0
#endif

#if WEFT_IMPL_INLINE_LOCKS
/* An address within this line, as a return address would be. */
__attribute__((always_inline)) static inline uintptr_t weft_impl_here(void)
{
    uintptr_t pc;
#if defined(__x86_64__)
    __asm__ volatile("lea (%%rip), %0" : "=r"(pc));
#else
    __asm__ volatile("adr %0, ." : "=r"(pc));
#endif
    return pc;
}

__attribute__((always_inline)) static inline void weft_impl_mutex_lock_here(weft_mutex *mu)
{
    uint8_t unlocked = 0;
    if (__builtin_expect(mu->weft_self == (uint32_t)(uintptr_t)mu, 1) &&
        __builtin_expect(__atomic_compare_exchange_n(&mu->weft_state, &unlocked, 1, 0,
                                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
                         1)) {
        mu->weft_pc = weft_impl_here();
        mu->weft_owner = weft_impl_self_id();
    } else {
        weft_impl_mutex_lock(mu);
    }
}

__attribute__((always_inline)) static inline void weft_impl_mutex_unlock_here(weft_mutex *mu)
{
    if (__builtin_expect(__atomic_load_n(&mu->weft_state, __ATOMIC_RELAXED) != 1, 0)) {
        weft_impl_mutex_unlock(mu);
        return;
    }
    mu->weft_owner = 0;
    __atomic_store_n(&mu->weft_state, 0, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the other half is in src/sync/mutex.c */
    if (__builtin_expect(__atomic_load_n(&mu->weft_waiting, __ATOMIC_RELAXED) == 1, 0))
        weft_impl_mutex_unlock_slow(mu);
}
#else
static inline void weft_impl_mutex_lock_here(weft_mutex *mu)
{
    weft_impl_mutex_lock(mu);
}

static inline void weft_impl_mutex_unlock_here(weft_mutex *mu)
{
    weft_impl_mutex_unlock(mu);
}
#endif

/**
 * weft_mutex_try_lock - take the mutex if it is free now; true when it was.
 *
 * Blocks: no.  Order: as weft_mutex_lock() when true; none when false.
 */
#define weft_mutex_try_lock(mu)                                                                    \
    ({                                                                                             \
        bool weft_impl_ok = (weft_mutex_try_lock)(mu);                                             \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
WEFT_API bool (weft_mutex_try_lock)(weft_mutex *mu);

/**
 * weft_mutex_lock_ctx - wait until the mutex is free, or the context ends.
 *
 * Blocks:   the goroutine, never its thread.
 * Returns:  0 with the mutex taken; the context's error without, also when it
 *           had ended before and the mutex is free.
 * Misuse:   as weft_mutex_lock(); a NULL context panics.
 */
#define weft_mutex_lock_ctx(ctx, mu)                                                               \
    ({                                                                                             \
        int weft_impl_r = (weft_mutex_lock_ctx)((ctx), (mu));                                      \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_mutex_lock_ctx)(weft_ctx *ctx, weft_mutex *mu);

/**
 * weft_scoped_lock - lock until the end of this block: weft_scoped_lock(&mu);
 *
 * Unlocks also when a panic or weft_goexit() leaves the block.  It is a
 * declaration: after an unbraced if it does not compile.
 */
#define weft_scoped_lock(mu)                                                                       \
    WEFT_IMPL_SCOPED(WEFT_IMPL_UNIQUE(weft_impl_lock_), weft_mutex, weft_impl_mutex_lock_here,     \
                     weft_mutex_unlock, mu)

/* One declaration: the record, and a pointer whose initial value locks. */
#define WEFT_IMPL_SCOPED(name, type, lock, unlock, at)                                             \
    struct weft_impl_scope1 name __attribute__((cleanup(weft_impl_scope1_end), unused)),           \
        *WEFT_IMPL_CAT(name, _p) __attribute__((unused)) = ({                                      \
            type *weft_impl_at = (at);                                                             \
            lock(weft_impl_at);                                                                    \
            weft_impl_scope1_begin(&name, __builtin_frame_address(0), (weft_impl_fn)(unlock),            \
                             weft_impl_at);                                                        \
        })

/** weft_wg - a wait group: waits until a number of goroutines have finished. */
typedef struct WEFT_VET_IS("nocopy") weft_wg {
    uint64_t weft_state;   /* counter in the high half, waiters in the low */
    void *weft_list;       /* who waits */
    uint32_t weft_lock;
    uint32_t weft_self;    /* low half of its own address since the first use */
    uintptr_t weft_pc;     /* where it was last added to */
    uintptr_t weft_wait_pc; /* where somebody began to wait last */
} weft_wg;

#define WEFT_WG_INIT {0}

/**
 * weft_wg_add - change the counter by n; at zero everybody who waits goes on.
 *
 * Call before the goroutine it counts is launched, not inside it.
 * Order:    a call that brings the counter to zero happens before the waits
 *           it lets go return.
 * Misuse:   a negative counter panics; so does adding to a counter of zero
 *           before all waits for that zero have returned, and a copy of a used
 *           wait group.
 */
#define weft_wg_add(wg, n)                                                                         \
    ({                                                                                             \
        (weft_wg_add)((wg), (n));                                                                  \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_wg_add)(weft_wg *wg, int n);
/** weft_wg_done - weft_wg_add(wg, -1). */
WEFT_API void weft_wg_done(weft_wg *wg);

/**
 * weft_wg_wait - wait until the counter is zero.
 *
 * The wait group may go away as soon as this returned.
 * Blocks:   the goroutine, never its thread.
 */
#define weft_wg_wait(wg)                                                                           \
    ({                                                                                             \
        weft_impl_wg_wait(wg);                                                                     \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void weft_impl_wg_wait(weft_wg *wg);
WEFT_API void (weft_wg_wait)(weft_wg *wg);

/** weft_wg_go - add 1, launch f(args...), and count it done when it returns or calls weft_goexit(). */
#define weft_wg_go(wg, ...)                                                                        \
    (WEFT_IMPL_CHECK(__VA_ARGS__),                                                                 \
     weft_impl_wg_go(wg, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__)), WEFT_IMPL_DONE)
WEFT_API void weft_impl_wg_go(weft_wg *wg, weft_impl_fn fn, unsigned n, const uintptr_t *args);

/**
 * weft_rwmutex - a lock for many readers or one writer; belongs to no goroutine.
 *
 * A writer that waits keeps new readers out, and the readers that came while
 * it wrote go before the next writer: neither starves.  So a goroutine must not
 * read-lock again what it has read-locked: a writer in between stops both.
 */
typedef struct WEFT_VET_IS("nocopy") WEFT_IMPL_CAPABILITY(capability("mutex")) weft_rwmutex {
    uint32_t weft_state; /* readers, writer, and whether somebody waits; see src/sync/rwmutex.c */
    uint32_t weft_lock;
    uint32_t weft_owner; /* low half of the writer's goroutine number */
    uint32_t weft_self;  /* low half of its own address since the first use */
    void *weft_readers, *weft_readers_last; /* who waits to read */
    void *weft_writers, *weft_writers_last; /* who waits to write */
    uint32_t weft_woken;                    /* how many were woken to try again */
    uint32_t weft_writes;
    uintptr_t weft_pc; /* where it was last locked */
} weft_rwmutex;

#define WEFT_RWMUTEX_INIT {0}

/**
 * weft_rwmutex_rlock - wait until no writer holds it or waits, and take it for reading.
 *
 * Blocks:   the goroutine, never its thread.
 * Call in:  a goroutine, or any thread (which then blocks).
 * Order:    the last weft_rwmutex_unlock() happens before this returns; there
 *           is no order between readers.
 * Misuse:   a goroutine that holds it for writing deadlocks, reported as such
 *           at once; a copy of a used one panics.
 */
#define weft_rwmutex_rlock(rw)                                                                     \
    ({                                                                                             \
        (weft_rwmutex_rlock)(rw);                                                                  \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_rwmutex_rlock)(weft_rwmutex *rw);

/** weft_rwmutex_runlock - give back one read lock.  Without one it is a fatal error. */
#define weft_rwmutex_runlock(rw)                                                                   \
    ({                                                                                             \
        (weft_rwmutex_runlock)(rw);                                                                \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_rwmutex_runlock)(weft_rwmutex *rw);

/**
 * weft_rwmutex_lock - wait until nobody holds it, and take it for writing.
 *
 * Blocks:   the goroutine, never its thread.
 * Order:    every unlock before, of either kind, happens before this returns.
 * Misuse:   as weft_rwmutex_rlock().
 */
#define weft_rwmutex_lock(rw)                                                                      \
    ({                                                                                             \
        (weft_rwmutex_lock)(rw);                                                                   \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_rwmutex_lock)(weft_rwmutex *rw);

/** weft_rwmutex_unlock - end writing.  When it is not locked for writing it is a fatal error. */
#define weft_rwmutex_unlock(rw)                                                                    \
    ({                                                                                             \
        (weft_rwmutex_unlock)(rw);                                                                 \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_rwmutex_unlock)(weft_rwmutex *rw);

/** weft_rwmutex_try_rlock, weft_rwmutex_try_lock - take it when no waiting is needed; true when taken. */
#define weft_rwmutex_try_rlock(rw)                                                                 \
    ({                                                                                             \
        bool weft_impl_ok = (weft_rwmutex_try_rlock)(rw);                                          \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
#define weft_rwmutex_try_lock(rw)                                                                  \
    ({                                                                                             \
        bool weft_impl_ok = (weft_rwmutex_try_lock)(rw);                                           \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
WEFT_API bool (weft_rwmutex_try_rlock)(weft_rwmutex *rw);
WEFT_API bool (weft_rwmutex_try_lock)(weft_rwmutex *rw);

/** weft_scoped_rlock, weft_scoped_wlock - hold it to the end of this block; see weft_scoped_lock(). */
#define weft_scoped_rlock(rw)                                                                      \
    WEFT_IMPL_SCOPED(WEFT_IMPL_UNIQUE(weft_impl_lock_), weft_rwmutex, (weft_rwmutex_rlock),        \
                     weft_rwmutex_runlock, rw)
#define weft_scoped_wlock(rw)                                                                      \
    WEFT_IMPL_SCOPED(WEFT_IMPL_UNIQUE(weft_impl_lock_), weft_rwmutex, (weft_rwmutex_lock),         \
                     weft_rwmutex_unlock, rw)

/**
 * weft_cond - a condition variable: wait until another goroutine says that
 * something has changed.
 *
 *     weft_mutex_lock(&q->mu);
 *     while (q->length == 0)                  // a loop: it may have changed back
 *         weft_cond_wait(&q->not_empty, &q->mu);
 *     ...
 *
 * Nobody wakes without a signal, and nobody who came later takes it away; but
 * between the signal and the return of the wait another may take the mutex.
 */
typedef struct WEFT_VET_IS("nocopy") weft_cond {
    uint32_t weft_next;     /* number of the next wait */
    uint32_t weft_notify;   /* waits below this number have been signalled */
    uint32_t weft_lock;
    uint32_t weft_self;     /* low half of its own address since the first use */
    void *weft_first, *weft_last;
    weft_mutex *weft_mu;    /* of those who wait */
    uintptr_t weft_pc;      /* where it was last waited on */
} weft_cond;

#define WEFT_COND_INIT {0}

/**
 * weft_cond_wait - unlock mu, wait for a signal, lock mu again.
 *
 * No signal is lost between the unlocking and the waiting.
 *
 * Blocks:   the goroutine, never its thread.
 * Call in:  the goroutine that has locked mu.
 * Order:    the signal, or broadcast, happens before this returns.
 * Misuse:   panics when mu is not locked, or was locked by another goroutine,
 *           or when others wait here with another mutex; a copy of a used
 *           weft_cond panics.
 */
#define weft_cond_wait(c, mu)                                                                      \
    ({                                                                                             \
        (weft_cond_wait)((c), (mu));                                                               \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_cond_wait)(weft_cond *c, weft_mutex *mu);

/** weft_cond_signal - wake the one that has waited longest, if any; mu may be held or not. */
WEFT_API void weft_cond_signal(weft_cond *c);
/** weft_cond_broadcast - wake all that wait. */
WEFT_API void weft_cond_broadcast(weft_cond *c);

/** weft_once - something that is done once, by whoever comes first. */
typedef struct WEFT_VET_IS("nocopy") weft_once {
    uint32_t weft_done;     /* made from its own address: done, and no copy */
    uint32_t weft_lock;
    uint32_t weft_self;     /* low half of its own address since the first use */
    uint32_t weft_running;
    uint64_t weft_runner;   /* number of the goroutine that does it */
    void *weft_waiting;     /* who waits for that */
    uintptr_t weft_pc;      /* where it was begun */
} weft_once;

#define WEFT_ONCE_INIT {0}

/**
 * weft_once_do - the first call runs f(args...); the others wait until it is done.
 *
 * The arguments are evaluated by every call.  When f panics or calls
 * weft_goexit() it counts as done too.
 *
 * Blocks:   the goroutine, never its thread, while another runs f.
 * Order:    the end of f happens before any call returns.
 * Misuse:   f that comes back to the same once is a deadlock, reported as such
 *           at once; a copy of a used one panics.
 */
#define weft_once_do(o, ...)                                                                       \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        weft_impl_once(o, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));                 \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void weft_impl_once_do(weft_once *o, weft_impl_fn fn, unsigned n, const uintptr_t *args);

static inline __attribute__((always_inline)) void weft_impl_once(weft_once *o, weft_impl_fn fn,
                                                                 unsigned n, const uintptr_t *args)
{
    /* acquire: pairs with the release in src/sync/once.c */
    if (__builtin_expect(__atomic_load_n(&o->weft_done, __ATOMIC_ACQUIRE) !=
                             ((uint32_t)(uintptr_t)o | 1),
                         0))
        weft_impl_once_do(o, fn, n, args);
}

/**
 * weft_sem - a weighted semaphore: up to so many units are held at the same time.
 *
 *     static weft_sem memory = WEFT_SEM(64 << 20);
 *     ...
 *     int err = weft_sem_acquire(ctx, &memory, size);
 *     if (err)
 *         return err;
 *     weft_defer(weft_sem_release, &memory, size);
 *
 * First come, first served: who wants much is not overtaken by who wants
 * little, and does not starve.
 */
typedef struct WEFT_VET_IS("nocopy") weft_sem {
    int64_t weft_size, weft_used;
    void *weft_first, *weft_last;
    uint32_t weft_lock;
    uint32_t weft_self;     /* low half of its own address since the first use */
    uintptr_t weft_pc;      /* where it was last acquired */
} weft_sem;

#define WEFT_SEM(n) {.weft_size = (n)}

/**
 * weft_sem_acquire - wait until n units can be had, or the context ends.
 *
 * More than the semaphore has can never be had: such a call waits for the
 * context to end, and lets others pass.
 *
 * Blocks:   the goroutine, never its thread.
 * Order:    the releases that made room happen before this returns 0.
 * Returns:  0 with the units held; the context's error without, also when it
 *           had ended before and there is room.
 * Misuse:   a negative n and a NULL context panic, and so does a copy of a used
 *           semaphore.
 */
#define weft_sem_acquire(ctx, s, n)                                                                \
    ({                                                                                             \
        int weft_impl_r = (weft_sem_acquire)((ctx), (s), (n));                                     \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_sem_acquire)(weft_ctx *ctx, weft_sem *s, int64_t n);

/**
 * weft_sem_try_acquire - n units when they can be had without waiting and
 * without overtaking anybody; true when they were.
 */
#define weft_sem_try_acquire(s, n)                                                                 \
    ({                                                                                             \
        bool weft_impl_ok = (weft_sem_try_acquire)((s), (n));                                      \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
WEFT_API bool (weft_sem_try_acquire)(weft_sem *s, int64_t n);

/** weft_sem_release - give n units back.  Panics when fewer are held. */
WEFT_API void weft_sem_release(weft_sem *s, int64_t n);

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_SYNC_H */
