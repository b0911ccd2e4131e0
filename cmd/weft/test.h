/* SPDX-License-Identifier: MIT */
/*
 * test.h - `weft test`, for its files.
 *
 *   test_command.c  the command line, and the order of things
 *   test_find.c     from paths to units: which files are tests, and what they test
 *   test_build.c    each unit becomes a program
 *   test_vet.c      mistakes that can be seen without running anything
 *   test_run.c      a program of tests is run, and what it says is taken apart
 *   test_report.c   what the user sees: text or JSON
 *   test_junit.c    the same for machines that keep results
 *   test_cover.c    which lines were reached
 *   manifest.c      the file weft.test
 *   checks.c        checks that show the values of what they compare
 *   object.c        what an object file has in it
 *   jobs.c          many compilers at once
 */
#ifndef WEFT_CMD_TEST_H
#define WEFT_CMD_TEST_H

#include <stdint.h>
#include <stdio.h>

#include "argv.h"
#include "compile.h"
#include "manifest.h"

/* What the command line asks for. */
struct test_options {
    struct compile flags;      /* for the compiler, and whether -race is among them */
    struct list program_flags; /* for the programs: -run, -count, -timeout, -procs */
    struct list exec;          /* words before the program's own */
    struct list inputs;        /* objects and archives that were named */
    const char *junit;         /* a path, or NULL */
    bool verbose, json, cover;
    enum { VET_TELL, VET_OFF, VET_FAIL } vet;
    const char *folder; /* a temporary one */
};

enum unit_state {
    UNIT_TO_BUILD,
    UNIT_READY,    /* the program is there */
    UNIT_NO_FILES, /* no file of tests */
    UNIT_NO_TESTS, /* a file of tests without a test */
    UNIT_BROKEN,   /* it does not build */
    UNIT_VET_FAILED,
};

/* A C file of a unit. */
struct part {
    const char *path;
    const char *object;      /* where it is compiled to */
    struct list flags, libs; /* its //weft: lines */
    size_t job;              /* the number of its compilation */
    bool is_test;
    bool is_linked; /* afterwards: is it in the program? */
};

/* What becomes one program: a folder, or the files that were named of it. */
struct unit {
    const char *label;  /* as shown */
    const char *dir;    /* where its tests run */
    const char *folder; /* a temporary one, for what is built */
    const char *program;
    struct manifest manifest;
    struct part *part;
    size_t parts;
    enum unit_state state;
};

struct units {
    struct unit *unit;
    size_t count;
};

/* test_find - from the paths of the command line; 0, or the status of a complaint. */
int test_find(struct units *units, struct test_options *options, const struct list *paths);

/*
 * test_build - build the programs of all units.
 *
 * A unit that does not build is UNIT_BROKEN, and the compiler's text was shown.  Returns 0, the
 * status of a complaint, or -1 when a signal came, which is left in @signalled.
 */
int test_build(struct units *units, const struct test_options *options, int *signalled);

/* ---- test_build.c, for those who start tools on a unit's files ---- */

/* flag_begins - with one of @with, which ends with NULL. */
bool flag_begins(const char *flag, const char *const *with);
/* add_flags - append @flags, with the words they take, without those that @but names. */
void add_flags(struct list *to, const struct list *flags, bool (*but)(const char *));
/* show_file - copy what a tool said to standard error, under "# heading" unless @headed; and
 * remove the file. */
void show_file(const char *path, const char *heading, bool *headed);

/*
 * test_vet - tell of what weft-vet finds in units that are still to be linked.
 *
 * With -vet such a unit is UNIT_VET_FAILED.  Returns as test_build() does, whose part it is.
 */
int test_vet(struct units *units, const struct test_options *options, int *signalled);

/* ---- results ---- */

struct test_totals {
    long passed, failed, skipped;
};

/* One thing that a program of tests says; see src/testing/tell.c. */
struct test_event {
    char kind;
    const char *test;
    int64_t took_ns;
    const char *bytes;
    size_t size;
};

/*
 * test_run - run the program of a unit, and report what it says.
 *
 * Adds to the totals; false when it could not be run.  A signal that came meanwhile is left in
 * @signalled.
 */
bool test_run(const struct unit *unit, const struct test_options *options,
              struct test_totals *totals, int *signalled);

/* The report on a unit: its beginning, what happens, and its end with a verdict and a remark. */
void report_begin(const struct unit *unit, const struct test_options *options);
void report_event(const struct unit *unit, const struct test_event *event);
void report_end(const struct unit *unit, const char *word, int64_t took_ns, const char *remark);
/* report_is_unread - the other end of our standard output is closed. */
bool report_is_unread(void);
/* report_totals - the last line of all. */
void report_totals(const struct test_totals *totals);

/* The same for -junit; without one they do nothing. */
int junit_open(const char *path);
void junit_begin(const struct unit *unit);
void junit_event(const struct test_event *event);
/* @trouble: what kept the unit's tests from running to their end, or NULL. */
void junit_end(int64_t took_ns, const char *trouble);
int junit_close(void);

/* ---- coverage ---- */

/* cover_init - find the tool that reads the counts; 0, or the status of a complaint. */
int cover_init(void);
/* cover_read - after a unit has run: a remark for its line, as "coverage: 83.3% of lines". */
const char *cover_read(const struct unit *unit);
/* cover_show - a line for each file. */
void cover_show(void);

/* ---- checks.c ---- */

/*
 * checks_rewrite - write @path to @copy, so that its checks show what they compare.
 *
 * False when there is nothing to rewrite, and nothing was written.
 */
bool checks_rewrite(const char *path, const char *copy);

#endif /* WEFT_CMD_TEST_H */
