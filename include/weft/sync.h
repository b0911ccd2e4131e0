/* SPDX-License-Identifier: MIT */
/*
 * weft/sync.h - locks and wait groups for goroutines.
 *
 * All of them are plain structs to embed; all-zero bytes are ready for use.
 * They must not be copied after their first use: the copy panics.
 */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include "weft/base.h"
#include "weft/go.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/** weft_mutex - a mutual exclusion lock; belongs to no goroutine: another may unlock it. */
typedef struct weft_mutex {
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

/* The paths without contention, in the caller.  Under a race detector the
 * library's own are taken, which tell it what happens before what. */
#if defined(__SANITIZE_THREAD__)
#define WEFT_IMPL_INLINE_LOCKS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_IMPL_INLINE_LOCKS 0
#endif
#endif
#if !defined(WEFT_IMPL_INLINE_LOCKS) && (defined(__x86_64__) || defined(__aarch64__))
#define WEFT_IMPL_INLINE_LOCKS 1
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

/** weft_wg - a wait group: waits until a number of goroutines have finished. */
typedef struct weft_wg {
    uint64_t weft_state;   /* counter in the high half, waiters in the low */
    void *weft_list;       /* who waits */
    uint32_t weft_lock;
    uint32_t weft_self;
} weft_wg;

#define WEFT_WG_INIT {0}

/**
 * weft_wg_add - change the counter by n; at zero everybody who waits goes on.
 *
 * Call before the goroutine it counts is launched, not inside it.
 * Order:    a call that brings the counter to zero happens before the waits
 *           it lets go return.
 * Misuse:   a negative counter panics.
 */
WEFT_API void weft_wg_add(weft_wg *wg, int n);
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
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        weft_impl_wg_go(wg, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));               \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void weft_impl_wg_go(weft_wg *wg, weft_impl_fn fn, unsigned n, const uintptr_t *args);

WEFT_END_DECLS

#endif /* WEFT_SYNC_H */
