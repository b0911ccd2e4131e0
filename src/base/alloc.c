/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/bytes.h"

#include <string.h>

#include "base/lock.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"

enum { MIN_SHIFT = 6, MAX_SHIFT = 16, CLASSES = MAX_SHIFT - MIN_SHIFT + 1 };
#define CHUNK_SIZE ((size_t)1 << 20)

struct free_block {
    struct free_block *next;
};

/* lock guards: free list, bump pointers */
static struct size_class {
    struct lock lock;
    struct free_block *free;
    char *bump, *end;
} __attribute__((aligned(CACHE_LINE))) classes[CLASSES];

static unsigned class_of(size_t size)
{
    if (size <= (size_t)1 << MIN_SHIFT)
        return 0;
    return 64 - MIN_SHIFT - (unsigned)__builtin_clzl(size - 1);
}

static size_t mapped_size(size_t size)
{
    return (size + weft__page_size - 1) & ~(weft__page_size - 1);
}

void *weft__alloc(size_t size)
{
    if (size > (size_t)1 << MAX_SHIFT) {
        if (size > PTRDIFF_MAX / 2)
            return NULL;
        void *at = weft__mem_map(mapped_size(size), "weft objects");
        if (at)
            weft__san_root(at, mapped_size(size));
        return at;
    }
    unsigned i = class_of(size);
    size_t block = (size_t)1 << (i + MIN_SHIFT);
    struct size_class *c = &classes[i];
    weft__lock(&c->lock);
    struct free_block *b = c->free;
    if (b) {
        c->free = b->next;
    } else {
        if (c->bump == c->end) {
            c->bump = weft__mem_map(CHUNK_SIZE, "weft objects");
            c->end = c->bump ? c->bump + CHUNK_SIZE : NULL;
            if (c->bump)
                weft__san_root(c->bump, CHUNK_SIZE);
        }
        if (c->bump) {
            b = (struct free_block *)c->bump;
            c->bump += block;
        }
    }
    weft__unlock(&c->lock);
    return b;
}

void *weft__alloc_zero(size_t size)
{
    void *at = weft__alloc(size);
    if (at)
        bytes_zero(at, size);
    return at;
}

void weft__free(void *at, size_t size)
{
    if (!at)
        return;
    if (size > (size_t)1 << MAX_SHIFT) {
        weft__san_unroot(at, mapped_size(size));
        weft__mem_unmap(at, mapped_size(size));
        return;
    }
    struct size_class *c = &classes[class_of(size)];
    struct free_block *b = at;
    weft__lock(&c->lock);
    b->next = c->free;
    c->free = b;
    weft__unlock(&c->lock);
}
