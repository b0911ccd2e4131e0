/* SPDX-License-Identifier: MIT */
/*
 * Other programs.
 *
 * A process is started by posix_spawn(), which neither copies our memory nor
 * runs anything of ours in the child.  It leads a group of its own; killing is
 * for the group.  A group's number is taken as long as its leader was not
 * reaped, so killing and reaping exclude each other by the lock, and nothing is
 * killed after.  When the context has ended, what the leader left of its group is
 * killed before it is reaped.
 *
 * The end is learned from a pidfd.  Where there is none, as before Linux 5.3,
 * waitpid() is asked again and again, at most every NAP_MAX.
 *
 * The record is shared by who started the process and by the call that a
 * context's end makes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "platform/platform.h"
#include "sched/netpoll.h"
#include "weft/context.h"
#include "weft/exec.h"
#include "weft/go.h"
#include "weft/panic.h"
#include "weft/sync.h"

#define NAP_MIN (500 * WEFT_MICROSECOND)
#define NAP_MAX (20 * WEFT_MILLISECOND)
#define OUT_MAX ((size_t)64 << 20)

struct weft_proc {
    struct lock lock; /* guards: reaped, ending, status, shares */
    bool reaped;
    bool ending; /* the context has ended: nobody of the group outlives the leader */
    int status;  /* of waitpid(), or a negative errno value */
    int shares;
    int pid, pidfd;
    int in, out, err; /* our ends */
    weft_duration grace;
    weft_ctx_call at_end;
};

extern char **environ;

/* ---- pipes ------------------------------------------------------------------------- */

/* Above the standard ones, which are about to be replaced in the child. */
static int moved_up(int fd)
{
    if (fd > 2)
        return fd;
    int up = fcntl(fd, F_DUPFD_CLOEXEC, 3), err = -errno;
    close(fd);
    return up < 0 ? err : up;
}

/* A pipe whose end `ours` (0: reads, 1: writes) is non-blocking; the other is as
 * programs expect it. */
static int make_pipe(int fd[2], int ours)
{
    if (pipe2(fd, O_CLOEXEC) != 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        int up = moved_up(fd[i]);
        if (up < 0) {
            if (i == 1)
                close(fd[0]);
            else
                close(fd[1]);
            return up;
        }
        fd[i] = up;
    }
    fcntl(fd[ours], F_SETFL, fcntl(fd[ours], F_GETFL) | O_NONBLOCK);
    weft__fd_new(fd[ours]);
    return 0;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        weft_fd_close(*fd);
    *fd = -1;
}

/* ---- starting ------------------------------------------------------------------------ */

struct plan {
    posix_spawn_file_actions_t actions;
    int theirs[3]; /* the child's ends; -1: none */
};

static int plan_pipe(struct plan *plan, int target, int *ours)
{
    int fd[2], our = target == 0;
    int err = make_pipe(fd, our);
    if (err != 0)
        return err;
    *ours = fd[our];
    plan->theirs[target] = fd[!our];
    return -posix_spawn_file_actions_adddup2(&plan->actions, fd[!our], target);
}

static int make_plan(struct plan *plan, const weft_proc_opts *o, struct weft_proc *p)
{
    int err = 0;
    if (o->in)
        err = plan_pipe(plan, 0, &p->in);
    else if (!o->inherit_in)
        err = -posix_spawn_file_actions_addopen(&plan->actions, 0, "/dev/null", O_RDONLY, 0);
    if (err == 0 && o->out)
        err = plan_pipe(plan, 1, &p->out);
    if (err == 0 && o->err_to_out)
        err = -posix_spawn_file_actions_adddup2(&plan->actions, 1, 2);
    else if (err == 0 && o->err)
        err = plan_pipe(plan, 2, &p->err);
    if (err == 0 && o->dir)
        err = -posix_spawn_file_actions_addchdir_np(&plan->actions, o->dir);
    return err;
}

static int spawn(struct plan *plan, const char *const *argv, const weft_proc_opts *o, int *pid)
{
    posix_spawnattr_t attr;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    int err = -posix_spawnp(pid, argv[0], &plan->actions, &attr, (char *const *)argv,
                            o->env ? (char *const *)o->env : environ);
    posix_spawnattr_destroy(&attr);
    /* Where an emulator makes fork() of vfork() the child may not be so far yet. */
    if (err == 0)
        setpgid(*pid, *pid);
    return err;
}

static void let_go(struct weft_proc *p)
{
    weft__lock(&p->lock);
    bool last = --p->shares == 0;
    weft__unlock(&p->lock);
    if (last)
        weft__free(p, sizeof *p);
}

int weft_proc_kill(weft_proc *p, int sig)
{
    weft__lock(&p->lock);
    int r = p->reaped ? -ESRCH : kill(-p->pid, sig) != 0 ? -errno : 0;
    weft__unlock(&p->lock);
    return r;
}

