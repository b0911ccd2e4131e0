/* SPDX-License-Identifier: MIT */
/*
 * orders.c - in which order locks are taken: of each kind of lock, which are taken while it is held.
 *
 * Two goroutines that take the same two in both orders may wait for each other.  Kinds are fields
 * of structs and globals; two locks of the same kind have no order that could be seen.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

struct order {
    key first, second;
    struct inst *at, *held_at; /* the second is taken, the first was taken */
    struct fn *in;
    key gate[HELD_MAX]; /* what else is held: who holds that keeps the others out */
    unsigned gates;
};

static struct order *orders;
static size_t order_count, order_room;

void saw_order(struct fn *f, struct inst *i, const struct state *s, const struct held *first,
               const struct taken *second)
{
    if (!first->record || !second->record)
        return;
    key a = record_key(first->record, first->offset),
        b = record_key(second->record, second->offset);
    /* Within one object the fields are told apart; of two objects of a kind nothing is known. */
    if (a == b)
        return;
    for (size_t k = 0; k < order_count; k++)
        if (orders[k].first == a && orders[k].second == b && orders[k].gates == 0)
            return;
    orders = make_room(orders, order_count, &order_room, sizeof *orders);
    struct order *o = &orders[order_count++];
    *o = (struct order){.first = a, .second = b, .at = i, .held_at = first->at, .in = f};
    for (unsigned k = 0; k < s->held_count; k++)
        if (&s->held[k] != first && s->held[k].record && s->held[k].mode != MODE_READ &&
            s->held[k].mode != MODE_ONCE)
            o->gate[o->gates++] = record_key(s->held[k].record, s->held[k].offset);
}

static bool share_gate(const struct order *a, const struct order *b)
{
    for (unsigned k = 0; k < a->gates; k++)
        for (unsigned n = 0; n < b->gates; n++)
            if (a->gate[k] == b->gate[n])
                return true;
    return false;
}

static const char *shown(key lock)
{
    const char *plus = strrchr(lock, '+');
    key record = key_text("%.*s", (int)(plus - lock), lock);
    if (record[0] == '@')
        return record + 1;
    const struct field_fact *field = field_at(record, strtol(plus + 1, NULL, 10));
    return field ? text("%s.%s", record, field->name) : lock;
}

void check_orders(void)
{
    for (size_t k = 0; k < order_count; k++)
        for (size_t n = 0; n < k; n++) {
            struct order *a = &orders[n], *b = &orders[k];
            if (a->first != b->second || a->second != b->first || share_gate(a, b))
                continue;
            struct place before = place_of(a->at);
            found(CHECK_lockorder, place_of(b->at),
                  "%s is locked here while %s is held, and in %s() (line %u) the other way round: "
                  "two "
                  "goroutines may wait for each other; keep to one order",
                  shown(b->second), shown(b->first), a->in->name, before.line);
        }
}
