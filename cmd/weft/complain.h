/* SPDX-License-Identifier: MIT */
/*
 * complain.h - what goes wrong in this command itself: one line on standard error, and a status.
 */
#ifndef WEFT_CMD_COMPLAIN_H
#define WEFT_CMD_COMPLAIN_H

/* Exit statuses of the command itself; a program that ran gives its own. */
enum {
    STATUS_OK = 0,
    STATUS_COMPILE = 1, /* the compiler said why */
    STATUS_TROUBLE = 2, /* one line on standard error says why */
};

/* Who is speaking, "weft run" for instance; main() sets it. */
extern const char *speaker;

/* complain - print "SPEAKER: message" as one line on standard error; returns STATUS_TROUBLE. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* WEFT_CMD_COMPLAIN_H */