/* The context has ended. */
static void put_an_end(struct weft_proc *p)
{
    weft__lock(&p->lock);
    p->ending = true;
    weft__unlock(&p->lock);
    if (p->grace > 0 && weft_proc_kill(p, SIGTERM) == 0) {
        weft_time until = weft_now() + p->grace;
        weft_duration nap = NAP_MIN, left;
        /* What was killed may be reaped at any moment, and then we are done. */
        while (weft_proc_kill(p, 0) == 0 && (left = until - weft_now()) > 0) {
            (void)weft_sleep(weft_background(), nap < left ? nap : left);
            nap = nap < NAP_MAX ? nap * 2 : nap;
        }
    }
    weft_proc_kill(p, SIGKILL);
    let_go(p);
}

int(weft_proc_start)(weft_ctx *ctx, const char *const *argv, const weft_proc_opts *opts,
                     weft_proc **out)
{
    static const weft_proc_opts defaults;
    const weft_proc_opts *o = opts ? opts : &defaults;
    if (!argv || !argv[0])
        weft_panic("weft_proc_start: no program is named");
    *out = NULL;
    int err = weft_ctx_err(ctx);
    if (err != 0)
        return err;
    struct weft_proc *p = weft__alloc_zero(sizeof *p);
    if (!p)
        return -ENOMEM;
    *p = (struct weft_proc){
        .shares = 1, .pidfd = -1, .in = -1, .out = -1, .err = -1, .grace = o->grace};
    struct plan plan = {.theirs = {-1, -1, -1}};
    posix_spawn_file_actions_init(&plan.actions);
    err = make_plan(&plan, o, p);
    if (err == 0)
        err = spawn(&plan, argv, o, &p->pid);
    posix_spawn_file_actions_destroy(&plan.actions);
    for (int i = 0; i < 3; i++)
        if (plan.theirs[i] >= 0)
            close(plan.theirs[i]);
    if (err != 0) {
        shut(&p->in);
        shut(&p->out);
        shut(&p->err);
        weft__free(p, sizeof *p);
        return err;
    }
    p->pidfd = weft__process_fd(p->pid);
    if (p->pidfd >= 0)
        weft__fd_new(p->pidfd);
    p->shares = 2;
    p->at_end = weft_ctx_after_func(ctx, put_an_end, p);
    *out = p;
    return 0;
}

/* ---- while it runs ----------------------------------------------------------------------- */

int weft_proc_in(const weft_proc *p) { return p->in; }

int weft_proc_out(const weft_proc *p) { return p->out; }

int weft_proc_err(const weft_proc *p) { return p->err; }

int weft_proc_pid(const weft_proc *p) { return p->pid; }

void weft_proc_close_in(weft_proc *p) { shut(&p->in); }

