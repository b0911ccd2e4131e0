/* SPDX-License-Identifier: MIT */
/*
 * What a test printed: its beginning and its end, so that a test that prints
 * without bounds costs neither memory nor the reader's patience.
 */
#include <stdlib.h>
#include <string.h>

#include "testing/testing.h"

bool weft__capture_init(struct capture *c)
{
    *c = (struct capture){.head = malloc(CAPTURE_PART), .tail = malloc(CAPTURE_PART)};
    return c->head && c->tail;
}

void weft__capture_clear(struct capture *c)
{
    c->head_used = 0;
    c->tail_total = 0;
}

void weft__capture_add(struct capture *c, const char *bytes, size_t n)
{
    size_t room = CAPTURE_PART - c->head_used;
    size_t first = n < room ? n : room;
    memcpy(c->head + c->head_used, bytes, first);
    c->head_used += first;
    for (size_t i = first; i < n; i++)
        c->tail[c->tail_total++ % CAPTURE_PART] = bytes[i];
}

struct indenter {
    FILE *out;
    int indent;
    bool inside; /* a line has begun */
};

static void put(struct indenter *in, char byte)
{
    if (!in->inside && byte != '\n')
        fprintf(in->out, "%*s", in->indent, "");
    in->inside = byte != '\n';
    putc(byte, in->out);
}

void weft__capture_show(const struct capture *c, FILE *out, int indent)
{
    struct indenter in = {.out = out, .indent = indent};
    for (size_t i = 0; i < c->head_used; i++)
        put(&in, c->head[i]);
    uint64_t total = c->tail_total, from = 0;
    if (total > CAPTURE_PART) {
        from = total - CAPTURE_PART;
        if (in.inside)
            put(&in, '\n');
        fprintf(out, "%*s... %llu bytes of output are not shown ...\n", indent, "",
                (unsigned long long)from);
    }
    for (uint64_t i = from; i < total; i++)
        put(&in, c->tail[i % CAPTURE_PART]);
    if (in.inside)
        put(&in, '\n');
}
