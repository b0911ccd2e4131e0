/* SPDX-License-Identifier: MIT */
/* Other programs: what goes in and comes out, how they end, and that all of them end. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft.h>

static weft_ctx *forever(void) { return weft_background(); }

static const char *const *sh(const char *script)
{
    static const char *argv[4];
    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = script;
    argv[3] = NULL;
    return argv;
}

WEFT_TEST(output_and_status)
{
    weft_exec_result r;
    weft_check(weft_exec(forever(), sh("echo out; echo err >&2; exit 3"), NULL, &r), ==, 0);
    weft_check(r.status, ==, 3);
    weft_check(r.signal, ==, 0);
    weft_check(r.out, ==, "out\n");
    weft_check(r.err, ==, "err\n");
    weft_check(r.out_len == 4 && r.err_len == 4);
    weft_exec_result_free(&r);
    weft_check(r.out == NULL);
    weft_check(weft_exec(forever(), sh("kill -TERM $$"), NULL, &r), ==, 0);
    weft_check(r.status, ==, -1);
    weft_check(r.signal, ==, SIGTERM);
    weft_check(r.out, ==, "");
    weft_exec_result_free(&r);
    weft_exec_opts opts = {.err_to_out = true};
    weft_check(weft_exec(forever(), sh("echo one; echo two >&2"), &opts, &r), ==, 0);
    weft_check(r.out, ==, "one\ntwo\n");
    weft_check(r.err, ==, "");
    weft_exec_result_free(&r);
}

/* An emulator may make a fork() of vfork(), and then nobody learns of a failed exec. */
static bool exec_failures_show(void)
{
    const char *none[] = {"weft-no-such-program", NULL};
    pid_t pid;
    if (posix_spawnp(&pid, none[0], NULL, NULL, (char **)none, NULL) != 0)
        return true;
    waitpid(pid, NULL, 0);
    return false;
}

WEFT_TEST(what_cannot_be_started)
{
    weft_exec_result r;
    if (!exec_failures_show())
        weft_skip("posix_spawn() does not tell of a failed exec here");
    const char *none[] = {"weft-no-such-program", NULL}, *dir[] = {"/", NULL};
    weft_check(weft_exec(forever(), none, NULL, &r), ==, -ENOENT);
    weft_check(weft_exec(forever(), dir, NULL, &r), ==, -EACCES);
    weft_exec_opts opts = {.dir = "/weft-no-such-folder"};
    weft_check(weft_exec(forever(), sh("true"), &opts, &r), ==, -ENOENT);
    weft_check(r.status, ==, -1);
    weft_proc *p = (weft_proc *)&r;
    weft_check(weft_proc_start(forever(), none, NULL, &p), ==, -ENOENT);
    weft_check(p == NULL);
}

/* More than pipes hold, both ways at the same time. */
WEFT_TEST(input_goes_through)
{
    size_t n = 1 << 20;
    char *text = malloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i % 23);
    const char *cat[] = {"cat", NULL}, *none[] = {"true", NULL};
    weft_exec_opts opts = {.in = text, .in_len = n};
    weft_exec_result r;
    weft_check(weft_exec(forever(), cat, &opts, &r), ==, 0);
    weft_check(r.out_len == n && memcmp(r.out, text, n) == 0);
    weft_exec_result_free(&r);
    weft_check(weft_exec(forever(), none, &opts, &r), ==, 0); /* it reads nothing */
    weft_check(r.status, ==, 0);
    weft_exec_result_free(&r);
    weft_check(weft_exec(forever(), cat, NULL, &r), ==, 0); /* no input is an empty one */
    weft_check(r.out_len, ==, 0u);
    weft_exec_result_free(&r);
    free(text);
}

WEFT_TEST(folder_and_environment)
{
    const char *env[] = {"WORD=weft", NULL};
    weft_exec_opts opts = {.dir = "/", .env = env};
    weft_exec_result r;
    weft_check(weft_exec(forever(), sh("pwd; echo $WORD"), &opts, &r), ==, 0);
    weft_check(r.out, ==, "/\nweft\n");
    weft_exec_result_free(&r);
    sigset_t set; /* signals that we block are not blocked there */
    sigfillset(&set);
    weft_pin();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    weft_check(weft_exec(forever(), sh("kill -USR1 $$"), NULL, &r), ==, 0);
    weft_check(r.signal, ==, SIGUSR1);
    weft_exec_result_free(&r);
}

WEFT_TEST(too_much_output_ends_it)
{
    weft_exec_opts opts = {.out_max = 10000};
    weft_exec_result r;
    weft_check(weft_exec(forever(), sh("while :; do echo line; done"), &opts, &r), ==, -EOVERFLOW);
    weft_check(r.out_len, ==, 10000u);
    weft_check(r.signal, ==, SIGKILL);
    weft_exec_result_free(&r);
    weft_check(waitpid(-1, NULL, WNOHANG), ==, -1); /* no child, no zombie */
}

/* A pipe that a program keeps open as long as it lives, and all that it started. */
static int still_open(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 10000) != 1;
}

static void cancel_when_begun(weft_ctx *ctx, int fd)
{
    char c;
    weft_check(weft_read(forever(), fd, &c, 1), ==, 1);
    weft_ctx_cancel(ctx);
}

