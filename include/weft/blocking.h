/* SPDX-License-Identifier: MIT */
/*
 * weft/blocking.h - calls that block, on threads of their own.
 *
 *     int err = weft_blocking(sqlite3_step, statement);
 *
 * C code may block without this: the runtime notices after some milliseconds,
 * and lets the other goroutines go on (docs/guide/blocking.md).  Said ahead of
 * time it costs two thread switches, some tens of microseconds, in place of
 * those milliseconds, and the number of threads is bounded.
 *
 * The pool has no threads until it is used.  It grows to WEFT_BLOCKING of them
 * (default 128, 1 to 4096), each with a stack of 1 MiB; one that had nothing to
 * do for ten seconds ends.  When all are busy, calls queue, first come, first
 * served, without limit: what waits is the goroutine and costs no thread.  So
 * calls that wait for each other, as one that ends when another has begun, may
 * wait for ever when there are more of them than threads.
 */
#ifndef WEFT_BLOCKING_H
#define WEFT_BLOCKING_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

/**
 * weft_blocking - the result of f(args...), which runs on a thread of the pool.
 *
 * The arguments, up to six integers or pointers, are evaluated now; the
 * compiler checks arity and types as in a call.  f returns an integer, a
 * pointer or nothing, and so does this.  f is no goroutine: calls of weft that
 * wait block the pool's thread, and errno is that thread's, so f returns what
 * it has to say.
 *
 * Blocks:   the goroutine, never its thread, until f has returned; no context
 *           ends it.  Where there is a way to interrupt f, call that by
 *           weft_ctx_after_func().  On a thread that is no goroutine, and when
 *           no thread can be made, f simply runs on the caller's.
 * Call in:  anywhere but a signal handler.
 * Order:    what the caller did before happens before f; what f did happens
 *           before this returns.
 * Misuse:   a panic of f becomes the caller's.  A function that returns a
 *           struct or a floating-point number does not compile.
 */
#define weft_blocking(...)                                                                         \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        WEFT_IMPL_ASSERT(WEFT_IMPL_IS_WORD(WEFT_IMPL_RESULT(__VA_ARGS__)),                         \
                         "weft: this function must return an integer, a pointer or nothing");      \
        uintptr_t weft_impl_r =                                                                    \
            weft_impl_blocking(WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));            \
        WEFT_IMPL_SITE();                                                                          \
        (WEFT_IMPL_RESULT(__VA_ARGS__))(sizeof(WEFT_IMPL_RESULT(__VA_ARGS__)) == 1                 \
                                            ? weft_impl_r & 0xff                                   \
                                            : weft_impl_r);                                        \
    })

#define WEFT_IMPL_IS_WORD(T)                                                                       \
    (!__builtin_types_compatible_p(T, float) && !__builtin_types_compatible_p(T, double) &&        \
     !__builtin_types_compatible_p(T, long double) && sizeof(T) <= sizeof(uintptr_t))

WEFT_API uintptr_t weft_impl_blocking(weft_impl_fn fn, unsigned n, const uintptr_t *args);

WEFT_END_DECLS

#endif /* WEFT_BLOCKING_H */
