/* SPDX-License-Identifier: MIT */
/*
 * Panics, scope records and weft_try().
 *
 * Every goroutine has a list of scope records, innermost first, and a list of
 * weft_try() calls; each of those remembers how long the first list was.  A
 * panic runs the records that are newer than the innermost try, each after
 * taking it off the list, and then resumes that try's saved context; the
 * frames in between are simply given up.  Their stack still stands while the
 * records run, so a report can show where the panic began.
 *
 * A panic inside a record that runs because of a panic goes on with the rest of
 * the list and replaces the first one, unless a try inside the record contains
 * it: that is decided by which try each of them aims at.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/switch.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "weft/go.h"
#include "weft/panic.h"

enum { PANIC_DEPTH = 100 };

struct weft_panic_info {
    struct weft_panic_info *outer;    /* on g->panic: raised earlier, still running down */
    struct weft_panic_info *replaced; /* what this one took the place of */
    struct try_frame *target;
    size_t size; /* of this block */
    size_t depth;
    uintptr_t pcs[PANIC_DEPTH];
    char message[];
};

/* ---- scope records -------------------------------------------------------------- */

void weft_impl_scope_push(struct weft_impl_scope *s, void *frame)
{
    struct g *g = weft__current();
    /* A longjmp of the user's may have jumped over frames with records: those
     * lie below the frame that pushes now. */
    while (unlikely(g->scopes && g->scopes->frame < frame))
        g->scopes = g->scopes->prev;
    s->frame = frame;
    s->prev = g->scopes;
    s->head = &g->scopes;
    g->scopes = s;
}

void weft_impl_scope_pop(struct weft_impl_scope **head, struct weft_impl_scope *prev)
{
    *head = prev;
}

