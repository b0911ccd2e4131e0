/* SPDX-License-Identifier: MIT */
/*
 * weft/chan.h - channels: typed FIFO queues between goroutines.
 *
 * Capacity 0 makes each send meet a receive; capacity n lets n values wait.
 *
 *     WEFT_CHAN(int_chan, int);                   // at file scope
 *     weft_auto(int_chan, c) = weft_make(int_chan, 0);
 *     weft_send(c, 42);                           // in one goroutine
 *     int v; bool ok = weft_recv(c, &v);          // in another
 *
 * WEFT_CHAN(name, T) declares three handle types: name (both directions),
 * name_tx (send only) and name_rx (receive only).  weft_tx(c) and weft_rx(c)
 * narrow; the compiler refuses a send on an rx handle and a close by a
 * receiver.  A handle is an opaque pointer, counted: weft_make() gives the
 * first reference, weft_ref() another, weft_unref() or the end of a
 * weft_auto() scope drops one.  Narrowed handles share their channel's count.
 * A goroutine takes over a reference it is given by weft_auto(T, mine) = arg;
 *
 * Values are copied.  Memory order is Go's: a send happens before its receive
 * returns; receive number k happens before send number k + capacity returns;
 * a close happens before a receive that returns because of it.
 *
 * Misuse that panics, with both places named: send on a closed channel, close
 * of a closed or NULL channel, a negative or overflowing capacity, use of a
 * handle after its channel's last reference is gone, and dropping the last
 * reference while goroutines wait on the channel.
 *
 * Waiting on several at once: weft/select.h.
 */
#ifndef WEFT_CHAN_H
#define WEFT_CHAN_H

#include "weft/base.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/** weft_chan - any channel, its element type forgotten; only for weft's own macros. */
typedef struct weft_chan weft_chan;

/** weft_unit - a value without content, for channels that only signal. */
#if defined(__cplusplus) && defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wextern-c-compat" /* its size is C's business: C++ makes none */
#endif
typedef struct weft_unit {
    char weft_impl_nothing[0];
} weft_unit;
#if defined(__cplusplus) && defined(__clang__)
#pragma clang diagnostic pop
#endif
#define WEFT_UNIT ((weft_unit){})

/* The handle types are never defined as objects: their members only carry
 * types and abilities to the macros. */
#define WEFT_CHAN(name, T)                                                                         \
    typedef struct name name;                                                                      \
    typedef struct name##_tx name##_tx;                                                            \
    typedef struct name##_rx name##_rx;                                                            \
    struct name {                                                                                  \
        __typeof__(T) *weft_elem;                                                                  \
        char weft_can_send, weft_can_recv;                                                         \
        name##_tx *weft_as_tx;                                                                     \
        name##_rx *weft_as_rx;                                                                     \
    };                                                                                             \
    struct name##_tx {                                                                             \
        __typeof__(T) *weft_elem;                                                                  \
        char weft_can_send;                                                                        \
        name##_tx *weft_as_tx;                                                                     \
    };                                                                                             \
    struct name##_rx {                                                                             \
        __typeof__(T) *weft_elem;                                                                  \
        char weft_can_recv;                                                                        \
        name##_rx *weft_as_rx;                                                                     \
    };                                                                                             \
    __attribute__((unused)) static inline void name##_cleanup(name **weft_impl_c)                  \
    {                                                                                              \
        weft_impl_drop(*weft_impl_c);                                                              \
    }                                                                                              \
    __attribute__((unused)) static inline void name##_tx_cleanup(name##_tx **weft_impl_c)          \
    {                                                                                              \
        weft_impl_drop(*weft_impl_c);                                                              \
    }                                                                                              \
    __attribute__((unused)) static inline void name##_rx_cleanup(name##_rx **weft_impl_c)          \
    {                                                                                              \
        weft_impl_drop(*weft_impl_c);                                                              \
    }                                                                                              \
    struct name

/**
 * weft_make - a new channel: int_chan *c = weft_make(int_chan, capacity).
 *
 * Call in: anywhere.  Returns the first reference.  Panics on a capacity that
 * is negative or too large for memory.
 */
