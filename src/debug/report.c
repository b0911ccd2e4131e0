/* SPDX-License-Identifier: MIT */
/*
 * Goroutines in the shape of Go's reports, which people and log tools read:
 *
 *     goroutine 7 "feeder" [chan send, 2 minutes]:
 *     worker pipeline.c:41
 *             channel made at pipeline.c:20, capacity 0
 *     created by weft_main pipeline.c:66 in goroutine 1
 *
 * A record may change while it is looked at, when others run.  So it is copied
 * first, its stack is read within bounds, and both count only if the record is
 * still the same afterwards.
 */
#include "debug/report.h"

#include <string.h>

#include "arch/switch.h"
#include "debug/lookup.h"
#include "debug/running.h"
#include "platform/platform.h"
#include "sched/sched.h"

enum { LOOKS = 4, NAME_MAX_SHOWN = 64, LINES_FIRST = 50, LINES_LAST = 10 };

weft__describe_fn *weft__describe[WAIT_REASONS];

void weft__describe_wait(struct text *t, const struct g *g)
{
    if (g->state == G_WAITING && g->wait_reason < WAIT_REASONS && weft__describe[g->wait_reason])
        weft__describe[g->wait_reason](t, g);
}

/* ---- pieces --------------------------------------------------------------------- */

/* The functions at one return address that are to be shown. */
static size_t put_functions(struct text *t, uintptr_t pc, bool whole, bool print)
{
    struct symbol raw;
    const struct symbol *s = &raw;
    size_t n = 1, shown = 0;
    if (t->raw)
        weft__symbol_raw(pc, &raw);
    else
        n = weft__symbols(pc, &s);
    for (size_t i = 0; i < n; i++) {
        if (s[i].runtime && !whole)
            continue;
        shown++;
        if (!print)
            continue;
        weft__put_symbol(t, &s[i]);
        weft__put(t, "\n", 1);
    }
    return shown;
}

void weft__put_site(struct text *t, uintptr_t pc)
{
    struct symbol s;
    if (t->raw)
        weft__symbol_raw(pc, &s);
    else
        weft__symbol(pc, &s);
    weft__put_symbol(t, &s);
}

/* Recursion makes stacks long, and inlining makes many lines of one frame: what
 * matters is at the two ends. */
static size_t put_frames(struct text *t, const struct trace *trace, bool whole)
{
    size_t n = trace->count, lines = 0, tail = n;
    while (tail > 0 && lines < LINES_LAST) {
        uintptr_t pc = weft__trace_at(trace, tail - 1);
        if (pc == 0)
            break;
        lines += put_functions(t, pc, whole, false);
        tail--;
    }
    size_t shown = 0, i = 0;
    for (; i < tail && shown < LINES_FIRST; i++) {
        uintptr_t pc = weft__trace_at(trace, i);
        if (pc == 0)
            break;
        shown += put_functions(t, pc, whole, true);
    }
    if (i < tail)
        weft__print(t, "... %zu frames elided ...\n", tail - i);
    for (i = tail; i < n; i++)
        shown += put_functions(t, weft__trace_at(trace, i), whole, true);
    return shown;
}

void weft__put_frames(struct text *t, const struct trace *trace)
{
    /* If only the runtime is on the stack, that is what there is to show. */
    if (put_frames(t, trace, trace->whole) == 0)
        put_frames(t, trace, true);
}

void weft__put_origin(struct text *t, const struct g *g)
{
    if (!g->create_pc || g->thread)
        return;
    weft__put(t, "created by ", 11);
    weft__put_site(t, g->create_pc);
    if (g->parent_id)
        weft__print(t, " in goroutine %llu", (unsigned long long)g->parent_id);
    weft__put(t, "\n", 1);
}

/* The name is the program's, and may be gone when the goroutine is. */
static void put_name(struct text *t, const struct g *g)
{
    char name[NAME_MAX_SHOWN + 1];
    size_t n = 0, page = weft__page_size;
    uintptr_t at = (uintptr_t)g->name;
    if (!at)
        return;
    while (n < NAME_MAX_SHOWN) {
        size_t part = page - (at + n) % page;
        if (part > NAME_MAX_SHOWN - n)
            part = NAME_MAX_SHOWN - n;
        size_t got = weft__copy(name + n, at + n, part);
        size_t length = strnlen(name + n, got);
        n += length;
        if (length < part)
            break;
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127)
            name[i] = '?';
    if (n > 0)
        weft__print(t, " \"%.*s\"", (int)n, name);
}

