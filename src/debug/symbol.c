/* SPDX-License-Identifier: MIT */
/*
 * From an address to function, file and line.
 *
 * libdw knows (dwarf.c).  Without it, or with WEFT_SYMBOLS=off, there are the
 * names of the symbol tables (elf.c), and the offset in the module is printed,
 * as `addr2line -e MODULE OFFSET` wants it.
 *
 * Most stacks of a program share their frames, so answers are kept: a dump of
 * 100,000 goroutines looks up some dozens of addresses.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "arch/switch.h"
#include "base/alloc.h"
#include "base/lock.h"
#include "debug/debug.h"
#include "debug/ignore.h"
#include "debug/lookup.h"
#include "debug/trace.h"
#include "platform/platform.h"

#define STACK_SIZE  ((size_t)1 << 20)
/* How long a report waits for another one. */
#define PATIENCE_NS ((int64_t)5 * 1000 * 1000 * 1000)

/* Answers: slots by hash of the address, each a run of symbols. */
struct answer {
    uintptr_t pc; /* 0: free */
    uint32_t first, count;
};

/* lock guards: everything below */
static struct {
    struct lock lock;
    char *stack;
    bool dwarf;
    unsigned generation; /* of the loaded code that the answers are about */
    struct answer *slots;
    size_t slot_count, used; /* slot_count is a power of two */
    struct symbol *symbols;
    size_t symbol_room, symbol_used;
} names;

static __thread bool inside;

/* Never inlined: a goroutine may be on another thread at the next call. */
noinline bool weft__in_symbols(void) { return inside; }

static noinline void set_inside(bool on) { inside = on; }

/* ---- the answers that were given ------------------------------------------------- */

static size_t slot_of(uintptr_t pc, size_t count)
{
    return (size_t)((pc * 0x9E3779B97F4A7C15ull) >> 20) & (count - 1);
}

static struct answer *find(uintptr_t pc)
{
    size_t i = slot_of(pc, names.slot_count);
    while (names.slots[i].pc && names.slots[i].pc != pc)
        i = (i + 1) & (names.slot_count - 1);
    return &names.slots[i];
}

static bool grow_slots(void)
{
    size_t before = names.slot_count, count = before ? before * 2 : 512;
    struct answer *old = names.slots, *slots = weft__alloc_zero(count * sizeof *slots);
    if (!slots)
        return false;
    names.slots = slots;
    names.slot_count = count;
    for (size_t i = 0; i < before; i++)
        if (old[i].pc)
            *find(old[i].pc) = old[i];
    weft__free(old, before * sizeof *old);
    return true;
}

static bool grow_symbols(void)
{
    size_t before = names.symbol_room, count = before ? before * 2 : 512;
    struct symbol *symbols = weft__alloc(count * sizeof *symbols);
    if (!symbols)
        return false;
    if (before)
        memcpy(symbols, names.symbols, names.symbol_used * sizeof *symbols);
    weft__free(names.symbols, before * sizeof *symbols);
    names.symbols = symbols;
    names.symbol_room = count;
    return true;
}

static void forget(void)
{
    if (names.slots)
        memset(names.slots, 0, names.slot_count * sizeof *names.slots);
    names.used = names.symbol_used = 0;
}

/* ---- looking up --------------------------------------------------------------------- */

void weft__symbol_raw(uintptr_t pc, struct symbol *out)
{
    const struct code *c = weft__code_at(pc - 1);
    *out = (struct symbol){0};
    out->module_offset = pc - 1;
    if (!c)
        return;
    out->module = c->name;
    out->module_offset -= c->bias;
}