#define weft_make(name, capacity)                                                                  \
    ({                                                                                             \
        weft_chan *weft_impl_c = weft_impl_chan_make(sizeof(*((name *)0)->weft_elem), (capacity)); \
        WEFT_IMPL_SITE();                                                                          \
        (name *)(void *)weft_impl_c;                                                               \
    })

/** weft_tx, weft_rx - the same channel, narrowed to sending or receiving; no new reference. */
#define weft_tx(c) ((__typeof__((c)->weft_as_tx))(void *)(c))
#define weft_rx(c) ((__typeof__((c)->weft_as_rx))(void *)(c))

/** weft_ref - one more reference; gives the handle back.  NULL stays NULL. */
#define weft_ref(c)                                                                                \
    ({                                                                                             \
        weft_chan *weft_impl_c = WEFT_IMPL_ANY(c);                                                 \
        weft_impl_ref(weft_impl_c);                                                                \
        WEFT_IMPL_SITE();                                                                          \
        (__typeof__(c))(void *)weft_impl_c;                                                        \
    })

/**
 * weft_unref - drop a reference; the last one ends the channel.
 *
 * NULL does nothing.  Panics when goroutines still wait on the channel, as
 * nobody could ever wake them.  Exists as a function for weft_defer().
 */
#define weft_unref(c)                                                                              \
    ({                                                                                             \
        (weft_unref)(WEFT_IMPL_ANY(c));                                                            \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void(weft_unref)(void *c);

/**
 * weft_send - give a value to the channel: weft_send(c, v).
 *
 * Blocks:   the goroutine, never its thread, until a receiver took the value
 *           (capacity 0) or there is room.
 * Call in:  a goroutine, or any thread (which then blocks).
 * Order:    happens before the receive that takes the value returns.
 * Misuse:   panics on a closed channel, also when it is closed while waiting.
 *           NULL waits for ever, as in Go; the deadlock report names the line.
 */
#define weft_send(c, ...)                                                                          \
    ({                                                                                             \
        weft_impl_send(WEFT_IMPL_TX(c), WEFT_IMPL_VALUE(c, __VA_ARGS__));                          \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })

/**
 * weft_recv - take the next value: bool ok = weft_recv(c, &v).
 *
 * Copies the value to v, whose type the compiler checks, or drops it if the
 * pointer is NULL.  Values come in the order they were sent, also after the
 * channel was closed; once a closed channel is empty v is zeroed and the
 * result is false.
 *
 * Blocks:   the goroutine, never its thread, until there is a value or a close.
 * Call in:  a goroutine, or any thread (which then blocks).
 * Order:    the send, or the close, happens before this returns; with capacity
 *           n, receive number k happens before send number k + n returns.
 */
#define weft_recv(c, out)                                                                          \
    ({                                                                                             \
        bool weft_impl_ok = weft_impl_recv(WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out));                \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })

/**
 * weft_send_ctx, weft_recv_ctx - the same, given up when the context ends.
 *
 * Returns:  0; the context's error (-ECANCELED, -ETIMEDOUT), and then nothing
 *           was sent or taken; receive: -EPIPE for closed and empty, with v
 *           zeroed.  An ended context wins over a ready channel.
 */
#define weft_send_ctx(ctx, c, ...)                                                                 \
    ({                                                                                             \
        int weft_impl_r =                                                                          \
            weft_impl_send_ctx(ctx, WEFT_IMPL_TX(c), WEFT_IMPL_VALUE(c, __VA_ARGS__));             \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
#define weft_recv_ctx(ctx, c, out)                                                                 \
    ({                                                                                             \
        int weft_impl_r = weft_impl_recv_ctx(ctx, WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out));         \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })

/**
 * weft_try_send, weft_try_recv, weft_try_recv_ok - without waiting.
 *
 * weft_try_send(c, v): true when sent.  weft_try_recv(c, &v): true when a
 * value came.  weft_try_recv_ok(c, &v, &open) also tells empty from closed:
 * open is false only when the channel is closed and drained, and then v is
 * zeroed; on an empty channel v is left alone.  NULL channels say no.
 */
#define weft_try_send(c, ...)                                                                      \
    ({                                                                                             \
        bool weft_impl_ok = weft_impl_try_send(WEFT_IMPL_TX(c), WEFT_IMPL_VALUE(c, __VA_ARGS__));  \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
#define weft_try_recv(c, out)                                                                      \
    ({                                                                                             \
        bool weft_impl_ok = weft_impl_try_recv(WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), (bool *)0); \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
#define weft_try_recv_ok(c, out, open)                                                             \
    ({                                                                                             \
        bool weft_impl_ok = weft_impl_try_recv(WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), (open));    \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })

/**
 * weft_close - no more values will be sent.
 *
 * Wakes every waiting receiver with false, and makes waiting senders panic.
 * Only a handle that can send may close.  Exists as a function too, so
 * weft_defer(weft_close, c) works.
 *
 * Blocks: no.  Order: happens before a receive that returns false.
 * Misuse: panics on a closed channel and on NULL.
 */
#define weft_close(c)                                                                              \
    ({                                                                                             \
        (weft_close)(WEFT_IMPL_TX(c));                                                             \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void(weft_close)(void *c);

/** weft_len, weft_cap - values waiting in the buffer, and its size; 0 for NULL. */
#define weft_len(c) weft_impl_len(WEFT_IMPL_ANY(c))
#define weft_cap(c) weft_impl_cap(WEFT_IMPL_ANY(c))

/**
 * weft_range - receive until the channel is closed and empty.
 *
 *     weft_range (v, c)
 *         use(v);
 *
 * Declares v; break and continue work as in any loop.
 */
#define weft_range(v, c) WEFT_IMPL_RANGE(v, c, WEFT_IMPL_UNIQUE(weft_impl_range_))
#define WEFT_IMPL_RANGE(v, c, name)                                                                \
    for (__typeof__(*(c)->weft_elem) v, *name = (void *)WEFT_IMPL_RX(c); ({                        \
             bool weft_impl_ok = weft_impl_recv((weft_chan *)(void *)name, &v);                    \
             WEFT_IMPL_SITE();                                                                     \
             weft_impl_ok;                                                                         \
         });)

/* ---- behind the macros --------------------------------------------------- */

/* A handle as weft_chan *, after the compiler saw that it is one and can do
 * what is asked; evaluated once. */
struct weft_impl_any {
    char *weft_elem;
};
#define WEFT_IMPL_ANY(c)                                                                           \
    ((void)sizeof(__builtin_choose_expr(__builtin_types_compatible_p(__typeof__(c), void *),       \
                                        (struct weft_impl_any *)0, (c))                            \
                      ->weft_elem),                                                                \
     (weft_chan *)(void *)(c))
#define WEFT_IMPL_TX(c) ((void)sizeof((c)->weft_can_send), (weft_chan *)(void *)(c))
#define WEFT_IMPL_RX(c) ((void)sizeof((c)->weft_can_recv), (weft_chan *)(void *)(c))

/* The address of a value of the channel's type; lives to the end of the block. */
#define WEFT_IMPL_VALUE(c, ...)                                                                    \
    ((void)sizeof(*(c)->weft_elem =                                                                \
                      (__VA_ARGS__)), /* an initializer alone would take 1 for {1, 0} */           \
     (__typeof__(*(c)->weft_elem)[1]){(__VA_ARGS__)})
/* A pointer for results: to the element type, or NULL. */
#define WEFT_IMPL_OUT(c, out) _Generic((out), __typeof__(*(c)->weft_elem) * : (out), void * : (out))

WEFT_API weft_chan *weft_impl_chan_make(size_t elem_size, int64_t capacity);
WEFT_API void weft_impl_ref(weft_chan *c);
WEFT_API void weft_impl_drop(void *c);
WEFT_API void weft_impl_send(weft_chan *c, const void *value);
WEFT_API bool weft_impl_recv(weft_chan *c, void *out);
WEFT_API int weft_impl_send_ctx(weft_ctx *ctx, weft_chan *c, const void *value);
WEFT_API int weft_impl_recv_ctx(weft_ctx *ctx, weft_chan *c, void *out);
WEFT_API bool weft_impl_try_send(weft_chan *c, const void *value);
WEFT_API bool weft_impl_try_recv(weft_chan *c, void *out, bool *open);
WEFT_API size_t weft_impl_len(weft_chan *c);
WEFT_API size_t weft_impl_cap(weft_chan *c);

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_CHAN_H */
