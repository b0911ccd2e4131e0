/* SPDX-License-Identifier: MIT */
/*
 * weft/flight.h - one call for all who ask for the same thing at the same time.
 *
 *     static weft_flight downloads;
 *
 *     static int download(weft_flight_result *r, weft_ctx *ctx, const char *url)
 *     {
 *         page *p = NULL;
 *         int err = page_get(ctx, url, &p);
 *         if (err)
 *             return err;
 *         weft_flight_set(r, p, page_free);
 *         return 0;
 *     }
 *
 *     int show(weft_ctx *ctx, const char *url)
 *     {
 *         weft_auto(weft_flight_result, r) = NULL;
 *         int err = weft_flight_do(ctx, &downloads, url, &r, download, ctx, url);
 *         if (err)
 *             return err;
 *         return page_print(weft_flight_value(r));
 *     }
 *
 * While one goroutine runs download() for a URL, others that ask for the same
 * URL wait for its result instead of running it themselves.  All get the same
 * value; the last of them to drop its result frees it.  Once the call is over
 * nothing is remembered: the next to ask runs it again.
 *
 * The others depend on the first one's context if it is passed to f.  When that
 * is not wanted, pass one made by weft_ctx_without_cancel().
 */
#ifndef WEFT_FLIGHT_H
#define WEFT_FLIGHT_H

#include "weft/base.h"
#include "weft/context.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/**
 * weft_flight - a space of keys; a plain struct, all-zero bytes are ready.
 *
 * It must not be copied after its first use (the copy panics), and must stay
 * while a call is under way.
 */
typedef struct WEFT_VET_IS("nocopy") weft_flight {
    uintptr_t weft_pc;     /* where a call was last begun */
    uint32_t weft_self;    /* low half of its own address since the first use */
    uint32_t weft_spare;
} weft_flight;

#define WEFT_FLIGHT_INIT {0}

/** weft_flight_result - what a call came to; counted, each caller holds a reference. */
typedef struct weft_flight_result weft_flight_result;

/**
 * weft_flight_do - f(result, args...), or the result of the one who runs it already.
 *
 * weft_flight_do(ctx, flight, key, &result, f, args...).  Calls are the same
 * when the text of the key is.  f returns int, takes a weft_flight_result *
 * first, to which it gives the value by weft_flight_set(), and up to five
 * arguments more.  It runs in the goroutine of the first caller, whose key must
 * stay as it is meanwhile.
 *
 * &result may be NULL when only the error matters.
 *
 * Blocks:   the goroutine, never its thread, while another runs f, and no
 *           longer than until the context ends.
 * Order:    the end of f happens before any of the calls returns.
 * Returns:  what f returned; 0: result is set, and the caller drops it by
 *           weft_auto() or weft_flight_result_unref().  The context's error
 *           when it ended while waiting, or before the call; -ECANCELED when
 *           the goroutine that ran f called weft_goexit() in it.  Then result
 *           is NULL.
 * Misuse:   when f panics, all calls panic; f that asks for its own key is a
 *           deadlock, reported as such at once; a NULL key or context panics.
 */
#define weft_flight_do(ctx, flight, key, result, ...)                                              \
    ({                                                                                             \
        WEFT_IMPL_CHECK(WEFT_IMPL_WITH_RESULT(__VA_ARGS__));                                       \
        WEFT_IMPL_CHECK_INT(WEFT_IMPL_WITH_RESULT(__VA_ARGS__));                                   \
        int weft_impl_r = weft_impl_flight_do((ctx), (flight), (key), (result),                    \
                                              WEFT_IMPL_FN(__VA_ARGS__),                           \
                                              WEFT_IMPL_ARGS(WEFT_IMPL_WITH_RESULT(__VA_ARGS__))); \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
/* The function's arguments with the result in front, which the library fills in. */
#define WEFT_IMPL_WITH_RESULT(...)        WEFT_IMPL_WITH_RESULT_(__VA_ARGS__)
#define WEFT_IMPL_WITH_RESULT_(f, ...)    f, (weft_flight_result *)0, ##__VA_ARGS__
WEFT_API int weft_impl_flight_do(weft_ctx *ctx, weft_flight *flight, const char *key,
                                 weft_flight_result **result, weft_impl_fn fn, unsigned n,
                                 const uintptr_t *args);

/**
 * weft_flight_forget - who asks for this key from now on does not wait for the
 * call under way, but runs f anew.  Those that wait already go on waiting.
 */
WEFT_API void weft_flight_forget(weft_flight *flight, const char *key);

/**
 * weft_flight_set - in f: give the result its value, and what releases it.
 *
 * release(value) is called when the last caller has dropped the result, or
 * when f returns an error after all.  NULL: the value needs no release.
 * Misuse:   a second call for the same result panics.
 */
#define weft_flight_set(result, value, release)                                                    \
    ((void)sizeof(__builtin_choose_expr(                                                           \
                      __builtin_types_compatible_p(__typeof__(release), void *),                   \
                      (void (*)(const void *))0, (release))(value),                                \
                  0),                                                                              \
     weft_impl_flight_set((result), (value), (void (*)(void *))(release)))
WEFT_API void weft_impl_flight_set(weft_flight_result *r, void *value, void (*release)(void *));

/** weft_flight_value - the value; it lives as long as the caller's reference. */
WEFT_API void *weft_flight_value(const weft_flight_result *r);

/** weft_flight_shared - did others get the same result? */
WEFT_API bool weft_flight_shared(const weft_flight_result *r);

/** weft_flight_result_ref, _unref - one reference more or less; NULL does nothing. */
WEFT_API weft_flight_result *weft_flight_result_ref(weft_flight_result *r);
WEFT_API void weft_flight_result_unref(weft_flight_result *r);

static inline void weft_flight_result_cleanup(weft_flight_result **r)
{
    weft_flight_result_unref(*r);
}

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_FLIGHT_H */
