/* SPDX-License-Identifier: MIT */
/*
 * weft/go.h - goroutines: functions that run at the same time.
 *
 * A goroutine costs a few hundred bytes until it first runs and one page while
 * it waits; a million of them are no problem.  WEFT_PROCS of them (default: as
 * many as the process may use cores) run at any moment, each on an OS thread
 * of the runtime; the others wait in queues.  A goroutine that blocks its
 * thread in a system call, or computes for long, does not stop the others:
 * after some milliseconds its processor goes to another thread.
 *
 * A goroutine may resume on another OS thread after any call that waits.  What
 * belongs to a thread must not be held across such a call: pthread mutexes,
 * addresses of _Thread_local objects, stdio's flockfile().  weft_pin() is the
 * way out.
 */
#ifndef WEFT_GO_H
#define WEFT_GO_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

/** weft_go_opts - what weft_go_with() may be told; zero fields mean the default. */
typedef struct weft_go_opts {
    const char *name;   /* shown in reports; must stay valid while the goroutine lives */
    size_t stack_size;  /* bytes of stack; default 256 KiB, of which touched pages cost memory */
} weft_go_opts;

/**
 * weft_main - a program's first goroutine; define it instead of main().
 *
 * Its result is the exit status.  When it returns the program ends, as in Go:
 * other goroutines are not waited for, but those that wait for something that
 * can no longer happen are reported (WEFT_LEAKS=off|report|fail; under fail
 * the exit status becomes 3).  Its stack is as large as a thread's (8 MiB).
 */
int weft_main(int argc, char **argv);

/**
 * weft_run - run a function as the first goroutine, from a main() of your own.
 *
 *     int status = weft_run(serve, port);     // int serve(int port);
 *
 * Blocks:   the calling thread, until the function returned and every thread
 *           of the runtime has ended.  Goroutines that still wait are reported
 *           and dropped; one that is inside a blocking call is waited for.
 * Call in:  a thread that is not a goroutine, one call at a time; it may be
 *           repeated.
 * Returns:  the function's result; a negative errno value if the runtime
 *           cannot start.  Exit status rules of weft_main() do not apply, but
 *           WEFT_LEAKS=fail turns a result of 0 into 3.
 */
#define weft_run(...)                                                                              \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        WEFT_IMPL_CHECK_INT(__VA_ARGS__);                                                          \
        int weft_impl_r = weft_impl_run(WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));   \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })

/**
 * weft_go - start a goroutine: weft_go(f, a, b) runs f(a, b).
 *
 * The arguments, up to six integers or pointers, are evaluated now; the
 * compiler checks arity and types as in a call.  The new goroutine is queued
 * and the caller runs on.  The result of f is dropped.
 *
 * An argument with commas outside of parentheses, as a literal in braces has
 * them, needs parentheses of its own, here and wherever f and its arguments are
 * given: weft_go(f, (&(point){1, 2})).
 *
 * Blocks:   no.
 * Call in:  a goroutine, or any thread while the runtime runs.
 * Order:    what the caller did before happens before f starts.
 * Misuse:   floating-point arguments, and functions that return a struct in
 *           memory, do not compile.  Panics when memory runs out.
 */
#define weft_go(...) WEFT_IMPL_GO((const weft_go_opts *)0, __VA_ARGS__)

/**
 * weft_go_with - weft_go() with a name or a stack size.
 *
 *     weft_go_with(&(weft_go_opts){.name = "sort", .stack_size = 1 << 20}, sort, a, n);
 *
 * Misuse:   as weft_go().
 */
#define weft_go_with(...)                                                                          \
    WEFT_IMPL_CAT(WEFT_IMPL_GO_WITH_, WEFT_IMPL_TWO_OR_MORE(__VA_ARGS__))(__VA_ARGS__)

/**
 * weft_yield - let others run; the caller goes to the back of the queue.
 *
 * Call in:  anywhere; on a thread that is no goroutine it is sched_yield().
 */
WEFT_API void weft_yield(void);

/**
 * weft_goexit - end this goroutine now; its deferred calls run, innermost first.
 *
 * weft_try() does not stop it.  For a goroutine of weft_wg_go() it counts as
 * done, for one of a group as result 0.  In the first goroutine it lets the
 * others go on; the program then ends by exit(), a panic, or the deadlock
 * report.
 *
 * Call in:  a goroutine; elsewhere it panics.
 */
