/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are code: a sorted table of the executable parts of all
 * loaded objects.
 *
 * Walkers ask it for every frame, also inside signal handlers, so it is read
 * without a lock: a table is never changed once it is published.  When
 * something was loaded or unloaded a new one takes its place.  Old ones stay,
 * since a handler may still read them; there are as many as the program calls
 * dlopen() and has a report written in between.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "debug/trace.h"

struct table {
    unsigned generation;
    unsigned long long loads, unloads;
    size_t count;
    struct code code[];
};

static struct table *current; /* [code.table] */
static struct lock refreshing;

static struct table *table_now(void) { return load_acquire(&current); /* acquire [code.table] */ }

/* A copy: the loader's string goes away with the object. */
static void name_code(struct code *c, const char *path)
{
    char self[1024];
    c->program = !path || !*path;
    if (c->program) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        self[n > 0 ? n : 0] = '\0';
        path = self;
    }
    const char *slash = strrchr(path, '/');
    snprintf(c->name, sizeof c->name, "%.39s", slash ? slash + 1 : *path ? path : "program");
}

struct collect {
    struct table *into; /* NULL: only count */
    size_t count, limit;
    unsigned long long loads, unloads;
};

static int collect(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct collect *c = arg;
    (void)size;
    c->loads = info->dlpi_adds;
    c->unloads = info->dlpi_subs;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        if (c->into && c->count < c->limit) {
            struct code *at = c->into->code + c->count, *end = at;
            uintptr_t lo = info->dlpi_addr + p->p_vaddr;
            while (at > c->into->code && at[-1].lo > lo)
                at--;
            memmove(at + 1, at, (size_t)((char *)end - (char *)at));
            *at = (struct code){.lo = lo, .hi = lo + p->p_memsz, .bias = info->dlpi_addr};
            name_code(at, info->dlpi_name);
        }
        c->count++;
    }
    return 0;
}

static int ask_loads(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    unsigned long long *loads = arg;
    loads[0] = info->dlpi_adds;
    loads[1] = info->dlpi_subs;
    return 1;
}

void weft__code_refresh(void)
{
    struct table *old = table_now();
    unsigned long long loads[2] = {0, 0};
    dl_iterate_phdr(ask_loads, loads);
    if (old && old->loads == loads[0] && old->unloads == loads[1])
        return;
    if (!weft__try_lock(&refreshing))
        return; /* somebody else is at it */
    struct collect c = {0};
    dl_iterate_phdr(collect, &c);
    c.limit = c.count + 8; /* others may load meanwhile */
    struct table *t = weft__alloc(sizeof *t + c.limit * sizeof t->code[0]);
    if (t) {
        c.into = t;
        c.count = 0;
        dl_iterate_phdr(collect, &c);
        t->generation = old ? old->generation + 1 : 1;
        t->loads = c.loads;
        t->unloads = c.unloads;
        t->count = c.count < c.limit ? c.count : c.limit;
        store_release(&current, t); /* release [code.table] */
    }
    weft__unlock(&refreshing);
}

const struct code *weft__code_at(uintptr_t pc)
{
    const struct table *t = table_now();
    if (!t)
        return NULL;
    size_t lo = 0, hi = t->count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (pc < t->code[mid].lo)
            hi = mid;
        else if (pc >= t->code[mid].hi)
            lo = mid + 1;
        else
            return &t->code[mid];
    }
    return NULL;
}

unsigned weft__code_generation(void)
{
    const struct table *t = table_now();
    return t ? t->generation : 0;
}
