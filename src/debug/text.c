/* SPDX-License-Identifier: MIT */
/*
 * The writer of reports.  Formatting is vsnprintf's, which for the conversions
 * used here neither allocates nor locks; output leaves in pieces of a buffer,
 * so that a dump of many goroutines is not a system call a line, and so that
 * short reports of two processes do not mix.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "debug/debug.h"

/* How long a descriptor that does not block may stay full. */
enum { WRITE_PATIENCE_MS = 2000 };

void weft__text_fd(struct text *t, int fd)
{
    t->file = NULL;
    t->room = NULL;
    t->fd = fd;
    t->left = t->used = 0;
    t->raw = false;
}

void weft__text_file(struct text *t, FILE *file)
{
    weft__text_fd(t, -1);
    t->file = file;
}

void weft__text_buffer(struct text *t, char *room, size_t size)
{
    weft__text_fd(t, -1);
    t->room = room;
    t->left = size;
    if (size > 0)
        *room = '\0';
}

static void write_all(int fd, const char *at, size_t left)
{
    while (left > 0) {
        ssize_t n = write(fd, at, left);
        if (n >= 0) {
            at += n;
            left -= (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (errno != EAGAIN || poll(&wait, 1, WRITE_PATIENCE_MS) != 1)
            return; /* nobody reads: there is no place left to say so */
    }
}

void weft__flush(struct text *t)
{
    if (t->room) {
        if (t->left > 1) {
            size_t n = t->used < t->left - 1 ? t->used : t->left - 1;
            memcpy(t->room, t->buffer, n);
            t->room += n;
            t->left -= n;
            *t->room = '\0';
        }
    } else if (t->file) {
        fwrite(t->buffer, 1, t->used, t->file);
    } else {
        write_all(t->fd, t->buffer, t->used);
    }
    t->used = 0;
}

void weft__put(struct text *t, const char *s, size_t n)
{
    while (n > 0) {
        if (t->used == sizeof t->buffer)
            weft__flush(t);
        size_t part = sizeof t->buffer - t->used;
        if (part > n)
            part = n;
        memcpy(t->buffer + t->used, s, part);
        t->used += part;
        s += part;
        n -= part;
    }
}

void weft__vprint(struct text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = sizeof t->buffer - t->used;
    int n = vsnprintf(t->buffer + t->used, room, format, args);
    if (n > 0 && (size_t)n >= room) {
        weft__flush(t);
        room = sizeof t->buffer;
        n = vsnprintf(t->buffer, room, format, again);
        if ((size_t)n >= room) /* a longer piece belongs to weft__put() */
            n = (int)room - 1;
    }
    va_end(again);
    if (n > 0)
        t->used += (size_t)n;
}

void weft__print(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weft__vprint(t, format, args);
    va_end(args);
}