/* True when it has ended, and its status is known. */
static bool reap(struct weft_proc *p)
{
    weft__lock(&p->lock);
    if (!p->reaped) {
        int status, r;
        siginfo_t ended = {.si_pid = 0};
        if (p->ending && waitid(P_PID, (id_t)p->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid != 0)
            kill(-p->pid, SIGKILL);
        do
            r = waitpid(p->pid, &status, WNOHANG);
        while (r < 0 && errno == EINTR);
        p->reaped = r != 0;
        p->status = r < 0 ? -errno : status;
    }
    bool over = p->reaped;
    weft__unlock(&p->lock);
    return over;
}

int(weft_proc_wait)(weft_ctx *ctx, weft_proc *p, int *status)
{
    int err = weft_ctx_err(ctx);
    if (err != 0)
        return err;
    weft_duration nap = NAP_MIN;
    while (!reap(p)) {
        if (p->pidfd >= 0)
            err = weft_wait_fd(ctx, p->pidfd, POLLIN);
        else
            err = weft_sleep(ctx, nap);
        nap = nap < NAP_MAX ? nap * 2 : nap;
        if (err < 0)
            return err;
    }
    if (p->status < 0)
        return p->status;
    if (status)
        *status = p->status;
    return 0;
}

void weft_proc_free(weft_proc *p)
{
    if (!p)
        return;
    if (weft_ctx_call_stop(p->at_end))
        let_go(p);
    shut(&p->in);
    shut(&p->out);
    shut(&p->err);
    weft_proc_kill(p, SIGKILL);
    (void)weft_proc_wait(weft_background(), p, NULL);
    shut(&p->pidfd);
    let_go(p);
}

/* ---- from beginning to end ------------------------------------------------------------------ */

struct output {
    char *at;
    size_t len, room, max;
};

/* One more byte than what is kept, for the NUL. */
static bool make_room(struct output *o)
{
    size_t room = o->room ? o->room * 2 : 4096;
    char *at = realloc(o->at, room);
    if (!at)
        return false;
    o->at = at;
    o->room = room;
    return true;
}

static int collect_to(weft_ctx *ctx, int fd, struct output *o)
{
    for (;;) {
        if (o->room - o->len < 2 && !make_room(o))
            return -ENOMEM;
        ssize_t n = weft_read(ctx, fd, o->at + o->len, o->room - o->len - 1);
        if (n <= 0)
            return (int)n;
        o->len += (size_t)n;
        if (o->len > o->max) {
            o->len = o->max;
            return -EOVERFLOW;
        }
    }
}

struct run {
    weft_ctx *ctx;     /* ends the program too */
    weft_ctx *reading; /* ends when, after that, the program is gone */
    weft_proc *p;
    const weft_exec_opts *opts;
    weft_wg stopper;
    struct output out, err;
};

/* What is in the pipe. */
static void drain(int fd, struct output *o)
{
    ssize_t n;
    while (o->len < o->max && (o->room - o->len >= 2 || make_room(o))) {
        size_t room = o->room - o->len - 1, rest = o->max - o->len;
        do
            n = read(fd, o->at + o->len, room < rest ? room : rest);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            break;
        o->len += (size_t)n;
    }
}

/* An error ends the rest; the first one counts. */
static void collect(struct run *r, int fd, struct output *o)
{
    int err = collect_to(r->reading, fd, o);
    if (err == 0)
        return;
    if (weft_ctx_err(r->reading) != 0)
        drain(fd, o);
    else
        weft_ctx_cancel_cause(r->ctx, err);
}

/* The context has ended.  What the program says until it is gone is still read;
 * what it started elsewhere may keep the pipes open for longer. */
static void stop_reading(struct run *r)
{
    (void)weft_proc_wait(weft_background(), r->p, NULL);
    weft_ctx_cancel(r->reading);
    weft_wg_done(&r->stopper);
}

static void feed(struct run *r)
{
    /* A program that has read enough closes its end: -EPIPE. */
    (void)weft_write_all(r->ctx, weft_proc_in(r->p), r->opts->in, r->opts->in_len);
    weft_proc_close_in(r->p);
}

static int run_it(struct run *r, int *status)
{
    weft_wg wg = {0};
    weft_wg_add(&r->stopper, 1);
    weft_ctx_call at_end = weft_ctx_after_func(r->ctx, stop_reading, r);
    if (weft_proc_in(r->p) >= 0)
        weft_wg_go(&wg, feed, r);
    if (weft_proc_err(r->p) >= 0)
        weft_wg_go(&wg, collect, r, weft_proc_err(r->p), &r->err);
    if (weft_proc_out(r->p) >= 0)
        collect(r, weft_proc_out(r->p), &r->out);
    weft_wg_wait(&wg);
    int err = weft_proc_wait(r->ctx, r->p, status);
    if (!weft_ctx_call_stop(at_end))
        weft_wg_wait(&r->stopper);
    if (err == 0 || err == -ECHILD)
        return err;
    /* It is being killed; with grace, it may end in good order. */
    int late = weft_proc_wait(weft_background(), r->p, status);
    return weft_ctx_cause(r->ctx) < 0 ? weft_ctx_cause(r->ctx) : late < 0 ? late : err;
}

static void finish(struct output *o, char **text, size_t *len)
{
    if (!o->at && !make_room(o))
        return;
    o->at[o->len] = '\0';
    *text = o->at;
    *len = o->len;
}

int(weft_exec)(weft_ctx *ctx, const char *const *argv, const weft_exec_opts *opts,
               weft_exec_result *result)
{
    static const weft_exec_opts defaults;
    const weft_exec_opts *o = opts ? opts : &defaults;
    *result = (weft_exec_result){.status = -1};
    if (!argv || !argv[0])
        weft_panic("weft_exec: no program is named");
    int err = weft_ctx_err(ctx);
    if (err != 0)
        return err;
    weft_proc_opts how = {
        .dir = o->dir,
        .env = o->env,
        .in = o->in_len > 0,
        .out = !o->inherit_out,
        .err = !o->inherit_err && !o->err_to_out,
        .err_to_out = o->err_to_out,
        .grace = o->grace,
    };
    size_t max = o->out_max ? o->out_max : OUT_MAX;
    weft_auto(weft_ctx, run_ctx) = weft_ctx_with_cancel(ctx);
    weft_auto(weft_proc, p) = NULL;
    weft_auto(weft_ctx, reading) = weft_ctx_with_cancel(weft_background());
    struct run r = {
        .ctx = run_ctx, .reading = reading, .opts = o, .out = {.max = max}, .err = {.max = max}};
    err = weft_proc_start(run_ctx, argv, &how, &p);
    if (err != 0)
        return err;
    r.p = p;
    int status = 0;
    err = run_it(&r, &status);
    finish(&r.out, &result->out, &result->out_len);
    finish(&r.err, &result->err, &result->err_len);
    if (err == 0 && (!result->out || !result->err))
        err = -ENOMEM;
    if (WIFSIGNALED(status))
        result->signal = WTERMSIG(status);
    else if (err != -ECHILD)
        result->status = WEXITSTATUS(status);
    int ended = weft_ctx_err(ctx);
    return err != 0 && ended != 0 ? ended : err;
}

void weft_exec_result_free(weft_exec_result *result)
{
    free(result->out);
    free(result->err);
    *result = (weft_exec_result){.status = -1};
}
