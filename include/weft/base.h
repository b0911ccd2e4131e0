/* SPDX-License-Identifier: MIT */
/*
 * weft/base.h - what every other header stands on: durations, errno, and the
 * macros that check a call's arity and types and pack its arguments.
 *
 * errno.  libc promises compilers that the address of errno never changes
 * within a function, which is false for a goroutine that resumed on another
 * thread.  Including this header therefore redefines errno so that its address
 * is fetched anew at each use.  The value belongs to the thread: copy it right
 * after the libc call, before anything that may wait.
 */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "weft/annotate.h"

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS   }
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#endif

#define WEFT_API __attribute__((visibility("default")))

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION       "0.1.0"

WEFT_BEGIN_DECLS

/** weft_duration - a span of time, in nanoseconds. */
typedef int64_t weft_duration;

#define WEFT_NANOSECOND  ((weft_duration)1)
#define WEFT_MICROSECOND (1000 * WEFT_NANOSECOND)
#define WEFT_MILLISECOND (1000 * WEFT_MICROSECOND)
#define WEFT_SECOND      (1000 * WEFT_MILLISECOND)
#define WEFT_MINUTE      (60 * WEFT_SECOND)
#define WEFT_HOUR        (60 * WEFT_MINUTE)

/** weft_ctx - deadline and cancellation, handed down from caller to callee; see weft/context.h. */
typedef struct weft_ctx weft_ctx;

/** weft_version - the library's version, as "MAJOR.MINOR.PATCH"; a static string. */
WEFT_API const char *weft_version(void);

/**
 * weft_strerror - the text of an error that a weft call returned.
 *
 * Takes the negative errno values that weft's calls return, and positive ones
 * too.  Returns a static string; never NULL; safe from any thread.
 */
WEFT_API const char *weft_strerror(int err);

/** weft_rand - 64 random bits; not for cryptography.  Call in: anywhere. */
WEFT_API uint64_t weft_rand(void);

WEFT_API int *weft_impl_errno(void);

WEFT_END_DECLS

#undef errno
#define errno (*weft_impl_errno())

/* ---- behind the public macros ------------------------------------------- */

#define WEFT_IMPL_CAT_(a, b) a##b
#define WEFT_IMPL_CAT(a, b)  WEFT_IMPL_CAT_(a, b)
#define WEFT_IMPL_UNIQUE(p)  WEFT_IMPL_CAT(p, __COUNTER__)

/* Reports name a call's line by its return address, so the call must not
 * become a jump: this empty statement after it keeps the frame. */
#define WEFT_IMPL_SITE() __asm__ volatile("")

/* The same at the end of an expression: after the call in f() what follows the
 * comma, or the call's result passed through. */
#define WEFT_IMPL_DONE ({ WEFT_IMPL_SITE(); (void)0; })
__attribute__((always_inline)) static inline void *weft_impl_keep(void *p)
{
    WEFT_IMPL_SITE();
    return p;
}

/* Static assertion that may stand inside an expression. */
#define WEFT_IMPL_ASSERT(cond, text)                                                               \
    ({                                                                                             \
        _Static_assert(cond, text);                                                                \
        (void)0;                                                                                   \
    })

/* Is this file compiled for a race detector?  Then what the macros do inline
 * otherwise is done by the library, which the detector does not look into. */
#if defined(__SANITIZE_THREAD__)
#define WEFT_IMPL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_IMPL_TSAN 1
#endif
#endif
#ifndef WEFT_IMPL_TSAN
#define WEFT_IMPL_TSAN 0
#endif

/* And for one that tells of accesses to freed memory? */
#if defined(__SANITIZE_ADDRESS__)
#define WEFT_IMPL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_IMPL_ASAN 1
#endif
#endif
#ifndef WEFT_IMPL_ASAN
#define WEFT_IMPL_ASAN 0
#endif

typedef void (*weft_impl_fn)(void);

#define WEFT_IMPL_IS_FLOAT(x)                                                                      \
    _Generic((x), float : 1, double : 1, long double : 1, default : 0)

/* x stays outside of the statement: a literal whose address is passed lives to
 * the end of the block that the macro stands in. */
#define WEFT_IMPL_WORD(x)                                                                          \
    ((void)({                                                                                      \
         _Static_assert(!WEFT_IMPL_IS_FLOAT(x),                                                    \
                        "weft: a floating-point argument cannot be passed; pass its address");     \
         _Static_assert(sizeof(0 ? (x) : (x)) <= sizeof(uintptr_t),                                \
                        "weft: an argument must be an integer or a pointer");                      \
         0;                                                                                        \
     }),                                                                                           \
     (uintptr_t)(x))