/* @script: a format that is given the pipe's number. */
static void check_killed(const weft_exec_opts *opts, const char *script, int signal)
{
    int fd[2];
    weft_check(pipe(fd), ==, 0); /* survives exec */
    char with_pipe[200];
    snprintf(with_pipe, sizeof with_pipe, script, fd[1]);
    weft_exec_result r;
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(forever());
    weft_wg_go(&wg, cancel_when_begun, ctx, fd[0]);
    weft_check(weft_exec(ctx, sh(with_pipe), opts, &r), ==, -ECANCELED);
    weft_wg_wait(&wg);
    weft_expect(r.signal, ==, signal);
    weft_expect(r.out, ==, "begun\n");
    weft_exec_result_free(&r);
    close(fd[1]);
    weft_check(!still_open(fd[0])); /* the children are gone too */
    close(fd[0]);
    weft_check(waitpid(-1, NULL, WNOHANG), ==, -1);
}

WEFT_TEST(the_context_kills_the_group)
{
    check_killed(NULL, "echo begun; echo >&%d; sleep 1000 & sleep 1000 & wait", SIGKILL);
    check_killed(NULL, "trap '' TERM; echo begun; echo >&%d; sleep 1000 & wait; sleep 1000",
                 SIGKILL);
}

WEFT_TEST(grace_lets_it_end_in_good_order)
{
    weft_exec_opts patient = {.grace = 10 * WEFT_SECOND}, brief = {.grace = 20 * WEFT_MILLISECOND};
    check_killed(&patient, "trap 'exit 5' TERM; echo begun; echo >&%d; sleep 1000 & wait", 0);
    check_killed(&brief, "trap '' TERM; echo begun; echo >&%d; sleep 1000 & wait; sleep 1000",
                 SIGKILL);
}

WEFT_TEST(an_ended_context_starts_nothing)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(forever());
    weft_ctx_cancel(ctx);
    weft_exec_result r;
    weft_proc *p;
    weft_check(weft_exec(ctx, sh("true"), NULL, &r), ==, -ECANCELED);
    weft_check(weft_proc_start(ctx, sh("true"), NULL, &p), ==, -ECANCELED);
    weft_check(p == NULL);
    weft_check(waitpid(-1, NULL, WNOHANG), ==, -1);
}

WEFT_TEST(step_by_step)
{
    weft_auto(weft_proc, p) = NULL;
    weft_proc_opts opts = {.in = true, .out = true, .err = true};
    int err = weft_proc_start(
        forever(), sh("while read x; do echo got $x; done; echo end >&2; exit 4"), &opts, &p);
    weft_check(err, ==, 0);
    char buf[100];
    for (int i = 0; i < 3; i++) {
        weft_check(weft_write_all(forever(), weft_proc_in(p), "word\n", 5), ==, 5);
        weft_check(weft_read_full(forever(), weft_proc_out(p), buf, 9), ==, 9);
        weft_check(memcmp(buf, "got word\n", 9) == 0);
    }
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(forever(), WEFT_MILLISECOND);
    int status;
    weft_check(weft_proc_wait(soon, p, &status), ==, -ETIMEDOUT);
    weft_proc_close_in(p);
    weft_check(weft_proc_in(p), ==, -1);
    weft_check(weft_read(forever(), weft_proc_err(p), buf, sizeof buf), ==, 4);
    weft_check(weft_read(forever(), weft_proc_out(p), buf, sizeof buf), ==, 0);
    weft_check(weft_proc_wait(forever(), p, &status), ==, 0);
    weft_check(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    weft_check(weft_proc_wait(forever(), p, NULL), ==, 0);
    weft_check(weft_proc_kill(p, SIGTERM), ==, -ESRCH);
}

WEFT_TEST(a_process_that_is_let_go_is_ended)
{
    {
        weft_auto(weft_proc, p) = NULL;
        weft_check(weft_proc_start(forever(), sh("sleep 1000"), NULL, &p), ==, 0);
        weft_check(weft_proc_kill(p, 0), ==, 0);
    }
    weft_check(waitpid(-1, NULL, WNOHANG), ==, -1);
}

static int run_one(int i)
{
    char script[40];
    weft_exec_result r;
    snprintf(script, sizeof script, "echo %d; exit %d", i, i);
    const char *argv[] = {"sh", "-c", script, NULL};
    int err = weft_exec(forever(), argv, NULL, &r);
    int ok = err == 0 && r.status == i && atoi(r.out) == i;
    weft_exec_result_free(&r);
    return ok ? 0 : -1;
}

WEFT_TEST(many_at_once)
{
    weft_auto(weft_group, g) = weft_group_new(forever());
    for (int i = 0; i < 30; i++)
        weft_group_go(g, run_one, i);
    weft_check(weft_group_wait(g), ==, 0);
    weft_check(waitpid(-1, NULL, WNOHANG), ==, -1);
}

WEFT_TEST(who_reaps_it_away)
{
    weft_auto(weft_proc, p) = NULL;
    weft_check(weft_proc_start(forever(), sh("exit 1"), NULL, &p), ==, 0);
    weft_check(weft_blocking(waitpid, weft_proc_pid(p), (int *)NULL, 0), ==, weft_proc_pid(p));
    weft_check(weft_proc_wait(forever(), p, NULL), ==, -ECHILD);
}