static void put_heading(struct text *t, const struct g *g, const char *note)
{
    if (g->thread)
        weft__print(t, "thread");
    else
        weft__print(t, "goroutine %llu", (unsigned long long)g->id);
    put_name(t, g);
    if (g->state == G_WAITING) {
        char since[DURATION_MAX];
        weft__duration(since, weft__now() - g->wait_since);
        weft__print(t, " [%s%s%s]:\n", weft__wait_word(g->wait_reason), *since ? ", " : "", since);
    } else {
        weft__print(t, " [%s%s%s]:\n", g->state == G_RUNNABLE ? "runnable" : "running",
                    note ? ", " : "", note ? note : "");
    }
}

/* ---- one ------------------------------------------------------------------------- */

static bool not_started(const struct g *g)
{
    return g->state == G_RUNNABLE && !g->sp && !g->thread;
}

static void put_start(struct text *t, const struct g *g, const char *what)
{
    weft__put_site(t, (uintptr_t)g->fn + 1);
    weft__print(t, " (%s)\n", what);
}

void weft__put_goroutine(struct text *t, const struct g *g, const struct trace *trace,
                         const char *note)
{
    put_heading(t, g, note);
    if (not_started(g))
        put_start(t, g, "not started");
    else if (trace->count > 0)
        weft__put_frames(t, trace);
    else if (!g->thread && g->fn && !(g->flags & G_FLAG_MAIN))
        put_start(t, g, "started here");
    weft__describe_wait(t, g);
    weft__put_origin(t, g);
}

void weft__put_parked(struct text *t, const struct g *g)
{
    struct trace trace;
    weft__trace_parked(&trace, g, false);
    weft__put_goroutine(t, g, &trace, NULL);
}

/* ---- all of them ------------------------------------------------------------------- */

static bool same(const struct g *a, const struct g *b)
{
    return a->id == b->id && load_relaxed(&a->state) == b->state && a->sp == b->sp &&
           a->wait_since == b->wait_since && a->wait_pc == b->wait_pc;
}

/* Nothing when it has ended meanwhile. */
static void put_changing(struct text *t, const struct g *g, const struct all *all)
{
    struct trace trace;
    struct g copy;
    char note[64] = "stack not available";
    for (unsigned look = 0; look < LOOKS; look++) {
        memcpy(&copy, g, sizeof copy);
        const char *call = NULL;
        weft__trace_begin(&trace, 0);
        if (copy.state == G_DEAD)
            return;
        if (copy.state != G_RUNNING) {
            if (!not_started(&copy))
                weft__trace_parked(&trace, &copy, !all->rest);
            if (!all->rest && !same(g, &copy))
                continue;
            note[0] = '\0';
            break;
        }
        enum running r = weft__running_trace(&trace, g, all->gentle, &call);
        if (r == RUNNING_MOVED)
            continue;
        if (r == RUNNING_TRACED)
            note[0] = '\0';
        else if (r == RUNNING_IN_CALL)
            snprintf(note, sizeof note, "in system call %s", call);
        break;
    }
    weft__put(t, "\n", 1);
    weft__put_goroutine(t, &copy, &trace, *note ? note : NULL);
}

static void put_groups(struct text *t, struct groups *rest)
{
    const struct group *group;
    size_t shown = 0, members = 0;
    if (!t->raw)
        weft__groups_join(rest);
    weft__print(t, "\n%zu more goroutine%s:\n", rest->members, rest->members == 1 ? "" : "s");
    for (; shown < GROUPS_SHOWN && (group = weft__groups_next(rest)); shown++) {
        members += group->count;
        weft__print(t, "%zu goroutine%s [%s]", group->count, group->count == 1 ? "" : "s",
                    group->state == G_WAITING    ? weft__wait_word(group->reason)
                    : group->state == G_RUNNABLE ? "runnable"
                                                 : "running");
        if (group->wait_pc) {
            weft__put(t, " at ", 4);
            weft__put_site(t, group->wait_pc);
        }
        if (group->create_pc) {
            weft__put(t, ", created by ", 13);
            weft__put_site(t, group->create_pc);
        }
        weft__put(t, "\n", 1);
    }
    if (members < rest->members)
        weft__print(t, "%zu goroutines in smaller groups\n", rest->members - members);
}

