/* SPDX-License-Identifier: MIT */
/*
 * log.c - the log; see log.h.
 *
 * A line is one write(2), so lines of different goroutines do not mix.
 */
#include <weft.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

void log_event(const char *level, const char *msg, const char *format, ...)
{
    char line[2048], date[32];
    int64_t now = weft_wall();
    time_t seconds = (time_t)(now / WEFT_SECOND);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    int n = snprintf(line, sizeof line, "time=%s.%03dZ level=%s msg=%s ", date,
                     (int)(now % WEFT_SECOND / WEFT_MILLISECOND), level, msg);
    va_list args;
    va_start(args, format);
    n += vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    if ((size_t)n > sizeof line - 1)
        n = sizeof line - 1;
    line[n++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)n) < 0) {
        /* There is nobody left to tell. */
    }
}

const char *log_quote(char *out, size_t size, const char *text)
{
    char *to = out, *end = out + size - 6; /* room for \xFF, the quote and the end */
    *to++ = '"';
    for (; *text && to < end; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            to += sprintf(to, "\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            to += sprintf(to, "\\x%02x", c);
        else
            *to++ = (char)c;
    }
    *to++ = '"';
    *to = 0;
    return out;
}
