/* SPDX-License-Identifier: MIT */
/*
 * weft/panic.h - scope ends, panics, and how to contain them.
 *
 * weft_defer(), weft_auto() and the scoped locks of weft/sync.h put a record on
 * the goroutine's own list; the end of the block takes it off and runs it.  A
 * panic runs the records of every frame it leaves, so that no lock stays held
 * and no handle stays referenced, whatever flags the files in between were
 * compiled with.  C++ destructors and foreign cleanup attributes in between
 * are not run.
 *
 *     static void handle(request *r)
 *     {
 *         weft_defer(request_free, r);
 *         if (!r->body)
 *             weft_panic("request %d has no body", r->id);
 *     }
 *
 *     weft_auto(weft_panic_info, p) = weft_try(handle, r);
 *     if (p)
 *         log_line(weft_panic_message(p));
 */
#ifndef WEFT_PANIC_H
#define WEFT_PANIC_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

typedef struct weft_panic_info weft_panic_info;

/**
 * weft_panic - stop this goroutine's normal course.
 *
 * Runs the deferred calls and scope ends up to the innermost weft_try(), which
 * then returns the panic.  Without one the program prints "panic: MESSAGE",
 * the goroutine with its stack and where it was created, and exits with 2.
 *
 * Call in:  anywhere; on a thread that is no goroutine, weft_try() works too.
 */
#define weft_panic(...) weft_impl_panic(__VA_ARGS__)

/**
 * weft_try - run f(args...) and return its panic, or NULL.
 *
 *     weft_auto(weft_panic_info, p) = weft_try(f, a, b);
 *
 * May stand anywhere, nested and in deferred calls too.  weft_goexit() passes
 * through it.  The result of f is dropped.  An argument with commas in braces
 * needs parentheses, as in weft_go().  The panic returned is the
 * caller's; weft_auto() or weft_panic_info_free() releases it.
 */
#define weft_try(...)                                                                              \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        weft_panic_info *weft_impl_p =                                                             \
            weft_impl_try(WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));                 \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_p;                                                                               \
    })

/** weft_panic_message - the text; it lives as long as the panic. */
WEFT_API const char *weft_panic_message(const weft_panic_info *p);

/** weft_panic_print - write the report that an uncontained panic would have printed. */
WEFT_API void weft_panic_print(const weft_panic_info *p, FILE *out);

/** weft_panic_info_free - release a panic; NULL is allowed. */
WEFT_API void weft_panic_info_free(weft_panic_info *p);

/** weft_panic_again - raise a contained panic once more; takes it over. */
WEFT_API void weft_panic_again(weft_panic_info *p) __attribute__((noreturn));

static inline void weft_panic_info_cleanup(weft_panic_info **p) { weft_panic_info_free(*p); }

/* A record of what to do at the end of a block.  head is the list's first
 * element's place; frame tells records apart that a longjmp jumped over. */
struct weft_impl_scope {
    struct weft_impl_scope *prev;
    struct weft_impl_scope **head;
    void *frame;
    void (*run)(struct weft_impl_scope *); /* how to run it when a panic passes */
    weft_impl_fn fn;
    uintptr_t arg[6];
    unsigned n;
};

/* The same with one argument: what weft_auto and the scoped locks need. */
struct weft_impl_scope1 {
    struct weft_impl_scope *prev;
    struct weft_impl_scope **head;
    void *frame;
    void (*run)(struct weft_impl_scope *);
    weft_impl_fn fn;
    uintptr_t arg[1];
};

WEFT_API void weft_impl_scope_push(struct weft_impl_scope *s, void *frame);
WEFT_API void weft_impl_run_n(struct weft_impl_scope *s);
WEFT_API void weft_impl_run_1(struct weft_impl_scope *s);
WEFT_API weft_panic_info *weft_impl_try(weft_impl_fn fn, unsigned n, const uintptr_t *args);
WEFT_API void weft_impl_panic(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2), cold));

WEFT_API void weft_impl_scope_pop(struct weft_impl_scope **head, struct weft_impl_scope *prev);

static inline void weft_impl_scope_off(struct weft_impl_scope **head, struct weft_impl_scope *prev)
{
#if WEFT_IMPL_TSAN
    weft_impl_scope_pop(head, prev);
#else
    *head = prev;
#endif
}

static inline void weft_impl_scope_end(struct weft_impl_scope *s)
{
    weft_impl_scope_off(s->head, s->prev);
    s->run(s);
}

static inline void weft_impl_scope1_end(struct weft_impl_scope1 *s)
{
    weft_impl_scope_off(s->head, s->prev);
    ((void (*)(void *))s->fn)((void *)s->arg[0]);
}

static inline struct weft_impl_scope *weft_impl_defer(struct weft_impl_scope *s, void *frame,
                                                      weft_impl_fn fn, unsigned n,
                                                      const uintptr_t *args)
{
    s->run = weft_impl_run_n;
    s->fn = fn;
    s->n = n;
    for (unsigned i = 0; i < n; i++)
        s->arg[i] = args[i];
    weft_impl_scope_push(s, frame);
    return s;
}

static inline struct weft_impl_scope1 *
weft_impl_scope1_begin(struct weft_impl_scope1 *s, void *frame, weft_impl_fn fn, void *arg)
{
    s->run = weft_impl_run_1;
    s->fn = fn;
    s->arg[0] = (uintptr_t)arg;
    weft_impl_scope_push((struct weft_impl_scope *)s, frame);
    return s;
}

/**
 * weft_defer - call f(args...) at the end of this block, last first.
 *
 * The arguments, up to six integers or pointers, are evaluated now; one with
 * commas in braces needs parentheses, as in weft_go().  It is a declaration:
 * after an unbraced if it does not compile.
 */
#define weft_defer(...) WEFT_IMPL_DEFER(WEFT_IMPL_UNIQUE(weft_impl_defer_), __VA_ARGS__)
#define WEFT_IMPL_DEFER(name, ...)                                                                 \
    struct weft_impl_scope name __attribute__((cleanup(weft_impl_scope_end), unused)),             \
        *WEFT_IMPL_CAT(name, _p) __attribute__((unused)) =                                         \
            (WEFT_IMPL_CHECK(__VA_ARGS__),                                                         \
             weft_impl_defer(&name, __builtin_frame_address(0), WEFT_IMPL_FN(__VA_ARGS__),         \
                             WEFT_IMPL_ARGS(__VA_ARGS__)))

/**
 * weft_auto - a variable that owns what it points to: weft_auto(T, x) = expr;
 *
 * Declares T *x and calls T_cleanup(&x) at the end of the block, also when a
 * panic passes.  Works for every type with a T_cleanup(T **) that accepts a
 * pointer to NULL; WEFT_CHAN() types, weft_ctx, weft_group, weft_timer,
 * weft_ticker and weft_panic_info have one.  To give the thing away, copy x and
 * set it to NULL.
 */
#define weft_auto(T, x)                                                                            \
    T *x = (T *)0;                                                                                 \
    struct weft_impl_scope1 WEFT_IMPL_CAT(weft_impl_auto_, x)                                      \
        __attribute__((cleanup(weft_impl_scope1_end), unused)),                                    \
        *WEFT_IMPL_CAT(weft_impl_autop_, x) __attribute__((unused)) = weft_impl_scope1_begin(      \
            &WEFT_IMPL_CAT(weft_impl_auto_, x), __builtin_frame_address(0),                        \
            (weft_impl_fn)(T##_cleanup), (0 ? (T##_cleanup)(&x) : (void)0, &x));                   \
    x

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_PANIC_H */
