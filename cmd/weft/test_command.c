/* SPDX-License-Identifier: MIT */
/*
 * test_command.c - `weft test`: find tests, build them, run them, tell how it went.
 *
 * (Not cmd_test.c, which would be a file of tests.)
 *
 * Everything is built before anything runs, so that compilers do not disturb tests that watch the
 * clock.  One program runs at a time, and in it one test.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "commands.h"
#include "complain.h"
#include "test.h"

/* ---- the command line ------------------------------------------------------------------------ */

/* Each part between slashes is an expression of its own, as the program will read it. */
static int check_pattern(const char *pattern)
{
    char *copy = text("%s", pattern), *from = copy;
    int depth = 0;
    for (char *p = copy;; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p && strchr("[(", *p))
            depth++;
        else if (*p && strchr("])", *p) && depth > 0)
            depth--;
        bool last = *p == '\0';
        if (!last && (*p != '/' || depth > 0))
            continue;
        *p = '\0';
        regex_t compiled;
        char why[128];
        int error = regcomp(&compiled, from, REG_EXTENDED | REG_NOSUB);
        if (error) {
            regerror(error, &compiled, why, sizeof why);
            return complain("-run %s: %s", pattern, why);
        }
        regfree(&compiled);
        if (last)
            return 0;
        from = p + 1;
        depth = 0;
    }
}

static int check_number(const char *flag, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);
    return end == value || *end || n < 1 || n > 1000000
               ? complain("%s wants a number of at least 1, not %s", flag, value)
               : 0;
}

/* As in Go: 30s, 1m30s, 500ms; 0 for none; and a bare number is in seconds. */
static int check_time(const char *value)
{
    static const char *const units[] = {"ms", "us", "ns", "h", "m", "s"};
    const char *at = value;
    do {
        char *end;
        double n = strtod(at, &end);
        size_t i = 0, count = sizeof units / sizeof *units;
        bool plain = *at && strspn(at, "0123456789.") == (size_t)(end - at) && n <= 1e9;
        while (i < count && strncmp(end, units[i], strlen(units[i])) != 0)
            i++;
        bool bare = !*end && at == value;
        if (!plain || (i == count && !bare))
            return complain("-timeout wants a time as 30s, 1m30s or 500ms, not %s", value);
        at = bare ? end : end + strlen(units[i]);
    } while (*at);
    return 0;
}

static int check_processors(const char *value)
{
    const char *at = value;
    for (int count = 1;; count++) {
        char *end;
        long n = strtol(at, &end, 10);
        if (end == at || n < 1 || n > 256 || (*end && *end != ',') || count > 32)
            return complain("-procs wants numbers from 1 to 256 as 1,2,8, not %s", value);
        if (!*end)
            return 0;
        at = end + 1;
    }
}

/* Those that take a value: of our own, or of the programs of tests, which check them likewise. */
static const char *const valued[] = {"-junit", "-exec", "-run", "-count", "-timeout", "-procs"};

static int take_valued(struct test_options *o, const char *flag, const char *value)
{
    if (strcmp(flag, "-junit") == 0) {
        o->junit = value;
        return 0;
    }
    if (strcmp(flag, "-exec") == 0)
        return list_add_words(&o->exec, value) ? 0 : complain("-exec has an open quote: %s", value);
    list_add(&o->program_flags, text("%s=%s", flag, value));
    return strcmp(flag, "-run") == 0       ? check_pattern(value)
           : strcmp(flag, "-count") == 0   ? check_number(flag, value)
           : strcmp(flag, "-timeout") == 0 ? check_time(value)
                                           : check_processors(value);
}

/* The flag of valued[] that the word is, perhaps with its value behind a =; or NULL. */
static const char *valued_flag(const char *word, const char **value)
{
    size_t n = strcspn(word, "=");
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++)
        if (strlen(valued[i]) == n && strncmp(word, valued[i], n) == 0) {
            *value = word[n] ? word + n + 1 : NULL;
            return valued[i];
        }
    return NULL;
}

