/* SPDX-License-Identifier: MIT */
/*
 * The process that runs the tests.
 *
 * It has one thread and no runtime, so it may fork; each child starts a runtime
 * of its own.  The child is a process group, and whatever is left of it when the
 * test has ended is killed, so that one test cannot disturb the next.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "platform/platform.h"
#include "testing/testing.h"

#define DEFAULT_LIMIT_NS ((int64_t)60 * WEFT_SECOND)
/* After SIGQUIT, for the dump of a million goroutines on a slow machine. */
#define DUMP_NS          ((int64_t)10 * WEFT_SECOND)
#define LEAK_STATUS      3

static struct {
    const char *name; /* of this program */
    const char *pattern;
    regex_t regex;
    bool list, verbose;
    long count;
    int64_t limit_ns; /* 0: none */
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

static int64_t seconds(const char *text)
{
    char *end;
    double s = strtod(text, &end);
    if (end != text && strcmp(end, "s") == 0)
        end++;
    if (end == text || *end || !(s >= 0 && s <= 1e6))
        usage_error("-timeout wants a number of seconds, not ", text);
    return (int64_t)(s * (double)WEFT_SECOND);
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i] + (strncmp(argv[i], "--", 2) == 0);
        const char *value = NULL;
        char name[32];
        const char *equals = strchr(flag, '=');
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - flag) : 31, flag);
        if (strcmp(name, "-list") == 0) {
            option.list = true;
            continue;
        }
        if (strcmp(name, "-v") == 0) {
            option.verbose = true;
            continue;
        }
        if (strcmp(name, "-run") != 0 && strcmp(name, "-count") != 0 &&
            strcmp(name, "-timeout") != 0)
            usage_error("unknown argument ", argv[i]);
        value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            usage_error(name, " wants a value");
        if (strcmp(name, "-run") == 0)
            option.pattern = value;
        else if (strcmp(name, "-count") == 0)
            option.count = positive(name, value);
        else
            option.limit_ns = seconds(value);
    }
    if (!option.pattern)
        return;
    int err = regcomp(&option.regex, option.pattern, REG_EXTENDED | REG_NOSUB);
    if (err != 0) {
        char why[128];
        regerror(err, &option.regex, why, sizeof why);
        fprintf(stderr, "%s: -run %s: %s\n", option.name, option.pattern, why);
        exit(2);
    }
}

static bool selected(const weft_impl_test *t)
{
    return !option.pattern || regexec(&option.regex, t->name, 0, NULL, 0) == 0;
}

/* ---- one child ------------------------------------------------------------------------- */

static void become_child(const weft_impl_test *t, int output) __attribute__((noreturn));
static void become_child(const weft_impl_test *t, int output)
{
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(1);
    if (null > STDERR_FILENO)
        close(null);
    close(output);
    signal(SIGQUIT, SIG_DFL);
    const char *leaks = getenv("WEFT_LEAKS");
    if (!leaks || !*leaks)
        setenv("WEFT_LEAKS", "fail", 1);
    weft__test_child(t);
}

struct child {
    pid_t pid;
    int output;    /* -1 once it is closed */
    int64_t limit; /* when to lose patience, or -1 */
    bool asked, killed;
};

static void read_output(struct child *c, struct capture *capture)
{
    char bytes[16384];
    ssize_t n = read(c->output, bytes, sizeof bytes);
    int err = n < 0 ? errno : 0;
    if (n > 0 && option.verbose) {
        fwrite(bytes, 1, (size_t)n, stdout);
        fflush(stdout);
    } else if (n > 0) {
        weft__capture_add(capture, bytes, (size_t)n);
    }
    if (n == 0 || (err != 0 && err != EINTR && err != EAGAIN)) {
        close(c->output);
        c->output = -1;
    }
}

static void lose_patience(struct child *c)
{
    if (!c->asked) {
        c->asked = true;
        kill(c->pid, SIGQUIT); /* shows all goroutines, and ends */
        c->limit = weft__now() + DUMP_NS;
    } else {
        c->killed = true;
        kill(-c->pid, SIGKILL);
        kill(c->pid, SIGKILL); /* it may not have made its group yet */
        c->limit = -1;
    }
}

/* Until it has ended and said all; its wait status. */
static int attend(struct child *c, struct capture *capture)
{
    int status = 0;
    bool ended = false;
    while (!ended || c->output >= 0) {
        int64_t now = weft__now();
        if (!ended && c->limit >= 0 && now >= c->limit)
            lose_patience(c);
        if (!ended && waitpid(c->pid, &status, WNOHANG) == c->pid) {
            ended = true;
            kill(-c->pid, SIGKILL); /* what it left behind; ESRCH when nothing */
            if (c->output < 0)
                break;
        }
        struct pollfd p = {.fd = c->output, .events = POLLIN};
        /* Its end shows as the end of its output, unless it has closed that. */
        int64_t wait = ended ? 100 : c->output < 0 ? 1 : 20;
        if (poll(&p, 1, (int)wait) > 0)
            read_output(c, capture);
        else if (ended)
            break; /* somebody outside the group still holds the pipe */
    }
    if (c->output >= 0)
        close(c->output);
    return status;
}