int weft__plain_length(const char *name)
{
    const char *dot = strchr(name + (*name == '.'), '.');
    return (int)(dot ? (size_t)(dot - name) : strlen(name));
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Our own names; "weft_main" and a user's "weft_something" are not.  dwarf.c
 * also knows by the source file, and all of a libweft.so is ours. */
static bool is_ours(const struct symbol *s, uintptr_t pc)
{
    const struct code *self = weft__code_at((uintptr_t)is_ours), *c = weft__code_at(pc - 1);
    if (self && c && !self->program && c->bias == self->bias)
        return true;
    if (!s->function)
        return false;
    /* These two stand below every goroutine, and are static. */
    if (!s->file && (strcmp(s->function, "g_start") == 0 || strcmp(s->function, "run_main") == 0))
        return true;
    return starts_with(s->function, "weft__") || starts_with(s->function, "weft_impl_");
}

static size_t look_up(uintptr_t pc, struct symbol out[INLINE_MAX])
{
    size_t n = names.dwarf ? weft__dw_lookup(pc - 1, out) : 0;
    if (n == 0) {
        weft__symbol_raw(pc, &out[0]);
        weft__elf_symbol(pc - 1, &out[0]);
        n = 1;
    }
    struct symbol module;
    weft__symbol_raw(pc, &module);
    for (size_t i = 0; i < n; i++) {
        out[i].module = module.module;
        out[i].module_offset = module.module_offset;
        if (is_ours(&out[i], pc))
            out[i].runtime = true;
    }
    return n;
}

size_t weft__symbols(uintptr_t pc, const struct symbol **out)
{
    static struct symbol last[INLINE_MAX];
    if (names.used * 2 >= names.slot_count && !grow_slots()) {
        *out = last;
        return look_up(pc, last);
    }
    struct answer *a = find(pc);
    if (!a->pc) {
        if (names.symbol_used + INLINE_MAX > names.symbol_room && !grow_symbols()) {
            *out = last;
            return look_up(pc, last);
        }
        a->first = (uint32_t)names.symbol_used;
        a->count = (uint32_t)look_up(pc, names.symbols + names.symbol_used);
        a->pc = pc;
        names.symbol_used += a->count;
        names.used++;
    }
    *out = names.symbols + a->first;
    return a->count;
}

/* ---- getting in ------------------------------------------------------------------------ */

static bool enter(void)
{
    int64_t until = 0;
    while (!weft__try_lock(&names.lock)) {
        int64_t now = weft__now();
        if (until == 0)
            until = now + PATIENCE_NS;
        if (now >= until)
            return false;
        weft__thread_sleep(100 * 1000);
    }
    return true;
}

static void prepare(void *unused)
{
    (void)unused;
    unsigned generation = weft__code_generation();
    if (generation == names.generation)
        return;
    forget();
    const char *wish = getenv("WEFT_SYMBOLS");
    names.dwarf = !(wish && strcmp(wish, "off") == 0) && weft__dw_open();
    weft__code_refresh(); /* libdw itself was loaded */
    names.generation = weft__code_generation();
}

void weft__with_symbols(struct text *t, void (*fn)(void *), void *arg)
{
    if (weft__in_symbols() || (t && t->raw)) {
        fn(arg);
        return;
    }
    ignore_begin();
    if (!enter()) {
        if (t)
            t->raw = true;
        fn(arg);
        ignore_end();
        return;
    }
    weft__code_refresh();
    if (!names.stack)
        names.stack = weft__mem_map(STACK_SIZE, "weft report stack");
    set_inside(true);
    if (names.stack) {
        void *top = names.stack + STACK_SIZE;
        weft__call_on(top, prepare, NULL);
        weft__call_on(top, fn, arg);
    } else {
        prepare(NULL);
        fn(arg);
    }
    set_inside(false);
    weft__unlock(&names.lock);
    ignore_end();
}

void weft__put_symbol(struct text *t, const struct symbol *s)
{
    if (s->file && s->line > 0) {
        weft__print(t, "%.*s %s:%d", s->function ? s->function_length : 2,
                    s->function ? s->function : "??", s->file, s->line);
        return;
    }
    if (!s->module) {
        weft__print(t, "?? (no code at 0x%llx)", (unsigned long long)s->module_offset);
        return;
    }
    if (s->function)
        weft__print(t, "%.*s+0x%llx ", s->function_length, s->function,
                    (unsigned long long)s->offset);
    else
        weft__put(t, "?? ", 3);
    weft__print(t, "(%s+0x%llx)", s->module, (unsigned long long)s->module_offset);
}

/* ---- for the rest of the runtime -------------------------------------------------------- */

struct question {
    uintptr_t pc;
    struct symbol *out;
    struct text *text; /* or a text to print the answer to */
};

/* The innermost function that is the user's; if there is none, the innermost. */
static void innermost(uintptr_t pc, struct symbol *out)
{
    const struct symbol *s;
    size_t n = weft__symbols(pc, &s), i = 0;
    while (i < n - 1 && s[i].runtime)
        i++;
    *out = s[s[i].runtime ? 0 : i];
}

static void answer(void *arg)
{
    struct question *q = arg;
    if (q->text && q->text->raw)
        weft__symbol_raw(q->pc, q->out);
    else
        innermost(q->pc, q->out);
    if (q->text)
        weft__put_symbol(q->text, q->out);
}

void weft__symbol(uintptr_t pc, struct symbol *out)
{
    struct text t;
    struct question q = {pc, out, NULL};
    weft__symbol_raw(pc, out);
    weft__text_buffer(&t, NULL, 0);
    weft__with_symbols(&t, answer, &q);
}

const char *weft__site(char *out, size_t size, uintptr_t pc)
{
    struct text t;
    struct symbol s;
    struct question q = {pc, &s, &t};
    weft__text_buffer(&t, out, size);
    weft__with_symbols(&t, answer, &q);
    weft__flush(&t);
    return out;
}
