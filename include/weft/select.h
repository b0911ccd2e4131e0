/* SPDX-License-Identifier: MIT */
/*
 * weft/select.h - wait for the first of several channel operations.
 *
 *     switch (weft_select(weft_on_recv(jobs, &job),
 *                         weft_on_send(results, r),
 *                         weft_on_done(ctx),
 *                         weft_on_timeout(5 * WEFT_SECOND))) {
 *     case 0: run(job); break;
 *     case 1: sent++; break;
 *     case 2: return weft_ctx_err(ctx);
 *     case 3: puts("quiet"); break;
 *     }
 *
 * The result is the index of the case that happened.  Among those that are
 * ready one is chosen at random, each with the same probability.  The cases
 * live on the stack and nothing is allocated.
 */
#ifndef WEFT_SELECT_H
#define WEFT_SELECT_H

#include "weft/base.h"
#include "weft/chan.h"
#include "weft/context.h"

WEFT_BEGIN_DECLS

enum weft_impl_case_kind {
    WEFT_IMPL_CASE_SEND = 1,
    WEFT_IMPL_CASE_RECV,
    WEFT_IMPL_CASE_DONE,
    WEFT_IMPL_CASE_TIMEOUT,
    WEFT_IMPL_CASE_DEFAULT,
};

/** weft_case - one case; made by the weft_on_ macros, for weft_select_n() in arrays. */
typedef struct weft_case {
    int kind;
    weft_chan *chan;
    void *value;
    union {
        bool *ok;
        weft_ctx *ctx;
        weft_duration timeout;
    } u;
} weft_case;

/**
 * weft_select - wait for one of the cases: weft_select(case, case, ...).
 *
 * Blocks:   the goroutine, never its thread; not at all with weft_on_default().
 * Call in:  a goroutine, or any thread (which then blocks).
 * Order:    as the operation of the case that happened.
 * Returns:  the index of that case, from 0.
 * Misuse:   without cases, or with only NULL channels, it waits for ever.
 *           A send case on a closed channel panics when it is chosen.
 */
#define weft_select(...)                                                                           \
    ({                                                                                             \
        int weft_impl_i = weft_impl_select((const weft_case[]){__VA_ARGS__},                       \
                                           sizeof((const weft_case[]){__VA_ARGS__}) /              \
                                               sizeof(weft_case));                                 \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_i;                                                                               \
    })

/**
 * weft_select_n - the same over an array of n cases.
 *
 * The cases only point to values and results.  weft_on_send(c, v) keeps its
 * value in the enclosing block, so in a loop that fills the array use
 * weft_on_send_from(), whose value is a variable of yours.
 */
#define weft_select_n(cases, n)                                                                    \
    ({                                                                                             \
        int weft_impl_i = weft_impl_select((cases), (n));                                          \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_i;                                                                               \
    })

/** weft_on_recv - the next value of c is taken into out (or dropped if NULL); false is not told. */
#define weft_on_recv(c, out)                                                                       \
    ((weft_case){WEFT_IMPL_CASE_RECV, WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), {.ok = (bool *)0}})

/** weft_on_recv_ok - the same; *ok tells a sent value (true) from closed and empty (false). */
#define weft_on_recv_ok(c, out, is_ok)                                                             \
    ((weft_case){WEFT_IMPL_CASE_RECV, WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), {.ok = (is_ok)}})

/** weft_on_send - the value is sent on c. */
#define weft_on_send(c, ...)                                                                       \
    ((weft_case){WEFT_IMPL_CASE_SEND,                                                              \
                 WEFT_IMPL_TX(c),                                                                  \
                 WEFT_IMPL_VALUE(c, __VA_ARGS__),                                                  \
                 {.ok = (bool *)0}})

/** weft_on_send_from - the value that *from has when the case happens is sent on c. */
#define weft_on_send_from(c, from)                                                                 \
    ((weft_case){WEFT_IMPL_CASE_SEND,                                                              \
                 WEFT_IMPL_TX(c),                                                                  \
                 _Generic((from), __typeof__(*(c)->weft_elem) * : (from)),                         \
                 {.ok = (bool *)0}})

/** weft_on_done - the context ended. */
#define weft_on_done(context)                                                                      \
    ((weft_case){WEFT_IMPL_CASE_DONE, (weft_chan *)0, (void *)0, {.ctx = (context)}})

/** weft_on_timeout - nothing else became ready within d; taken only when nothing else is ready. */
#define weft_on_timeout(d)                                                                         \
    ((weft_case){WEFT_IMPL_CASE_TIMEOUT, (weft_chan *)0, (void *)0, {.timeout = (d)}})

/** weft_on_default - nothing else is ready now; makes the select not wait. */
#define weft_on_default()                                                                          \
    ((weft_case){WEFT_IMPL_CASE_DEFAULT, (weft_chan *)0, (void *)0, {.ok = (bool *)0}})

WEFT_API int weft_impl_select(const weft_case *cases, size_t n);

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_SELECT_H */