/* ---- verdicts ---------------------------------------------------------------------------- */

/* What went wrong, into @why; false when nothing did.  "" when the output says it. */
static bool judge(const struct verdict *v, const struct child *c, int status, char *why,
                  size_t size)
{
    *why = '\0';
    if (c->asked)
        snprintf(why, size, "no end within %.4g s%s", (double)option.limit_ns / (double)WEFT_SECOND,
                 c->killed ? "; it did not react to SIGQUIT and was killed" : "");
    else if (WIFSIGNALED(status))
        snprintf(why, size, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (v->failures > 0)
        return true;
    else if (!v->ended && WEXITSTATUS(status) == 0)
        snprintf(why, size, "the test ended its process by exit(0)");
    else if (v->ended && WEXITSTATUS(status) == LEAK_STATUS)
        snprintf(why, size, "it leaked goroutines");
    else if (WEXITSTATUS(status) != 0)
        snprintf(why, size, "exit status %d", WEXITSTATUS(status));
    else
        return false;
    return true;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path);
    return 0;
}

static void name_dir(struct verdict *v)
{
    static unsigned number;
    const char *base = getenv("TMPDIR");
    snprintf(v->dir, sizeof v->dir, "%.3000s/weft-test-%d-%u", base && *base ? base : "/tmp",
             (int)getpid(), number++);
}

static void run_test(const weft_impl_test *t, struct capture *capture)
{
    struct verdict *v = weft__verdict;
    int ends[2];
    memset(v, 0, sizeof *v);
    name_dir(v);
    weft__capture_clear(capture);
    if (option.verbose)
        printf("=== RUN   %s\n", t->name);
    fflush(stdout);
    fflush(stderr);
    if (pipe2(ends, O_CLOEXEC) != 0)
        usage_error("cannot make a pipe: ", strerror(errno));
    int64_t start = weft__now();
    struct child c = {.pid = fork(), .output = ends[0]};
    if (c.pid < 0)
        usage_error("cannot start a process: ", strerror(errno));
    if (c.pid == 0) {
        close(ends[0]);
        become_child(t, ends[1]);
    }
    setpgid(c.pid, c.pid);
    close(ends[1]);
    c.limit = option.limit_ns > 0 ? start + option.limit_ns : -1;
    int status = attend(&c, capture);
    double took = (double)(weft__now() - start) / (double)WEFT_SECOND;
    if (v->dirs > 0)
        nftw(v->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

    char why[256];
    if (judge(v, &c, status, why, sizeof why)) {
        total.failed++;
        printf("--- FAIL: %s (%.2fs)\n", t->name, took);
        weft__capture_show(capture, stdout);
        if (*why)
            printf("    %s\n", why);
    } else if (v->skipped) {
        total.skipped++;
        printf("--- SKIP: %s (%.2fs)\n    %s\n", t->name, took, v->reason);
    } else {
        total.passed++;
        if (option.verbose)
            printf("--- PASS: %s (%.2fs)\n", t->name, took);
    }
    fflush(stdout);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int weft__test_main(int argc, char **argv)
{
    if (!tests)
        return -1;
    option.name = argc > 0 ? base_of(argv[0]) : "test";
    parse(argc, argv);
    if (option.list) {
        for (const weft_impl_test *t = tests; t; t = t->next)
            if (selected(t))
                puts(t->name);
        return 0;
    }
    static struct capture capture;
    void *shared = mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !weft__capture_init(&capture))
        usage_error("out of memory", "");
    weft__verdict = shared;
    int64_t start = weft__now();
    for (const weft_impl_test *t = tests; t; t = t->next)
        for (long i = 0; selected(t) && i < option.count; i++)
            run_test(t, &capture);
    if (total.passed + total.failed + total.skipped == 0)
        fprintf(stderr, "%s: warning: no tests to run\n", option.name);
    printf("%s  %s  %.2fs\n", total.failed ? "FAIL" : "ok", option.name,
           (double)(weft__now() - start) / (double)WEFT_SECOND);
    printf("%d passed, %d failed", total.passed, total.failed);
    if (total.skipped)
        printf(", %d skipped", total.skipped);
    putchar('\n');
    /* A full disk must not look like a success. */
    return fflush(stdout) != 0 || total.failed ? 1 : 0;
}