/* The oldest goroutines, by number, sorted. */
struct oldest {
    size_t count;
    uint64_t id[ALL_FULL];
    struct g *g[ALL_FULL];
};

static bool wanted(const struct g *g, const struct all *all)
{
    return load_relaxed(&g->state) != G_DEAD && g->id != 0 && g != all->self &&
           !(g->flags & G_FLAG_SYSTEM);
}

static void find_oldest(struct oldest *o, const struct all *all)
{
    size_t n = weft__g_count();
    o->count = 0;
    for (size_t i = 0; i < n; i++) {
        struct g *g = weft__g_at(i);
        uint64_t id = g->id;
        if (!wanted(g, all) || (o->count == ALL_FULL && id > o->id[ALL_FULL - 1]))
            continue;
        size_t at = o->count < ALL_FULL ? o->count++ : ALL_FULL - 1;
        for (; at > 0 && o->id[at - 1] > id; at--) {
            o->id[at] = o->id[at - 1];
            o->g[at] = o->g[at - 1];
        }
        o->id[at] = id;
        o->g[at] = g;
    }
}

/* The caller: a goroutine, a thread of the program's, or one of our own. */
static void put_self(struct text *t, const struct all *all)
{
    weft__put(t, "\n", 1);
    if (all->self && (all->self->thread || !(all->self->flags & G_FLAG_SYSTEM))) {
        struct g self = *all->self;
        self.state = G_RUNNING;
        weft__put_goroutine(t, &self, all->trace, NULL);
        return;
    }
    weft__print(t, "thread [running]:\n");
    weft__put_frames(t, all->trace);
}

void weft__put_all(struct text *t, const struct all *all)
{
    struct oldest oldest;
    struct groups rest;
    if (all->trace)
        put_self(t, all);
    find_oldest(&oldest, all);
    for (size_t i = 0; i < oldest.count; i++)
        put_changing(t, oldest.g[i], all);
    if (oldest.count < ALL_FULL)
        return;
    size_t n = weft__g_count();
    weft__groups_begin(&rest);
    for (size_t i = 0; i < n; i++) {
        struct g *g = weft__g_at(i);
        if (!wanted(g, all) || g->id <= oldest.id[ALL_FULL - 1])
            continue;
        if (all->in_full)
            put_changing(t, g, all);
        else
            weft__groups_add(&rest, g, load_relaxed(&g->state));
    }
    if (rest.members > 0)
        put_groups(t, &rest);
    weft__groups_end(&rest);
}

/* ---- a panic -------------------------------------------------------------------------- */

struct panic {
    struct text *t;
    const struct g *g;
    const uintptr_t *pcs;
    size_t n;
};

static void put_panic(void *arg)
{
    struct panic *p = arg;
    struct trace trace;
    weft__trace_begin(&trace, 0);
    for (size_t i = 0; i < p->n; i++)
        weft__trace_add(&trace, p->pcs[i]);
    if (!p->g) {
        weft__print(p->t, "thread [running]:\n");
        weft__put_frames(p->t, &trace);
        return;
    }
    struct g copy = *p->g;
    copy.state = G_RUNNING;
    weft__put_goroutine(p->t, &copy, &trace, NULL);
}

void weft__panic_report(struct text *t, const struct g *g, const char *const *messages,
                        size_t count, const uintptr_t *pcs, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        weft__print(t, "%spanic: ", i == 0 ? "" : "\t");
        weft__put(t, messages[i], strlen(messages[i]));
        weft__put(t, "\n", 1);
    }
    weft__put(t, "\n", 1);
    struct panic p = {t, g, pcs, n};
    weft__with_symbols(t, put_panic, &p);
}
