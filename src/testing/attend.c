/* SPDX-License-Identifier: MIT */
/*
 * One child of the runner: a test in a process of its own.
 *
 * The child is a process group, and whatever is left of it when the test has
 * ended is killed, so that one test cannot disturb the next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/atomic.h"
#include "platform/platform.h"
#include "testing/testing.h"

/* After SIGQUIT, for the dump of a million goroutines on a slow machine. */
#define DUMP_NS ((int64_t)10 * WEFT_SECOND)
enum { LEAK_STATUS = 3, RACE_STATUS = 66 };

static volatile sig_atomic_t quit;

static void on_quit(int signal)
{
    (void)signal;
    quit = 1;
}

bool weft__attend_quit(void) { return quit; }

void weft__attend_init(void)
{
    struct sigaction action = {.sa_handler = on_quit};
    sigaction(SIGQUIT, &action, NULL);
}

static void give_up(const char *what, int err)
{
    fprintf(stderr, "cannot %s: %s\n", what, strerror(err));
    exit(2);
}

static void become_child(const struct errand *errand, int output) __attribute__((noreturn));
static void become_child(const struct errand *errand, int output)
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
    weft__tell_nobody();
    signal(SIGQUIT, SIG_DFL);
    const char *leaks = getenv("WEFT_LEAKS");
    if (!leaks || !*leaks)
        setenv("WEFT_LEAKS", "fail", 1);
    char procs[16];
    snprintf(procs, sizeof procs, "%d", errand->procs);
    if (errand->procs > 0)
        setenv("WEFT_PROCS", procs, 1);
    weft__test_child(errand->test);
}

struct child {
    pid_t pid;
    int output;    /* -1 once it is closed */
    int64_t limit; /* when to lose patience, or -1 */
    bool late, asked, killed;
};

static void read_output(struct child *c, const struct errand *errand)
{
    char bytes[16384];
    ssize_t n = read(c->output, bytes, sizeof bytes);
    int err = n < 0 ? errno : 0;
    if (n > 0)
        errand->heard(errand->arg, bytes, (size_t)n);
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
static int attend(struct child *c, const struct errand *errand)
{
    int status = 0;
    bool ended = false;
    while (!ended || c->output >= 0) {
        bool late = c->limit >= 0 && weft__now() >= c->limit;
        if (!ended && (late || (quit && !c->asked))) {
            c->late |= late && !c->asked;
            lose_patience(c);
        }
        if (!ended && waitpid(c->pid, &status, WNOHANG) == c->pid) {
            ended = true;
            kill(-c->pid, SIGKILL); /* what it left behind; ESRCH when nothing */
            if (c->output < 0)
                break;
        }
        struct pollfd p = {.fd = c->output, .events = POLLIN};
        /* Its end shows as the end of its output, unless it has closed that. */
        int64_t wait = ended ? 100 : c->output < 0 ? 1 : 20;
        int n = poll(&p, 1, (int)wait);
        if (n > 0)
            read_output(c, errand);
        else if (n == 0 && ended)
            break; /* somebody outside the group still holds the pipe */
    }
    if (c->output >= 0)
        close(c->output);
    return status;
}

static enum outcome judge(const struct verdict *v, const struct child *c, int status,
                          int64_t limit_ns, char *why, size_t size)
{
    *why = '\0';
    if (c->late)
        snprintf(why, size, "no end within %.4gs%s", (double)limit_ns / (double)WEFT_SECOND,
                 c->killed ? "; it did not react to SIGQUIT and was killed" : "");
    else if (c->asked)
        snprintf(why, size, "SIGQUIT came");
    else if (WIFSIGNALED(status))
        snprintf(why, size, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (v->failures > 0)
        return OUTCOME_FAIL;
    else if (!v->ended && WEXITSTATUS(status) == 0)
        snprintf(why, size, "the test ended its process by exit(0)");
    else if (v->ended && WEXITSTATUS(status) == LEAK_STATUS)
        snprintf(why, size, "it leaked goroutines");
    else if (v->ended && WEXITSTATUS(status) == RACE_STATUS)
        snprintf(why, size, "the race detector found errors");
    else if (WEXITSTATUS(status) != 0)
        snprintf(why, size, "exit status %d", WEXITSTATUS(status));
    else
        return v->skipped ? OUTCOME_SKIP : OUTCOME_PASS;
    return OUTCOME_FAIL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path);
    return 0;
}

struct ended_child weft__attend(const struct errand *errand)
{
    static unsigned number;
    struct verdict *v = weft__verdict;
    snprintf(v->dir, sizeof v->dir, "%.3000s/weft-test-%d-%u", errand->dirs, (int)getpid(),
             number++);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("make a pipe", errno);
    int64_t start = weft__now();
    struct child c = {.pid = fork(), .output = ends[0]};
    if (c.pid < 0)
        give_up("start a process", errno);
    if (c.pid == 0) {
        close(ends[0]);
        become_child(errand, ends[1]);
    }
    setpgid(c.pid, c.pid);
    close(ends[1]);
    c.limit = errand->limit_ns > 0 ? start + errand->limit_ns : -1;
    int status = attend(&c, errand);
    struct ended_child end = {.took_ns = weft__now() - start};
    if (v->dirs > 0)
        nftw(v->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    end.outcome = judge(v, &c, status, errand->limit_ns, end.why, sizeof end.why);
    return end;
}