static bool take_switch(struct test_options *o, const char *word)
{
    if (strcmp(word, "-v") == 0)
        o->verbose = true;
    else if (strcmp(word, "-json") == 0)
        o->json = o->verbose = true;
    else if (strcmp(word, "-cover") == 0)
        o->cover = true;
    else if (strcmp(word, "-vet") == 0 || strcmp(word, "-vet=on") == 0)
        o->vet = VET_FAIL;
    else if (strcmp(word, "-vet=off") == 0)
        o->vet = VET_OFF;
    else if (strcmp(word, "-commands") == 0)
        o->flags.verbose = true;
    else
        return false;
    return true;
}

static int take_word(struct test_options *o, char ***args, struct list *paths)
{
    const char *word = **args, *value = NULL;
    if (*word != '-') {
        list_add(paths, word);
        return 0;
    }
    if (strcmp(word, "--") == 0)
        return complain("-- is for weft run; the tests get no arguments");
    /* As in Go, two dashes are one. */
    const char *own = word + (strncmp(word, "--", 2) == 0);
    if (take_switch(o, own))
        return 0;
    const char *flag = valued_flag(own, &value);
    if (!flag) {
        int status = compile_take_flag(&o->flags, args);
        if (strcmp(word, "-ubsan") == 0) /* not only told, but the test's failure */
            list_add(&o->flags.args, "-fno-sanitize-recover=undefined");
        return status == 0 && o->flags.output ? complain("-o is for weft build") : status;
    }
    if (!value)
        value = *++*args;
    if (!value) {
        --*args;
        return complain("%s needs a value", flag);
    }
    return take_valued(o, flag, value);
}

/* ---- what is left behind --------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    remove(path);
    return 0;
}

static void remove_folder(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* Absolute, as the tests run in other folders; also for what they make. */
static int make_folder(struct test_options *o)
{
    char whole[PATH_MAX];
    const char *place = getenv("TMPDIR");
    place = place && *place ? place : "/tmp";
    if (realpath(place, whole))
        setenv("TMPDIR", place = text("%s", whole), 1);
    char *folder = text("%s/weft-test-XXXXXX", place);
    if (!mkdtemp(folder))
        return complain("cannot make a folder %s: %s", folder, strerror(errno));
    o->folder = folder;
    return 0;
}

/*
 * When nobody reads what we say any more, as with `weft test | head`, there is still the folder to
 * remove.  The programs get the signal as always.
 */
static void hold_pipe_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- the order of things --------------------------------------------------------------------- */

/* What the programs get from the environment, unless it says otherwise. */
static void set_environment(void) { setenv("WEFT_CHECK", "locks", 0); }

/* True when one is broken. */
static bool run_all(struct units *units, const struct test_options *o, struct test_totals *totals,
                    int *signalled)
{
    bool is_broken = false;
    for (size_t i = 0; i < units->count && !*signalled; i++) {
        const struct unit *u = &units->unit[i];
        if (u->state == UNIT_READY) {
            is_broken |= !test_run(u, o, totals, signalled);
            continue;
        }
        bool is_vetted = u->state == UNIT_VET_FAILED;
        const char *trouble = is_vetted                 ? "weft vet found mistakes"
                              : u->state == UNIT_BROKEN ? "it does not build"
                                                        : NULL;
        report_begin(u, o);
        junit_begin(u);
        junit_end(0, trouble);
        if (trouble)
            report_end(u, "FAIL", -1, is_vetted ? "[vet failed]" : "[build failed]");
        else
            report_end(u, "?", -1,
                       u->state == UNIT_NO_FILES ? "[no test files]" : "[no tests in its files]");
        totals->failed += trouble != NULL;
        is_broken |= trouble && !is_vetted;
    }
    return is_broken;
}

