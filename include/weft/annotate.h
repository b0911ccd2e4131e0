/* SPDX-License-Identifier: MIT */
/*
 * weft/annotate.h - what a declaration promises, for `weft vet` and for clang.
 *
 *     struct account {
 *         weft_mutex mu;
 *         long balance WEFT_GUARDED_BY(mu);
 *     };
 *     static void deposit_locked(struct account *a, long n) WEFT_REQUIRES(&a->mu);
 *
 * They change nothing in a program: every compiler sees nothing of them, except
 * under WEFT_VET, with which `weft vet` compiles.  It checks them itself, with any
 * clang it was built with.  From clang 22 on they are the compiler's attributes
 * too, and `weft vet -safety` adds what its -Wthread-safety says; earlier ones
 * refuse a guarded_by that names a neighbour, or do not see the ends of scopes.
 * The compiler does not know that a function's callers all hold the lock: it
 * wants WEFT_REQUIRES() for that.
 */
#ifndef WEFT_ANNOTATE_H
#define WEFT_ANNOTATE_H

#if defined(WEFT_VET) && defined(__clang__) && !defined(__cplusplus)
#define WEFT_IMPL_VET_SAYS(text) __attribute__((annotate("weft:" text)))
#else
#define WEFT_IMPL_VET_SAYS(text)
#endif

#if defined(WEFT_VET) && defined(__clang__) && !defined(__cplusplus) && __clang_major__ >= 22
#define WEFT_IMPL_CAPABILITY(...) __attribute__((__VA_ARGS__))
#else
#define WEFT_IMPL_CAPABILITY(...)
#endif

/**
 * WEFT_GUARDED_BY - after a field or a global: touch it only with this mutex held.
 *
 * Names the mutex itself, not its address: a field of the same struct, or a
 * global.  A function that makes the object, and has not shown it to anybody
 * yet, may touch it without.
 */
#define WEFT_GUARDED_BY(mu)                                                                        \
    WEFT_IMPL_VET_SAYS("guarded_by:" #mu) WEFT_IMPL_CAPABILITY(guarded_by(&mu))

/** WEFT_REQUIRES - after a function's parameters: call it with this mutex held, as &a->mu. */
#define WEFT_REQUIRES(mu)                                                                          \
    WEFT_IMPL_VET_SAYS("requires:" #mu) WEFT_IMPL_CAPABILITY(requires_capability(mu))

/** WEFT_ACQUIRES - the function returns with this mutex locked. */
#define WEFT_ACQUIRES(mu)                                                                          \
    WEFT_IMPL_VET_SAYS("acquires:" #mu) WEFT_IMPL_CAPABILITY(acquire_capability(mu))

/** WEFT_RELEASES - the function is called with this mutex locked, and unlocks it. */
#define WEFT_RELEASES(mu)                                                                          \
    WEFT_IMPL_VET_SAYS("releases:" #mu) WEFT_IMPL_CAPABILITY(release_capability(mu))

/**
 * WEFT_VET_IS - tell `weft vet` what a function or a type of yours is.
 *
 *     void  wait_for_reply(conn *c) WEFT_VET_IS("wait");      // waits for somebody else
 *     typedef struct WEFT_VET_IS("nocopy") spinner { ... } spinner;
 *
 * wait: it waits for another goroutine or the world, so no lock should be held.
 * join: when it returns, those that were started before have finished.
 * noexit: meant to run as long as the program does.
 * nocopy: a struct that must stay where it is.
 */
#define WEFT_VET_IS(what) WEFT_IMPL_VET_SAYS(what)

#endif /* WEFT_ANNOTATE_H */