WEFT_API void weft_goexit(void) __attribute__((noreturn));

/** weft_num_goroutine - how many goroutines exist: running, ready or waiting. */
WEFT_API int weft_num_goroutine(void);

/**
 * weft_procs - set how many goroutines may run at once; returns the former value.
 *
 * n < 1 changes nothing.  At most 256.  The start value is the environment's
 * WEFT_PROCS, else the number of cores this process may use.
 */
WEFT_API int weft_procs(int n);

/**
 * weft_pin - keep this goroutine on its current OS thread until weft_unpin().
 *
 * No other goroutine runs on that thread meanwhile.  For foreign code that
 * keeps state per thread.  Calls nest.  Call in: a goroutine; elsewhere it
 * does nothing.
 */
WEFT_API void weft_pin(void);
WEFT_API void weft_unpin(void);

/** weft_goroutine_id - this goroutine's number, as reports print it; 0 on other threads. */
WEFT_API uint64_t weft_goroutine_id(void);

#define WEFT_IMPL_GO(opts, ...)                                                                    \
    (WEFT_IMPL_CHECK(__VA_ARGS__),                                                                 \
     weft_impl_go(opts, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__)), WEFT_IMPL_DONE)

/*
 * To the preprocessor the comma between two fields of a literal separates
 * arguments, so the options may come as one argument or as two.  The compiler
 * can tell: o and x together are the options (split), or they are the options
 * and the function.  Both readings are written out; in the one that does not
 * hold the function is replaced by one that takes anything, and it never runs.
 */
#define WEFT_IMPL_TWO_OR_MORE(...)  WEFT_IMPL_TWO_(__VA_ARGS__, N, N, N, N, N, N, N, 2, 1, _)
#define WEFT_IMPL_TWO_(a, b, c, d, e, f, g, h, i, n, ...) n
#define WEFT_IMPL_GO_WITH_2(o, f)   WEFT_IMPL_GO(o, f)
#define WEFT_IMPL_GO_WITH_N(o, x, ...)                                                             \
    ({                                                                                             \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wunused-value\"")        \
        __typeof__((o, x)) *weft_impl_t = 0;                                                       \
        enum {                                                                                     \
            weft_impl_split =                                                                      \
                __builtin_types_compatible_p(__typeof__(*weft_impl_t), weft_go_opts *)             \
        };                                                                                         \
        WEFT_IMPL_CHECK(__builtin_choose_expr(weft_impl_split, weft_impl_anything, *weft_impl_t),  \
                        __VA_ARGS__);                                                              \
        WEFT_IMPL_CHECK_SPLIT(__VA_ARGS__);                                                        \
        struct weft_impl_options weft_impl_w = weft_impl_with(o, x);                               \
        if (weft_impl_split)                                                                       \
            weft_impl_go(weft_impl_w.opts, WEFT_IMPL_SPLIT_FN(__VA_ARGS__, 0),                     \
                         WEFT_IMPL_ARGS(__VA_ARGS__));                                             \
        else                                                                                       \
            weft_impl_go(weft_impl_w.opts, weft_impl_w.fn, WEFT_IMPL_ARGS(0, __VA_ARGS__));        \
        WEFT_IMPL_SITE();                                                                          \
        _Pragma("GCC diagnostic pop") (void)0;                                                     \
    })
#define WEFT_IMPL_CHECK_SPLIT(f, ...)                                                              \
    WEFT_IMPL_CHECK(__builtin_choose_expr(weft_impl_split, f, weft_impl_anything), ##__VA_ARGS__)
#define WEFT_IMPL_SPLIT_FN(f, ...)                                                                 \
    ((weft_impl_fn)__builtin_choose_expr(weft_impl_split, f, weft_impl_anything))

struct weft_impl_options {
    const weft_go_opts *opts;
    weft_impl_fn fn;
};
/* The options and, when it follows them, the function. */
WEFT_API struct weft_impl_options weft_impl_with(const weft_go_opts *opts, ...);
#ifndef __cplusplus
_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wstrict-prototypes\"")
WEFT_API void weft_impl_anything(); /* never defined, never called */
_Pragma("GCC diagnostic pop")
#endif

WEFT_API void weft_impl_go(const weft_go_opts *opts, weft_impl_fn fn, unsigned n,
                           const uintptr_t *args);
WEFT_API int weft_impl_run(weft_impl_fn fn, unsigned n, const uintptr_t *args);

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_GO_H */