static void call(weft_impl_fn fn, const uintptr_t *a, unsigned n)
{
    switch (n) {
    case 0:
        fn();
        break;
    case 1:
        ((void (*)(uintptr_t))fn)(a[0]);
        break;
    case 2:
        ((void (*)(uintptr_t, uintptr_t))fn)(a[0], a[1]);
        break;
    case 3:
        ((void (*)(uintptr_t, uintptr_t, uintptr_t))fn)(a[0], a[1], a[2]);
        break;
    case 4:
        ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t))fn)(a[0], a[1], a[2], a[3]);
        break;
    case 5:
        ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))fn)(a[0], a[1], a[2],
                                                                              a[3], a[4]);
        break;
    default:
        ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))fn)(
            a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

void weft_impl_run_n(struct weft_impl_scope *s) { call(s->fn, s->arg, s->n); }

void weft_impl_run_1(struct weft_impl_scope *s) { call(s->fn, s->arg, 1); }

static void run_scopes(struct g *g, struct weft_impl_scope *until)
{
    while (g->scopes != until) {
        struct weft_impl_scope *s = g->scopes;
        g->scopes = s->prev;
        s->run(s);
    }
}

/* ---- raising ------------------------------------------------------------------------ */

static void report(void *arg)
{
    struct weft_panic_info *p = arg;
    const char *messages[16];
    size_t n = 0;
    for (struct weft_panic_info *q = p; q && n < array_len(messages); q = q->replaced)
        messages[n++] = q->message;
    for (size_t i = 0; i < n / 2; i++) {
        const char *swap = messages[i];
        messages[i] = messages[n - 1 - i];
        messages[n - 1 - i] = swap;
    }
    weft__dying();
    struct text t;
    weft__text_fd(&t, 2);
    weft__panic_report(&t, weft__current(), messages, n, p->pcs, p->depth);
    weft__flush(&t);
    weft__die(2);
}

static void raise_panic(struct weft_panic_info *p) __attribute__((noreturn));
static void raise_panic(struct weft_panic_info *p)
{
    struct g *g = weft__current();
    struct try_frame *t = g->tries;
    p->target = t;
    p->replaced = NULL;
    if (g->panic && g->panic->target == t) {
        p->replaced = g->panic;
        g->panic = p->replaced->outer;
    }
    p->outer = g->panic;
    g->panic = p;
    run_scopes(g, t ? t->scopes : NULL);
    if (t) {
        /* Frames between here and there never end: their poison goes now. */
        char *here = __builtin_frame_address(0);
        weft__san_clear(here, (size_t)((char *)t->saved - here));
        weft__resume_saved(t->saved);
    }
    /* The report needs more room than a goroutine near its end may have; an M's
     * own context, where timers fire, has it already. */
    if (g->m && !weft__asan && g->m->current == g && g != &g->m->g0)
        weft__call_on((void *)((uintptr_t)g->m->g0.sp & ~(uintptr_t)15), report, p);
    report(p);
    __builtin_unreachable();
}

void weft_impl_panic(const char *fmt, ...)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    va_list args;
    char small[512];
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    size_t size = sizeof(struct weft_panic_info) + (size_t)(n < 0 ? 0 : n) + 1;
    struct weft_panic_info *p = weft__alloc(size);
    if (!p)
        weft__fatal("out of memory while raising a panic: %s", small);
    p->size = size;
    if (n < (int)sizeof small) {
        bytes_copy(p->message, n < 0 ? "" : small, size - sizeof *p);
    } else {
        va_start(args, fmt);
        vsnprintf(p->message, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    p->depth = weft__walk_here(pc, p->pcs, PANIC_DEPTH);
    raise_panic(p);
}

void weft_panic_again(weft_panic_info *p)
{
    if (!p)
        weft_panic("weft_panic_again: no panic given");
    raise_panic(p);
}

void weft_goexit(void)
{
    struct g *g = weft__current();
    if (g->thread)
        weft_panic("weft_goexit: this thread is no goroutine");
    /* From here on a panic that no record contains itself is the program's end. */
    g->flags |= G_FLAG_GOEXIT;
    g->tries = NULL;
    while (g->panic) {
        struct weft_panic_info *p = g->panic;
        g->panic = p->outer;
        weft_panic_info_free(p);
    }
    run_scopes(g, NULL);
    weft__exit();
}

/* ---- containing ----------------------------------------------------------------------- */

struct contained {
    weft_impl_fn fn;
    const uintptr_t *args;
    unsigned n;
};

static void call_contained(void *arg)
{
    struct contained *c = arg;
    call(c->fn, c->args, c->n);
}

/* @last: nothing of the program's runs in this goroutine below or after it. */
static inline weft_panic_info *contain(weft_impl_fn fn, unsigned n, const uintptr_t *args,
                                       bool last)
{
    struct g *g = weft__current();
    struct contained c = {fn, args, n};
    struct try_frame t = {.outer = g->tries, .scopes = g->scopes};
    if (!last)
        t.fiber = weft__san_try_enter(g);
    g->tries = &t;
    bool panicked = weft__call_saved(&t.saved, call_contained, &c);
    g->tries = t.outer;
    if (!last)
        weft__san_try_leave(g, t.fiber, &t);
    else if (panicked)
        g->flags |= G_FLAG_CUT;
    if (likely(!panicked)) {
        g->scopes = t.scopes; /* records left behind by a longjmp out of nowhere */
        return NULL;
    }
    struct weft_panic_info *p = g->panic;
    g->panic = p->outer;
    p->outer = NULL;
    return p;
}

weft_panic_info *weft_impl_try(weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    return contain(fn, n, args, false);
}

weft_panic_info *weft__try_last(weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    return contain(fn, n, args, true);
}

const char *weft_panic_message(const weft_panic_info *p) { return p ? p->message : ""; }

void weft_panic_print(const weft_panic_info *p, FILE *out)
{
    if (!p)
        return;
    const char *message = p->message;
    struct text t;
    weft__text_file(&t, out);
    weft__panic_report(&t, weft__current(), &message, 1, p->pcs, p->depth);
    weft__flush(&t);
}

void weft_panic_info_free(weft_panic_info *p)
{
    while (p) {
        struct weft_panic_info *next = p->replaced;
        weft__free(p, p->size);
        p = next;
    }
}