#define WEFT_IMPL_COUNT_(a, b, c, d, e, f, g, h, i, n, ...) n
#define WEFT_IMPL_COUNT(...)                                                                       \
    WEFT_IMPL_COUNT_(__VA_ARGS__, more_than_six_arguments, more_than_six_arguments, 6, 5, 4, 3, 2, \
                     1, 0, _)

/* Each of the families below takes the function and its arguments in one list. */
#define WEFT_IMPL_DISPATCH(family, ...)                                                            \
    WEFT_IMPL_CAT(family, WEFT_IMPL_COUNT(__VA_ARGS__))(__VA_ARGS__)

/* The call as written: gives its type, and never runs. */
#define WEFT_IMPL_CALL(...)               WEFT_IMPL_DISPATCH(WEFT_IMPL_CALL_, __VA_ARGS__)
#define WEFT_IMPL_CALL_0(f)                (f)()
#define WEFT_IMPL_CALL_1(f, a)             (f)(a)
#define WEFT_IMPL_CALL_2(f, a, b)          (f)(a, b)
#define WEFT_IMPL_CALL_3(f, a, b, c)       (f)(a, b, c)
#define WEFT_IMPL_CALL_4(f, a, b, c, d)    (f)(a, b, c, d)
#define WEFT_IMPL_CALL_5(f, a, b, c, d, e) (f)(a, b, c, d, e)
#define WEFT_IMPL_CALL_6(f, a, b, c, d, e, g) (f)(a, b, c, d, e, g)

#define WEFT_IMPL_FN(...)                                WEFT_IMPL_FN_(__VA_ARGS__, 0)
#define WEFT_IMPL_FN_(f, ...)                            ((weft_impl_fn)(f))
#define WEFT_IMPL_RESULT(...)                            __typeof__(WEFT_IMPL_CALL(__VA_ARGS__))

/* The arguments as words, in an array that lives to the end of the block. */
#define WEFT_IMPL_ARGS(...)               WEFT_IMPL_DISPATCH(WEFT_IMPL_ARGS_, __VA_ARGS__)
#define WEFT_IMPL_ARGS_0(f)                0, (const uintptr_t *)0
#define WEFT_IMPL_ARGS_1(f, a)             1, (const uintptr_t[]){WEFT_IMPL_WORD(a)}
#define WEFT_IMPL_ARGS_2(f, a, b)                                                                  \
    2, (const uintptr_t[]) { WEFT_IMPL_WORD(a), WEFT_IMPL_WORD(b) }
#define WEFT_IMPL_ARGS_3(f, a, b, c)                                                               \
    3, (const uintptr_t[]) { WEFT_IMPL_WORD(a), WEFT_IMPL_WORD(b), WEFT_IMPL_WORD(c) }
#define WEFT_IMPL_ARGS_4(f, a, b, c, d)                                                            \
    4, (const uintptr_t[])                                                                         \
    {                                                                                              \
        WEFT_IMPL_WORD(a), WEFT_IMPL_WORD(b), WEFT_IMPL_WORD(c), WEFT_IMPL_WORD(d)                 \
    }
#define WEFT_IMPL_ARGS_5(f, a, b, c, d, e)                                                         \
    5, (const uintptr_t[])                                                                         \
    {                                                                                              \
        WEFT_IMPL_WORD(a), WEFT_IMPL_WORD(b), WEFT_IMPL_WORD(c), WEFT_IMPL_WORD(d),                \
            WEFT_IMPL_WORD(e)                                                                      \
    }
#define WEFT_IMPL_ARGS_6(f, a, b, c, d, e, g)                                                      \
    6, (const uintptr_t[])                                                                         \
    {                                                                                              \
        WEFT_IMPL_WORD(a), WEFT_IMPL_WORD(b), WEFT_IMPL_WORD(c), WEFT_IMPL_WORD(d),                \
            WEFT_IMPL_WORD(e), WEFT_IMPL_WORD(g)                                                   \
    }

/* Arity and types as the compiler sees them in a call, and what cannot be
 * launched: results that come back through memory. */
#define WEFT_IMPL_CHECK(...)                                                                       \
    ((0 ? (void)WEFT_IMPL_CALL(__VA_ARGS__) : (void)0),                                            \
     WEFT_IMPL_ASSERT(sizeof(WEFT_IMPL_RESULT(__VA_ARGS__)) <= 2 * sizeof(uintptr_t) &&            \
                          !__builtin_types_compatible_p(WEFT_IMPL_RESULT(__VA_ARGS__),             \
                                                        long double),                              \
                      "weft: a function that returns a struct in memory cannot be launched"))

#define WEFT_IMPL_CHECK_INT(...)                                                                   \
    WEFT_IMPL_ASSERT(__builtin_types_compatible_p(WEFT_IMPL_RESULT(__VA_ARGS__), int),             \
                     "weft: this function must return int")

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_BASE_H */
