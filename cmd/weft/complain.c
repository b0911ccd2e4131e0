/* SPDX-License-Identifier: MIT */
/*
 * complain.c - the one place that writes the command's own messages.
 */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

const char *speaker = "weft";

int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "%s: ", speaker);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return STATUS_TROUBLE;
}