static int build_and_run(struct units *units, const struct test_options *o, int *signalled)
{
    struct test_totals totals = {0};
    int status = o->junit ? junit_open(o->junit) : 0;
    if (status == 0)
        status = test_build(units, o, signalled);
    if (status != 0)
        return STATUS_TROUBLE;
    set_environment();
    bool is_broken = run_all(units, o, &totals, signalled);
    status = junit_close();
    if (*signalled && *signalled != SIGQUIT)
        return STATUS_TROUBLE;
    if (o->cover && !o->json)
        cover_show();
    report_totals(&totals);
    if (*signalled == SIGQUIT) /* it was for the test that ran, and has been told with it */
        *signalled = 0;
    return status != 0 || is_broken ? STATUS_TROUBLE : totals.failed ? 1 : STATUS_OK;
}

static int run(char **args)
{
    static struct test_options options;
    struct units units = {0};
    struct list paths = {0};
    int status = 0;
    for (; *args && status == 0; args += status == 0)
        status = take_word(&options, &args, &paths);
    if (status == 0)
        status = test_find(&units, &options, &paths);
    if (status == 0 && options.cover)
        status = cover_init();
    if (status != 0)
        return status;

    int signalled = 0;
    child_hold_signals();
    hold_pipe_signal();
    status = make_folder(&options);
    if (status != 0)
        return status;
    status = build_and_run(&units, &options, &signalled);
    remove_folder(options.folder);
    if (signalled)
        end_by_signal(signalled);
    return status;
}

const struct command cmd_test = {
    .name = "test",
    .summary = "build and run tests",
    .usage =
        "usage: weft test [FLAGS] [PATHS]\n"
        "\n"
        "Builds and runs the WEFT_TEST()s of PATHS: files, folders, or DIR/... for a folder and\n"
        "all below it; without one, of the current folder. The tests of a folder are in its\n"
        "*_test.c, and are linked with its other C files, except those that have a main(). A file\n"
        "weft.test in the folder or above it can say otherwise:\n"
        "\n"
        "    tests: test_*.c                            which files hold tests\n"
        "    sources: ../src/*.c ../build/libparse.a    what they are linked with\n"
        "    flags: -I../include -lcrypto               for compiler and linker\n"
        "\n"
        "A file that is named alone, queue_test.c, is linked with queue.c, if there is one.\n"
        "Objects, archives and other C files that are named are linked with all tests.\n"
        "\n"
        "Each test runs in its folder, in a process of its own. A crash, panic, deadlock, leak,\n"
        "race or time-out is its failure, and is shown with its report. The last line is\n"
        "\"N passed, N failed\", and \", N skipped\" when there are any.\n"
        "\n"
        "    -run REGEX     only tests that match; behind a / for sub-tests: -run 'parse/empty'\n"
        "    -count N       run each N times\n"
        "    -timeout TIME  for one test, as 30s or 1m30s; default 1m, 0 for none\n"
        "    -procs LIST    with these WEFT_PROCS one after another, as 1,2,8\n"
        "    -v             show all tests, and their output as it comes\n"
        "    -json          one JSON object for each event, as go test -json; the last line\n"
        "                   goes to standard error\n"
        "    -junit FILE    also write the results there, as JUnit's XML\n"
        "    -cover         show which part of the sources' lines was reached\n"
        "    -race          find data races (ThreadSanitizer)\n"
        "    -asan          find wrong uses of memory (AddressSanitizer)\n"
        "    -ubsan         find undefined behaviour\n"
        "    -vet           what `weft vet` calls a mistake (its checks of level E) fails the\n"
        "                   folder, and its tests are not run; without, it is only told, when\n"
        "                   weft-vet was built; -vet=off: not looked for\n"
        "    -exec COMMAND  run the tests' programs by this command, an emulator for instance\n"
        "    -commands      show the commands\n"
        "\n"
        "All other flags are the compiler's: -D -I -L -l -O -W -std= and so on. WEFT_CHECK=locks\n"
        "and WEFT_LEAKS=fail hold unless the environment has other values.\n"
        "\n"
        "Exit status: 0; 1 when a test failed; 2 when something did not build or went wrong.\n",
    .run = run,
};
