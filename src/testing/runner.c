/* SPDX-License-Identifier: MIT */
/*
 * The process that runs the tests.
 *
 * It has one thread and no runtime, so it may fork; each child starts a runtime
 * of its own.
 */
#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/atomic.h"
#include "platform/platform.h"
#include "testing/testing.h"

#define DEFAULT_LIMIT_NS ((int64_t)60 * WEFT_SECOND)
enum { PROCS_MAX = 256, PROCS_LIST = 32, LABEL = LEVELS * (LEVEL_NAME + 1) + 256 };

static struct {
    const char *name; /* of this program */
    bool list, verbose;
    long count;
    int64_t limit_ns; /* 0: none */
    const char *dirs; /* where temporary folders go */
    int procs[PROCS_LIST], procs_count;
    regex_t level[LEVELS + 1]; /* -run, split at its slashes */
    unsigned levels;
} option = {.count = 1, .limit_ns = DEFAULT_LIMIT_NS};

static struct {
    int passed, failed, skipped;
} total;

/* ---- registration --------------------------------------------------------------------- */

/* Here, so that a program with a test has this file, and main() finds it. */
static weft_impl_test *tests;

static int order(const weft_impl_test *a, const weft_impl_test *b)
{
    int r = strcmp(a->file, b->file);
    return r ? r : a->line - b->line;
}

/* Called by constructors, so before main() and by one thread. */
void weft_impl_test_add(weft_impl_test *test)
{
    weft_impl_test **at = &tests;
    while (*at && order(*at, test) <= 0)
        at = &(*at)->next;
    test->next = *at;
    *at = test;
}

/* ---- options -------------------------------------------------------------------------- */

static void usage_error(const char *what, const char *about)
{
    fprintf(stderr, "%s: %s%s\n", option.name, what, about);
    exit(2);
}

static long positive(const char *flag, const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > 1000000)
        usage_error(flag, " wants a number of at least 1");
    return n;
}

/* 1m30s, 500ms, 0.5s; a bare number is in seconds. */
static int64_t duration(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {{"ms", WEFT_MILLISECOND}, {"us", WEFT_MICROSECOND}, {"ns", 1},
                 {"h", WEFT_HOUR},         {"m", WEFT_MINUTE},       {"s", WEFT_SECOND}};
    double sum = 0;
    const char *at = text;
    do {
        char *end;
        double n = strtod(at, &end);
        size_t i = 0, size = sizeof units / sizeof *units;
        while (i < size && strncmp(end, units[i].unit, strlen(units[i].unit)) != 0)
            i++;
        bool bare = *end == '\0' && at == text;
        if (end == at || !(n >= 0 && n <= 1e9) || (i == size && !bare))
            usage_error("-timeout wants a time as 30s, 1m30s or 500ms, not ", text);
        sum += n * (double)(bare ? WEFT_SECOND : units[i].ns);
        at = bare ? end : end + strlen(units[i].unit);
    } while (*at);
    return sum < 9e18 ? (int64_t)sum : 0;
}

static void processors(const char *text)
{
    do {
        char *end;
        long n = strtol(text, &end, 10);
        if (end == text || (*end && *end != ',') || n < 1 || n > PROCS_MAX ||
            option.procs_count == PROCS_LIST)
            usage_error("-procs wants numbers as 1,2,8, not ", text);
        option.procs[option.procs_count++] = (int)n;
        text = *end ? end + 1 : end;
    } while (*text);
}

/* Slashes inside brackets and parentheses do not count. */
static void pattern(const char *whole)
{
    char *text = strdup(whole);
    for (char *from = text, *p = text; option.levels <= LEVELS; p++) {
        static int depth;
        if (p == from)
            depth = 0;
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
        int err = regcomp(&option.level[option.levels], from, REG_EXTENDED | REG_NOSUB);
        if (err != 0) {
            char why[128];
            regerror(err, &option.level[option.levels], why, sizeof why);
            fprintf(stderr, "%s: -run %s: %s\n", option.name, whole, why);
            exit(2);
        }
        option.levels++;
        if (last)
            break;
        from = p + 1;
    }
    free(text);
}

static bool take_plain(const char *name)
{
    if (strcmp(name, "-list") == 0)
        option.list = true;
    else if (strcmp(name, "-v") == 0)
        option.verbose = true;
    else
        return false;
    return true;
}

static bool take_valued(const char *name, const char *value)
{
    if (strcmp(name, "-run") == 0)
        pattern(value);
    else if (strcmp(name, "-count") == 0)
        option.count = positive(name, value);
    else if (strcmp(name, "-timeout") == 0)
        option.limit_ns = duration(value);
    else if (strcmp(name, "-procs") == 0)
        processors(value);
    else if (strcmp(name, "-tempdir") == 0)
        option.dirs = value;
    else if (strcmp(name, "-events") == 0)
        weft__tell_to((int)positive(name, value));
    else
        return false;
    return true;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i] + (strncmp(argv[i], "--", 2) == 0);
        char name[32];
        const char *equals = strchr(flag, '=');
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - flag) : 31, flag);
        if (!equals && take_plain(name))
            continue;
        const char *value = equals ? equals + 1 : argv[i + 1];
        static const char *const valued[] = {"-run", "-count", "-timeout", "-procs", "-tempdir"};
        bool known = equals != NULL;
        for (size_t k = 0; k < sizeof valued / sizeof *valued; k++)
            known |= strcmp(name, valued[k]) == 0;
        if (known && !value)
            usage_error(name, " wants a value");
        if (!known || !take_valued(name, value))
            usage_error("unknown argument ", argv[i]);
        i += !equals;
    }
}

