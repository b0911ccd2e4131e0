/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line for each thing that happened, as key=value pairs, to standard output.
 *
 *     time=2026-03-01T12:00:00.000Z level=info msg=listening addr=127.0.0.1:8080
 */
#ifndef USERD_LOG_H
#define USERD_LOG_H

#include <stddef.h>

/* log_event - write a line: "info" or "error", a word for what happened, and further pairs. */
void log_event(const char *level, const char *msg, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* log_quote - @text as a value: in quotes, on one line, in ASCII, cut to fit; returns @out. */
const char *log_quote(char *out, size_t size, const char *text);

#endif /* USERD_LOG_H */
