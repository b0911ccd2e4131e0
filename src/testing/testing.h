/* SPDX-License-Identifier: MIT */
/*
 * The test harness, for the files of this folder.
 *
 *   runner.c    the process that runs the tests, one child after another
 *   capture.c   what a child printed
 *   check.c     in the child: verdicts, cleanups, folders
 *   value.c     in the child: comparisons that show their operands
 *   await.c     in the child: waiting for goroutines to reach a state
 *
 * Parent and child share one page, so that a verdict needs no pipe of its own
 * and survives however the child ends.
 */
#ifndef WEFT_SRC_TESTING_H
#define WEFT_SRC_TESTING_H

#include <limits.h>

#include "weft/test.h"

enum { REASON_MAX = 512 };

struct verdict {
    uint32_t failures; /* atomic; of checks that did not hold */
    uint32_t ended;    /* atomic; the test said so itself, or returned */
    bool skipped;
    uint32_t dirs;      /* atomic; folders given out */
    char dir[PATH_MAX]; /* where they are; the parent removes it */
    char reason[REASON_MAX];
};

/* weft__verdict - the running test's; in a program without tests one that nobody reads. */
extern struct verdict *weft__verdict;

/* weft__test_child - run @test in this process and end it. */
void weft__test_child(const weft_impl_test *test) __attribute__((noreturn));

int weft__test_main(int argc, char **argv);

/* ---- capture.c ---- */

/* The beginning and the end of an output; what is between is counted only. */
enum { CAPTURE_PART = 256 << 10 };

struct capture {
    char *head, *tail; /* tail is a ring */
    size_t head_used;
    uint64_t tail_total; /* bytes that ever went to the tail */
};

bool weft__capture_init(struct capture *c);
void weft__capture_clear(struct capture *c);
void weft__capture_add(struct capture *c, const char *bytes, size_t n);
/* weft__capture_show - to @out, indented, ended by a newline. */
void weft__capture_show(const struct capture *c, FILE *out);

#endif /* WEFT_SRC_TESTING_H */
