/* SPDX-License-Identifier: MIT */
/*
 * The test harness, for the files of this folder.
 *
 *   runner.c    the process that runs the tests: options, order, totals
 *   attend.c    one child of it: started, listened to, timed, judged
 *   tell.c      what the runner says: text for people, events for `weft test`
 *   capture.c   what a child printed
 *   branch.c    which sub-test is the next one's turn
 *   check.c     in the child: verdicts, cleanups, folders
 *   subtest.c   in the child: entering that sub-test and no other
 *   value.c     in the child: comparisons that show their operands
 *   await.c     in the child: waiting for goroutines to reach a state
 *
 * Parent and child share one page, so that a verdict needs no pipe of its own
 * and survives however the child ends.
 */
#ifndef WEFT_SRC_TESTING_H
#define WEFT_SRC_TESTING_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include "weft/test.h"
#include "weft/time.h"

enum { REASON_MAX = 512, LEVELS = 8, LEVEL_NAME = 160 };

/*
 * One level of sub-tests inside each other.  Each run of a test enters one
 * sub-test of every level, the one whose turn it is; see branch.c.
 */
struct level {
    uint32_t turn;         /* the parent's wish: the number of the one to enter */
    uint32_t seen;         /* how many the child came by there */
    char name[LEVEL_NAME]; /* of the one that it entered */
};

struct verdict {
    uint32_t failures; /* atomic; of checks that did not hold */
    uint32_t ended;    /* atomic; the test said so itself, or returned */
    bool skipped;
    bool returned;           /* its body has returned */
    bool cut;                /* ... but perhaps from within a sub-test */
    uint32_t depth;          /* atomic; how many levels were entered */
    uint32_t dirs;           /* atomic; folders given out */
    char dir[PATH_MAX];      /* where they are; the parent removes it */
    char reason[REASON_MAX]; /* why it was skipped, or the first check that failed */
    struct level level[LEVELS];
};

/* weft__verdict - the running test's; in a program without tests one that nobody reads. */
extern struct verdict *weft__verdict;

/* weft__test_child - run @test in this process and end it. */
void weft__test_child(const weft_impl_test *test) __attribute__((noreturn));

/* weft__test_main - run the registered tests; the exit status, or -1 when there are none. */
int weft__test_main(int argc, char **argv);

/* weft__test_matches - does -run select the name at this level?  0 is the test's own. */
bool weft__test_matches(unsigned level, const char *name);

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
/* weft__capture_show - to @out, indented by @indent spaces, ended by a newline. */
void weft__capture_show(const struct capture *c, FILE *out, int indent);

/* ---- attend.c ---- */

enum outcome { OUTCOME_PASS, OUTCOME_FAIL, OUTCOME_SKIP };

struct ended_child {
    enum outcome outcome;
    int64_t took_ns;
    char why[256]; /* what went wrong, when the output does not say it; else "" */
};

/* What a child is to be told, and whom to tell about it. */
struct errand {
    const weft_impl_test *test;
    int64_t limit_ns; /* 0: none */
    int procs;        /* 0: as the environment has it */
    const char *dirs; /* where its temporary folders go */
    /* Gets each piece of output as it comes. */
    void (*heard)(void *arg, const char *bytes, size_t n);
    void *arg;
};

/* weft__attend - run a test in a child until that has ended and said all. */
struct ended_child weft__attend(const struct errand *errand);

/* weft__attend_quit - a SIGQUIT came: the children's goroutines are shown, then it is over. */
bool weft__attend_quit(void);

/* weft__attend_init - from now on a SIGQUIT is the running child's. */
void weft__attend_init(void);

/* ---- tell.c ---- */

/* weft__tell_to - events go to this descriptor, and no text to standard output. */
void weft__tell_to(int fd);
bool weft__tell_events(void);
/* weft__tell_nobody - in a child, which has nothing to do with it. */
void weft__tell_nobody(void);

void weft__tell_output(const char *name, const char *bytes, size_t n);
/* weft__tell - an event: 'r' a test runs, 'p' it passed, 'f' failed, 's' was skipped. */
void weft__tell(char event, const char *name, int64_t took_ns);
/* weft__tell_totals - the last event. */
void weft__tell_totals(int passed, int failed, int skipped, int64_t took_ns);

/* ---- branch.c ---- */

struct branch {
    uint32_t turn[LEVELS];
    unsigned fixed; /* levels whose turn is told; below them it is the first one's */
};

/* weft__branch_begin - into the verdict, before a run. */
void weft__branch_begin(const struct branch *b);

/* weft__branch_next - after a run: is there another sub-test, or may there be? */
bool weft__branch_next(struct branch *b);

#endif /* WEFT_SRC_TESTING_H */
