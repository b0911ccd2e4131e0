/* SPDX-License-Identifier: MIT */
/*
 * child.c - running another program in our place; see child.h for who gets which signal.
 *
 * There are no signal handlers at work.  The signals stay blocked from child_hold_signals() on, and
 * the one loop that waits for the child takes them one by one, so nothing can come in between two
 * lines of ours.
 */
#define _GNU_SOURCE /* prctl, personality, SOCK_CLOEXEC */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"

static const int handed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

static struct {
    sigset_t awaited; /* what the loop takes: handed_on[] and SIGCHLD */
    sigset_t mask;    /* our caller's, which the children get back */
} held;

static void child_ended(int signal) { (void)signal; }

void child_hold_signals(void)
{
    sigemptyset(&held.awaited);
    for (size_t i = 0; i < sizeof handed_on / sizeof *handed_on; i++) {
        struct sigaction now;
        sigaction(handed_on[i], NULL, &now);
        if (now.sa_handler != SIG_IGN)
            sigaddset(&held.awaited, handed_on[i]);
    }
    /* Had our caller set SIGCHLD to be ignored, the kernel would reap our children unseen, and the
     * compiler's too; and a blocked signal is sure to wait for us only if it has a handler. */
    struct sigaction handler = {.sa_handler = child_ended};
    sigaction(SIGCHLD, &handler, NULL);
    sigaddset(&held.awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &held.awaited, &held.mask);
}

static void send_on(struct ending *end, pid_t child, const siginfo_t *info, bool is_there)
{
    end->signalled = info->si_signo;
    bool sent_by_a_process = info->si_code <= 0;
    if (!is_there || (sent_by_a_process && info->si_pid != child))
        kill(child, info->si_signo);
}

/*
 * What came in before there was a child reached us alone, wherever it came from.  The child still
 * blocks its signals, so one that it has already is not doubled by sending it again.
 */
static void send_on_earlier(struct ending *end, pid_t child)
{
    const struct timespec now = {0, 0};
    siginfo_t info;
    while (sigtimedwait(&held.awaited, &info, &now) > 0)
        if (info.si_signo != SIGCHLD)
            send_on(end, child, &info, false);
}

/* Its folder, its output and the descriptor that it is given; an errno value, or 0. */
static int set_up(const struct child_setup *setup)
{
    if (setup->folder && chdir(setup->folder) != 0)
        return errno;
    if (setup->output) {
        int file = open(setup->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
            return errno;
    }
    if (setup->descriptor == 3)
        return fcntl(3, F_SETFD, 0) == 0 ? 0 : errno;
    return setup->descriptor == 0 || dup2(setup->descriptor, 3) == 3 ? 0 : errno;
}

/* In the new process: once the parent says so become the program, or tell it why not. */
static void become(const char *path, const struct list *argv, const struct child_setup *setup,
                   int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent == 3)
        parent = fcntl(parent, F_DUPFD_CLOEXEC, 4);
    char go;
    if (read(parent, &go, 1) != 1)
        _exit(STATUS_TROUBLE); /* it was killed before the line above */
    if (setup->fixed_addresses)
        personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
    sigprocmask(SIG_SETMASK, &held.mask, NULL);
    int error = set_up(setup);
    if (error == 0) {
        /* execvp() would hand a file of an unknown kind to the shell, so it only looks up. */
        if (strchr(path, '/'))
            execv(path, (char *const *)argv->item);
        else
            execvp(path, (char *const *)argv->item);
        error = errno;
    }
    bool told = write(parent, &error, sizeof error) == sizeof error;
    _exit(told ? STATUS_TROUBLE : 127);
}

static void wait_for(struct ending *end, pid_t child)
{
    while (waitpid(child, &end->status, WNOHANG) != child) {
        siginfo_t info;
        int signal = sigwaitinfo(&held.awaited, &info);
        if (signal > 0 && signal != SIGCHLD)
            send_on(end, child, &info, true);
    }
}

/* Started, and told to begin; its end may be that it could not become the program. */
static pid_t begin(struct ending *end, const char *path, const struct list *argv,
                   const struct child_setup *setup)
{
    /* The word to begin goes one way; an errno value comes back, or nothing after an exec. */
    int talk[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) != 0) {
        end->error = errno;
        return 0;
    }
    pid_t child = fork();
    if (child < 0)
        end->error = errno;
    if (child == 0) {
        close(talk[0]);
        become(path, argv, setup, talk[1]);
    }
    close(talk[1]);
    if (child > 0) {
        send_on_earlier(end, child);
        int error;
        bool begun = send(talk[0], "", 1, MSG_NOSIGNAL) == 1;
        if (begun && read(talk[0], &error, sizeof error) == sizeof error)
            end->error = error;
    }
    close(talk[0]);
    return child > 0 ? child : 0;
}

struct ending child_run(const char *path, const struct list *argv, bool fixed_addresses)
{
    struct ending end = {0};
    const struct child_setup setup = {.fixed_addresses = fixed_addresses};
    pid_t child = begin(&end, path, argv, &setup);
    if (child > 0)
        wait_for(&end, child);
    return end;
}

int child_start(struct ending *end, const char *path, const struct list *argv,
                const struct child_setup *setup)
{
    *end = (struct ending){0};
    pid_t child = begin(end, path, argv, setup);
    if (child > 0 && end->error) {
        wait_for(end, child);
        child = 0;
    }
    return child;
}

int child_reap(int *pid, struct ending *end, size_t count)
{
    const struct timespec now = {0, 0};
    siginfo_t info;
    int last = 0;
    while (sigtimedwait(&held.awaited, &info, &now) > 0) {
        if (info.si_signo == SIGCHLD)
            continue;
        last = info.si_signo;
        for (size_t i = 0; i < count; i++)
            if (pid[i] > 0)
                send_on(&end[i], pid[i], &info, true);
    }
    for (size_t i = 0; i < count; i++)
        if (pid[i] > 0 && waitpid(pid[i], &end[i].status, WNOHANG) == pid[i])
            pid[i] = 0;
    return last;
}

int child_signals(void)
{
    static int signals = -1;
    if (signals < 0)
        signals = signalfd(-1, &held.awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals;
}

void child_await(void)
{
    /* Without the descriptor, look again from time to time. */
    struct pollfd p = {.fd = child_signals(), .events = POLLIN};
    poll(&p, 1, p.fd < 0 ? 10 : -1);
}

void end_by_signal(int signal)
{
    prctl(PR_SET_DUMPABLE, 0);
    struct sigaction dies = {.sa_handler = SIG_DFL};
    sigaction(signal, &dies, NULL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    raise(signal);
    _exit(128 + signal);
}
