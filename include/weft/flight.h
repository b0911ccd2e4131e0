/* SPDX-License-Identifier: MIT */
/*
 * weft/flight.h - the same question, asked by many at once, answered once.
 *
 *     static int load(const char *path, void **value);     // the answer, or an error
 *
 *     static weft_flight loads;
 *     void *page;
 *     int err = weft_flight_do(&loads, path, &page, load, path);
 *
 * While a call for a key runs, further callers with an equal key wait for it and
 * get its answer.  When it has returned the key is forgotten: the next caller
 * asks anew.
 */
#ifndef WEFT_FLIGHT_H
#define WEFT_FLIGHT_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

/** weft_flight - which calls are under way.  A plain struct: all-zero is ready; do not copy. */
typedef struct weft_flight {
    void *weft_calls;
    uint32_t weft_lock;
    uint32_t weft_self;
} weft_flight;

/**
 * weft_flight_do - call f(args..., value), or wait for the call with this key.
 *
 * f returns int, 0 or an error, and leaves its answer in *value, which is NULL
 * before.  The key is a string, compared by content and copied.  Up to five
 * arguments.  The answer goes to all callers: it must be something they may
 * share, such as a constant, a reference-counted object, or memory that nobody
 * frees while others use it.
 *
 * Blocks:   the goroutine, never its thread, while the call runs.
 * Order:    what f did happens before every caller that gets its answer returns.
 * Returns:  f's result; -ECANCELED to those who waited for a call that ended by
 *           weft_goexit().  A panic of f is raised in all of them.
 * Misuse:   a call for the same key from within f waits for itself: a deadlock.
 */
#define weft_flight_do(fl, key, value, ...)                                                        \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__, (void **)0);                                                  \
        WEFT_IMPL_CHECK_INT(__VA_ARGS__, (void **)0);                                              \
        int weft_impl_r = weft_impl_flight_do(fl, key, value, WEFT_IMPL_FN(__VA_ARGS__),           \
                                              WEFT_IMPL_ARGS(__VA_ARGS__));                        \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int weft_impl_flight_do(weft_flight *fl, const char *key, void **value, weft_impl_fn fn,
                                 unsigned n, const uintptr_t *args);

/**
 * weft_flight_forget - the next caller with this key asks anew, also while a
 * call for it runs.
 */
WEFT_API void weft_flight_forget(weft_flight *fl, const char *key);

WEFT_END_DECLS

#endif /* WEFT_FLIGHT_H */