bool weft__test_matches(unsigned level, const char *name)
{
    return level >= option.levels || regexec(&option.level[level], name, 0, NULL, 0) == 0;
}

/* ---- one test --------------------------------------------------------------------------- */

struct leaf {
    struct leaf *next;
    unsigned depth; /* 0: the test itself; else the number of names */
    char (*name)[LEVEL_NAME];
    enum outcome outcome;
    int64_t took_ns;
    char *output; /* what goes under its line, or NULL */
    size_t size;
};

/* A test with its sub-tests, while it runs. */
struct run {
    char name[256]; /* with the number of processors */
    struct capture *capture;
    unsigned announced; /* levels of the current sub-test that have been told */
    struct leaf *first, **last;
};

static const char *const outcome_words[] = {"PASS", "FAIL", "SKIP"};
static const char outcome_events[] = {'p', 'f', 's'};

/* A test's output, shown as it came, does not end with a newline. */
static bool inside_line;

/* A line of our own. */
static void say(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const char *name, const char *fmt, ...)
{
    char line[LABEL + 64];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (inside_line)
        weft__tell_output(name, "\n", 1);
    inside_line = false;
    weft__tell_output(name, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

/* The test's name and that of its sub-test at some depth. */
static const char *label(char *into, const struct run *r, const char (*name)[LEVEL_NAME],
                         unsigned depth)
{
    int n = snprintf(into, LABEL, "%s", r->name);
    for (unsigned i = 0; i < depth; i++)
        n += snprintf(into + n, LABEL - (size_t)n, "/%s", name[i]);
    return into;
}

/* The names of the sub-test that the child is in, or was last in. */
static unsigned current(char (*name)[LEVEL_NAME])
{
    /* acquire [verdict.depth]: pairs with the release in enter(); the names are whole. */
    unsigned depth = load_acquire(&weft__verdict->depth);
    for (unsigned i = 0; i < depth && i < LEVELS; i++)
        snprintf(name[i], LEVEL_NAME, "%.*s", LEVEL_NAME - 1, weft__verdict->level[i].name);
    return depth;
}

static void announce(const struct run *r, const char (*name)[LEVEL_NAME], unsigned depth)
{
    char text[LABEL];
    label(text, r, name, depth);
    weft__tell('r', text, 0);
    if (option.verbose)
        say(text, "=== RUN   %s\n", text);
}

/* Tell of sub-tests that were entered since; those that a run before entered too are known. */
static unsigned catch_up(struct run *r, char (*name)[LEVEL_NAME])
{
    unsigned depth = current(name);
    while (r->announced < depth)
        announce(r, (const char(*)[LEVEL_NAME])name, ++r->announced);
    return depth;
}

static void hear(void *arg, const char *bytes, size_t n)
{
    struct run *r = arg;
    char name[LEVELS][LEVEL_NAME], text[LABEL];
    unsigned depth = catch_up(r, name);
    weft__capture_add(r->capture, bytes, n);
    if (!option.verbose)
        return;
    label(text, r, (const char(*)[LEVEL_NAME])name, depth);
    weft__tell_output(text, bytes, n);
    inside_line = bytes[n - 1] != '\n';
    if (!weft__tell_events())
        fflush(stdout);
}

/* How many names two leaves begin with in common. */
static unsigned common(const struct leaf *a, unsigned depth_a, const char (*b)[LEVEL_NAME],
                       unsigned depth_b)
{
    unsigned n = 0;
    while (n < depth_a && n < depth_b && strcmp(a->name[n], b[n]) == 0)
        n++;
    return n;
}

static void keep_leaf(struct run *r, const struct ended_child *end)
{
    struct leaf *l = calloc(1, sizeof *l);
    char(*name)[LEVEL_NAME] = calloc(LEVELS, sizeof *name);
    if (!l || !name)
        usage_error("out of memory", "");
    *l = (struct leaf){
        .name = name, .outcome = end->outcome, .took_ns = end->took_ns, .depth = current(name)};
    FILE *out = open_memstream(&l->output, &l->size);
    if (!out)
        usage_error("out of memory", "");
    int indent = 4 * (int)(l->depth + 1);
    if (l->outcome == OUTCOME_FAIL && !option.verbose)
        weft__capture_show(r->capture, out, indent);
    if (l->outcome == OUTCOME_FAIL && *end->why)
        fprintf(out, "%*s%s\n", indent, "", end->why);
    bool said_nothing = r->capture->head_used == 0 && !*end->why;
    if (l->outcome == OUTCOME_SKIP || (l->outcome == OUTCOME_FAIL && said_nothing))
        fprintf(out, "%*s%s\n", indent, "", weft__verdict->reason);
    fclose(out);
    *r->last = l;
    r->last = &l->next;
    int *sum = l->outcome == OUTCOME_PASS   ? &total.passed
               : l->outcome == OUTCOME_FAIL ? &total.failed
                                            : &total.skipped;
    ++*sum;
}

/* The leaves from @l up to @end are one test or sub-test of this depth, or below it. */
static void show(const struct run *r, const struct leaf *l, const struct leaf *end, unsigned depth)
{
    enum outcome sum = l->outcome;
    int64_t took = 0;
    for (const struct leaf *at = l; at != end; at = at->next) {
        took += at->took_ns;
        if (at->outcome == OUTCOME_FAIL || sum == OUTCOME_FAIL)
            sum = OUTCOME_FAIL;
        else if (at->outcome == OUTCOME_PASS)
            sum = OUTCOME_PASS;
    }
    char text[LABEL];
    label(text, r, (const char(*)[LEVEL_NAME])l->name, depth);
    if (sum != OUTCOME_PASS || option.verbose)
        say(text, "%*s--- %s: %s (%.2fs)\n", 4 * (int)depth, "", outcome_words[sum], text,
            (double)took / (double)WEFT_SECOND);
    while (l != end && l->depth > depth) {
        const struct leaf *past = l->next;
        while (past != end && past->depth > depth &&
               common(past, depth + 1, (const char(*)[LEVEL_NAME])l->name, depth + 1) == depth + 1)
            past = past->next;
        show(r, l, past, depth + 1);
        l = past;
    }
    if (l != end && l->size > 0)
        weft__tell_output(text, l->output, l->size);
    weft__tell(outcome_events[sum], text, took);
}

static void forget(struct run *r)
{
    for (struct leaf *l = r->first, *next; l; l = next) {
        next = l->next;
        free(l->output);
        free(l->name);
        free(l);
    }
}

static void run_test(const weft_impl_test *t, int procs, struct capture *capture)
{
    struct run r = {.capture = capture, .last = &r.first};
    struct branch branch = {0};
    char name[LEVELS][LEVEL_NAME];
    int n = snprintf(r.name, sizeof r.name, "%.240s", t->name);
    if (procs > 0)
        snprintf(r.name + n, sizeof r.name - (size_t)n, "-%d", procs);
    announce(&r, NULL, 0);
    bool more;
    do {
        memset(weft__verdict, 0, sizeof *weft__verdict);
        weft__branch_begin(&branch);
        weft__capture_clear(capture);
        fflush(stdout);
        fflush(stderr);
        const struct errand errand = {t, option.limit_ns, procs, option.dirs, hear, &r};
        struct ended_child end = weft__attend(&errand);
        unsigned depth = catch_up(&r, name);
        /* One that never came by its sub-test was only to find out whether there is one. */
        if (depth >= branch.fixed)
            keep_leaf(&r, &end);
        more = weft__branch_next(&branch) && !weft__attend_quit();
        /* The levels above the next sub-test stay the same. */
        r.announced = branch.fixed > 0 ? branch.fixed - 1 : 0;
    } while (more);
    show(&r, r.first, NULL, 0);
    forget(&r);
    fflush(stdout);
}

/* ---- all of them --------------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void run_all(struct capture *capture)
{
    for (int p = 0; p < option.procs_count || p == 0; p++)
        for (const weft_impl_test *t = tests; t; t = t->next)
            for (long i = 0; weft__test_matches(0, t->name) && i < option.count; i++)
                if (!weft__attend_quit())
                    run_test(t, option.procs_count ? option.procs[p] : 0, capture);
}

static int report(int64_t took_ns)
{
    if (weft__tell_events()) {
        weft__tell_totals(total.passed, total.failed, total.skipped, took_ns);
        return total.failed ? 1 : 0;
    }
    if (total.passed + total.failed + total.skipped == 0)
        fprintf(stderr, "%s: warning: no tests to run\n", option.name);
    printf("%s  %s  %.2fs\n", total.failed ? "FAIL" : "ok", option.name,
           (double)took_ns / (double)WEFT_SECOND);
    printf("%d passed, %d failed", total.passed, total.failed);
    if (total.skipped)
        printf(", %d skipped", total.skipped);
    putchar('\n');
    /* A full disk must not look like a success. */
    return fflush(stdout) != 0 || total.failed ? 1 : 0;
}

int weft__test_main(int argc, char **argv)
{
    if (!tests)
        return -1;
    option.name = argc > 0 ? base_of(argv[0]) : "test";
    const char *base = getenv("TMPDIR");
    option.dirs = base && *base ? base : "/tmp";
    parse(argc, argv);
    if (option.list) {
        for (const weft_impl_test *t = tests; t; t = t->next)
            if (weft__test_matches(0, t->name))
                puts(t->name);
        return 0;
    }
    static struct capture capture;
    void *shared = mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !weft__capture_init(&capture))
        usage_error("out of memory", "");
    weft__verdict = shared;
    weft__attend_init();
    int64_t start = weft__now();
    run_all(&capture);
    return report(weft__now() - start);
}
