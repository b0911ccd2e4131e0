/* SPDX-License-Identifier: MIT */
/*
 * What the runner says.
 *
 * People get text on standard output.  `weft test` gets the same text, and
 * besides it what it means, as records on a descriptor of its own:
 *
 *     KIND LENGTH NANOSECONDS NAME\n    and then LENGTH bytes
 *
 * KIND is r (a test runs), o (a piece of output, the bytes), p, f, s (it passed, failed, was
 * skipped) or e (all have ended; the bytes are the numbers of those that passed, failed, were
 * skipped).  A name has no space in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "testing/testing.h"

static int events = -1;

void weft__tell_to(int fd) { events = fd; }

void weft__tell_nobody(void)
{
    if (events >= 0)
        close(events);
    events = -1;
}

bool weft__tell_events(void) { return events >= 0; }

static void write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(events, bytes, n);
        if (done < 0 && errno != EINTR)
            exit(2); /* nobody listens any more */
        bytes += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
}

static void record(char kind, const char *name, int64_t ns, const char *bytes, size_t n)
{
    char head[LEVELS * (LEVEL_NAME + 1) + 512];
    int length = snprintf(head, sizeof head, "%c %zu %lld %s\n", kind, n, (long long)ns, name);
    write_all(head, (size_t)length);
    write_all(bytes, n);
}

void weft__tell_output(const char *name, const char *bytes, size_t n)
{
    if (events >= 0)
        record('o', name, 0, bytes, n);
    else
        fwrite(bytes, 1, n, stdout);
}

void weft__tell(char event, const char *name, int64_t took_ns)
{
    if (events >= 0)
        record(event, name, took_ns, "", 0);
    else
        fflush(stdout);
}

void weft__tell_totals(int passed, int failed, int skipped, int64_t took_ns)
{
    char numbers[64];
    int n = snprintf(numbers, sizeof numbers, "%d %d %d", passed, failed, skipped);
    record('e', "-", took_ns, numbers, (size_t)n);
}
