/* SPDX-License-Identifier: MIT */
/*
 * text.c - texts that exist once, and arrays that grow.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vet.h"

static struct {
    char **slot;
    size_t count, room; /* room is a power of two */
} known;

static void *need(void *memory)
{
    if (!memory)
        exit(complain("out of memory"));
    return memory;
}

void *zeroed(size_t count, size_t size) { return need(calloc(count ? count : 1, size)); }

void *make_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 16;
    return need(realloc(array, *room * size));
}

static uint64_t hash(const char *s)
{
    uint64_t h = 1469598103934665603u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h ^ h >> 29;
}

static size_t slot_of(const char *s)
{
    size_t i = hash(s) & (known.room - 1);
    while (known.slot[i] && strcmp(known.slot[i], s) != 0)
        i = (i + 1) & (known.room - 1);
    return i;
}

static void grow(void)
{
    size_t room = known.room;
    char **old = known.slot;
    known.room = room ? 2 * room : 4096;
    known.slot = zeroed(known.room, sizeof *known.slot);
    for (size_t i = 0; i < room; i++)
        if (old[i])
            known.slot[slot_of(old[i])] = old[i];
    free(old);
}

key key_of(const char *s)
{
    if (2 * known.count >= known.room)
        grow();
    size_t i = slot_of(s);
    if (!known.slot[i]) {
        known.slot[i] = need(strdup(s));
        known.count++;
    }
    return known.slot[i];
}

key key_text(const char *format, ...)
{
    char small[512], *big = NULL;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0)
        exit(complain("cannot format a text"));
    if ((size_t)length < sizeof small)
        return key_of(small);
    big = need(malloc((size_t)length + 1));
    va_start(args, format);
    vsnprintf(big, (size_t)length + 1, format, args);
    va_end(args);
    key k = key_of(big);
    free(big);
    return k;
}
