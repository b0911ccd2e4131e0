/* SPDX-License-Identifier: MIT */
/*
 * facts.c - what the first layer learnt about declarations, for the second one.
 *
 * Small tables, searched by a hash of the name.  For a whole program they are written to a file
 * by each file's process and read by the one that sees all bitcode.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vet.h"

enum kind { KIND_ROLE, KIND_FIELD, KIND_LOCK, KIND_CTX };

struct fact {
    enum kind kind;
    key name;
    struct fact *next; /* same bucket */
    union {
        struct role_fact role;
        struct field_fact field;
        struct lock_fact lock;
        int ctx;
    } u;
};

enum { BUCKETS = 4096 };
static struct fact *bucket[BUCKETS];

static struct fact **bucket_of(key name)
{
    uintptr_t h = (uintptr_t)name;
    return &bucket[(h >> 4 ^ h >> 16) % BUCKETS];
}

/* In the order in which they were added. */
static void add(struct fact f)
{
    struct fact **at = bucket_of(f.name);
    while (*at)
        at = &(*at)->next;
    *at = zeroed(1, sizeof f);
    **at = f;
}

static struct fact *next(struct fact *f, enum kind kind, key name)
{
    while (f && (f->kind != kind || f->name != name))
        f = f->next;
    return f;
}

static struct fact *first(enum kind kind, key name)
{
    return name ? next(*bucket_of(name), kind, name) : NULL;
}

void fact_role(key function, enum role role, int arg)
{
    if (!role_of(function, role, NULL))
        add((struct fact){.kind = KIND_ROLE, .name = function, .u.role = {role, arg}});
}

bool role_of(key function, enum role want, int *arg)
{
    for (struct fact *f = first(KIND_ROLE, function); f; f = next(f->next, KIND_ROLE, function))
        if (f->u.role.role == want) {
            if (arg)
                *arg = f->u.role.arg;
            return true;
        }
    return false;
}

struct role_fact role_first(key function)
{
    struct fact *f = first(KIND_ROLE, function);
    return f ? f->u.role : (struct role_fact){ROLE_NONE, -1};
}

void fact_field(key record, long offset, key name, key guard, long guard_offset)
{
    for (struct fact *f = first(KIND_FIELD, record); f; f = next(f->next, KIND_FIELD, record))
        if (f->u.field.offset == offset && f->u.field.name == name)
            return;
    add((struct fact){.kind = KIND_FIELD,
                      .name = record,
                      .u.field = {record, offset, name, guard, guard_offset}});
}

/* Of several fields at one place, as in a union, the first. */
const struct field_fact *field_at(key record, long offset)
{
    for (struct fact *f = first(KIND_FIELD, record); f; f = next(f->next, KIND_FIELD, record))
        if (f->u.field.offset == offset)
            return &f->u.field;
    return NULL;
}

void fact_lock(key function, char kind, key lock, key record, long offset)
{
    for (const struct lock_fact *l = NULL; (l = lock_fact_next(function, l));)
        if (l->kind == kind && l->lock == lock)
            return;
    add((struct fact){
        .kind = KIND_LOCK, .name = function, .u.lock = {function, kind, lock, record, offset}});
}

const struct lock_fact *lock_fact_next(key function, const struct lock_fact *after)
{
    struct fact *f = first(KIND_LOCK, function);
    if (after) {
        while (f && &f->u.lock != after)
            f = next(f->next, KIND_LOCK, function);
        f = f ? next(f->next, KIND_LOCK, function) : NULL;
    }
    return f ? &f->u.lock : NULL;
}

void fact_ctx_param(key function, int number)
{
    if (ctx_param(function) < 0)
        add((struct fact){.kind = KIND_CTX, .name = function, .u.ctx = number});
}

int ctx_param(key function)
{
    struct fact *f = first(KIND_CTX, function);
    return f ? f->u.ctx : -1;
}

static const char *or_dash(key k) { return k ? k : "-"; }
static key from_dash(const char *s) { return strcmp(s, "-") == 0 ? NULL : key_of(s); }

void facts_write(FILE *out)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct fact *f = bucket[i]; f; f = f->next) {
            if (f->kind == KIND_ROLE)
                fprintf(out, "R %s %d %d\n", f->name, (int)f->u.role.role, f->u.role.arg);
            if (f->kind == KIND_FIELD)
                fprintf(out, "F %s %ld %s %s %ld\n", f->name, f->u.field.offset, f->u.field.name,
                        or_dash(f->u.field.guard), f->u.field.guard_offset);
            if (f->kind == KIND_LOCK)
                fprintf(out, "L %s %c %s %s %ld\n", f->name, f->u.lock.kind, f->u.lock.lock,
                        or_dash(f->u.lock.record), f->u.lock.offset);
            if (f->kind == KIND_CTX)
                fprintf(out, "C %s %d\n", f->name, f->u.ctx);
        }
}

bool facts_read(FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) >= 0) {
        char name[512], a[512], b[512], kind;
        long x, y;
        int m, n;
        if (sscanf(line, "R %511s %d %d", name, &m, &n) == 3)
            fact_role(key_of(name), (enum role)m, n);
        else if (sscanf(line, "F %511s %ld %511s %511s %ld", name, &x, a, b, &y) == 5)
            fact_field(key_of(name), x, key_of(a), from_dash(b), y);
        else if (sscanf(line, "L %511s %c %511s %511s %ld", name, &kind, a, b, &x) == 5)
            fact_lock(key_of(name), kind, key_of(a), from_dash(b), x);
        else if (sscanf(line, "C %511s %d", name, &m) == 2)
            fact_ctx_param(key_of(name), m);
        else
            return false;
    }
    free(line);
    return true;
}
