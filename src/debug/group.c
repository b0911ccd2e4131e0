/* SPDX-License-Identifier: MIT */
/*
 * A million goroutines as a few groups: by where they wait, where they were
 * made, and why they wait.
 *
 * One pass over the records groups by return address, which costs no lookup.
 * Then groups of the same source lines are joined: a compiler that unrolls a
 * loop makes several calls of one line.  The tables are weft's own memory and
 * grow by doubling.
 */
#include <string.h>

#include "base/alloc.h"
#include "debug/lookup.h"
#include "debug/report.h"

enum { FIRST_ROOM = 64 };

void weft__groups_begin(struct groups *all) { *all = (struct groups){0}; }

void weft__groups_end(struct groups *all)
{
    weft__free(all->slot, all->room * sizeof *all->slot);
    *all = (struct groups){0};
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x9E3779B97F4A7C15ull ^ (hash >> 29);
}

static bool same_key(const struct group *a, const struct group *b)
{
    return a->wait_key == b->wait_key && a->create_key == b->create_key && a->reason == b->reason &&
           a->state == b->state;
}

static struct group *find(struct group *slot, size_t room, const struct group *key)
{
    uint64_t hash = mix(mix(key->wait_key, key->create_key), key->reason * 4u + key->state);
    size_t i = (size_t)(hash >> 32) & (room - 1);
    while (slot[i].count > 0 && !same_key(&slot[i], key))
        i = (i + 1) & (room - 1);
    return &slot[i];
}

static bool grow(struct groups *all)
{
    size_t room = all->room ? all->room * 2 : FIRST_ROOM;
    struct group *slot = weft__alloc_zero(room * sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < all->room; i++)
        if (all->slot[i].count > 0)
            *find(slot, room, &all->slot[i]) = all->slot[i];
    weft__free(all->slot, all->room * sizeof *slot);
    all->slot = slot;
    all->room = room;
    return true;
}

static void add(struct groups *all, const struct group *new)
{
    all->members += new->count;
    if (all->used * 2 >= all->room && !grow(all))
        return; /* no memory: counted as a member of no group */
    struct group *at = find(all->slot, all->room, new);
    if (at->count == 0) {
        *at = *new;
        all->used++;
        return;
    }
    size_t count = at->count + new->count;
    if (new->since < at->since || (new->since == at->since &&new->oldest->id < at->oldest->id))
        *at = *new;
    at->count = count;
}

void weft__groups_add(struct groups *all, const struct g *g, uint32_t state)
{
    bool waits = state == G_WAITING;
    struct group one = {.wait_pc = waits ? g->wait_pc : 0,
                        .create_pc = g->create_pc,
                        .oldest = g,
                        .since = waits ? g->wait_since : 0,
                        .count = 1,
                        .state = state,
                        .reason = waits ? g->wait_reason : 0};
    one.wait_key = one.wait_pc;
    one.create_key = one.create_pc;
    add(all, &one);
}

static uint64_t line_key(uintptr_t pc)
{
    struct symbol s;
    if (pc == 0)
        return 0;
    weft__symbol(pc, &s);
    if (!s.file || !s.function)
        return pc;
    uint64_t hash = (uint64_t)s.line + 1;
    for (const char *c = s.file; *c; c++)
        hash = mix(hash, (unsigned char)*c);
    for (int i = 0; i < s.function_length; i++)
        hash = mix(hash, (unsigned char)s.function[i]);
    return hash;
}

void weft__groups_join(struct groups *all)
{
    struct groups joined;
    weft__groups_begin(&joined);
    for (size_t i = 0; i < all->room; i++) {
        struct group *at = &all->slot[i];
        if (at->count == 0)
            continue;
        at->wait_key = line_key(at->wait_pc);
        at->create_key = line_key(at->create_pc);
        add(&joined, at);
    }
    joined.members = all->members;
    weft__groups_end(all);
    *all = joined;
}

const struct group *weft__groups_next(struct groups *all)
{
    struct group *most = NULL;
    for (size_t i = 0; i < all->room; i++) {
        struct group *at = &all->slot[i];
        if (at->count > 0 && !at->taken &&
            (!most || at->count > most->count ||
             (at->count == most->count && at->oldest->id < most->oldest->id)))
            most = at;
    }
    if (most)
        most->taken = true;
    return most;
}
