/* SPDX-License-Identifier: MIT */
/*
 * Atomic accesses by their memory order, and a few words for the compiler.
 *
 * The names say the order; every acquire or release in the tree carries a tag
 * like [runq.tail] that it shares with its partner.
 *
 * light_fence()/heavy_fence() are the two halves of an asymmetric barrier: the
 * frequent side pays for a compiler barrier only, the rare side makes every
 * thread of the process execute a full one (membarrier).  Where the kernel has
 * no membarrier, both are full fences.
 */
#ifndef WEFT_SRC_ATOMIC_H
#define WEFT_SRC_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define load_relaxed(p)     __atomic_load_n(p, __ATOMIC_RELAXED)
#define load_acquire(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define load_seq(p)         __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define store_seq(p, v)     __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define add_relaxed(p, v)   __atomic_fetch_add(p, v, __ATOMIC_RELAXED)
#define add_seq(p, v)       __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define sub_seq(p, v)       __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST)
#define swap_seq(p, v)      __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cas_acquire(p, old, new_value)                                                             \
    __atomic_compare_exchange_n(p, old, new_value, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define cas_seq(p, old, new_value)                                                                 \
    __atomic_compare_exchange_n(p, old, new_value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define full_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* For variables of the hot paths: no detour through the global offset table. */
#define HIDDEN __attribute__((visibility("hidden")))

extern HIDDEN bool weft__fence_light_is_full; /* no membarrier here: set once at start */
void weft__fence_heavy(void);

static inline void light_fence(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(weft__fence_light_is_full, 0))
        full_fence();
}

#define heavy_fence() weft__fence_heavy()

#define likely(x)                     __builtin_expect(!!(x), 1)
#define unlikely(x)                   __builtin_expect(!!(x), 0)
#define noinline                      __attribute__((noinline))
#define array_len(a)                  (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

#define CACHE_LINE 64

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

#endif /* WEFT_SRC_ATOMIC_H */
