/* SPDX-License-Identifier: MIT */
/*
 * test_run.c - a program of tests is run, and what it says is taken apart.
 *
 * It says what happens on a descriptor of its own, as src/testing/tell.c writes it.  Its standard
 * output and error are ours, but nothing of a test goes there.
 */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "complain.h"
#include "test.h"

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What has come and was not taken apart yet. */
struct inbox {
    char *bytes;
    size_t used, room;
};

struct talk {
    const struct unit *unit;
    struct inbox in;
    struct test_totals sum;
    bool ended; /* it said that all tests have */
};

static void take(struct talk *talk, const struct test_event *event)
{
    if (event->kind == 'e') {
        char numbers[64];
        snprintf(numbers, sizeof numbers, "%.*s", (int)event->size, event->bytes);
        talk->ended = sscanf(numbers, "%ld %ld %ld", &talk->sum.passed, &talk->sum.failed,
                             &talk->sum.skipped) == 3;
        return;
    }
    report_event(talk->unit, event);
    junit_event(event);
}

/* The next whole record at @from, behind which the following one begins; 0 when it is not whole. */
static size_t take_one(struct talk *talk, size_t from)
{
    char *record = talk->in.bytes + from;
    size_t there = talk->in.used - from;
    char *end = memchr(record, '\n', there);
    if (!end)
        return 0;
    char kind;
    size_t size;
    long long took;
    int at = 0;
    *end = '\0';
    bool read = sscanf(record, "%c %zu %lld %n", &kind, &size, &took, &at) == 3;
    size_t head = (size_t)(end - record) + 1;
    if (!read || size > there - head) {
        *end = '\n';
        return 0;
    }
    const struct test_event event = {kind, record + at, took, end + 1, size};
    take(talk, &event);
    return from + head + size;
}

/* False at the end. */
static bool listen_to(struct talk *talk, int from)
{
    struct inbox *in = &talk->in;
    enum { PIECE = 65536 };
    if (in->room - in->used < PIECE) {
        in->room = in->room * 2 + 2 * PIECE;
        in->bytes = realloc(in->bytes, in->room);
        if (!in->bytes)
            exit(complain("out of memory"));
    }
    ssize_t n = read(from, in->bytes + in->used, PIECE);
    if (n <= 0)
        return n < 0 && (errno == EINTR || errno == EAGAIN);
    in->used += (size_t)n;
    size_t done = 0;
    for (size_t next; (next = take_one(talk, done));)
        done = next;
    memmove(in->bytes, in->bytes + done, in->used - done);
    in->used -= done;
    return true;
}

static void compose(struct list *command, const struct unit *u, const struct test_options *options)
{
    list_add_all(command, &options->exec);
    list_add(command, u->program);
    list_add(command, "-events=3");
    list_add(command, text("-tempdir=%s", u->folder));
    list_add_all(command, &options->program_flags);
    if (options->verbose)
        list_add(command, "-v");
}

/* Until the program has ended and said all. */
static void attend(struct talk *talk, int pid, struct ending *end, int from, int *signalled)
{
    bool open = true;
    while (pid > 0 || open) {
        int signal = child_reap(&pid, end, 1);
        *signalled = signal ? signal : *signalled;
        struct pollfd p[] = {{.fd = open ? from : -1, .events = POLLIN},
                             {.fd = child_signals(), .events = POLLIN}};
        /* When it has ended, what it had to say is in the pipe. */
        int n = poll(p, 2, pid == 0 ? 0 : p[1].fd < 0 ? 10 : -1);
        if (n > 0 && p[0].revents)
            open = listen_to(talk, from);
        else if (n == 0 && pid == 0)
            break; /* a process that a test has left keeps it open */
        if (pid > 0 && report_is_unread() && *signalled != SIGPIPE) {
            *signalled = SIGPIPE;
            kill(pid, SIGTERM); /* and the kernel kills its tests */
        }
    }
}

/* Why it ended before its tests had, or NULL. */
static const char *trouble(const struct talk *talk, const struct list *command,
                           const struct ending *end)
{
    if (end->error)
        return text("cannot run %s: %s", command->item[0], strerror(end->error));
    if (talk->ended)
        return NULL;
    if (WIFSIGNALED(end->status))
        return text("the tests' program ended by signal %d (%s)", WTERMSIG(end->status),
                    strsignal(WTERMSIG(end->status)));
    return text("the tests' program ended early, exit status %d", WEXITSTATUS(end->status));
}

static void sum_up(const struct talk *talk, const struct test_options *options, int64_t took,
                   const char *why, struct test_totals *totals)
{
    const struct test_totals *sum = &talk->sum;
    bool none = !why && sum->passed + sum->failed + sum->skipped == 0;
    const char *remark = none ? "[no tests to run]" : "";
    if (options->cover && !why)
        remark = text("%s%s%s", remark, none ? " " : "", cover_read(talk->unit));
    if (why)
        fprintf(stderr, "# %s\n%s\n", talk->unit->label, why);
    totals->passed += sum->passed;
    totals->failed += sum->failed + (why != NULL);
    totals->skipped += sum->skipped;
    junit_end(took, why);
    report_end(talk->unit, why || sum->failed ? "FAIL" : "ok", took, remark);
}

bool test_run(const struct unit *unit, const struct test_options *options,
              struct test_totals *totals, int *signalled)
{
    struct talk talk = {.unit = unit};
    struct list command = {0};
    struct ending end = {0};
    int ends[2];
    int64_t start = now();
    compose(&command, unit, options);
    compile_say(&options->flags, &command);
    report_begin(unit, options);
    junit_begin(unit);
    int pid = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        end.error = errno;
    } else {
        const struct child_setup setup = {
            .fixed_addresses = compile_fixed_addresses(&options->flags),
            .folder = unit->dir,
            .descriptor = ends[1],
        };
        pid = child_start(&end, command.item[0], &command, &setup);
        *signalled = end.signalled;
        close(ends[1]);
        if (pid > 0)
            attend(&talk, pid, &end, ends[0], signalled);
        close(ends[0]);
    }
    free(talk.in.bytes);
    sum_up(&talk, options, now() - start, trouble(&talk, &command, &end), totals);
    return end.error == 0;
}
