/* SPDX-License-Identifier: MIT */
/*
 * weft/exec.h - run other programs.
 *
 *     const char *argv[] = {"tar", "-czf", "-", dir, NULL};
 *     weft_exec_result r;
 *     int err = weft_exec(ctx, argv, NULL, &r);
 *     if (err == 0 && r.status == 0)
 *         keep(r.out, r.out_len);
 *     weft_exec_result_free(&r);
 *
 * A program begins in a process group of its own, with no signal blocked, and
 * without the caller's descriptors, except for those not marked to be closed on
 * exec, as weft's are.  When the context ends the whole group is killed, so that
 * what the program has started goes too.
 *
 * After fork().  A child that the program forks itself has one thread and no
 * runtime: it may exec or _exit, and what would have to wait or start a
 * goroutine there panics with a message that says so.  These calls do not fork
 * (posix_spawn), so they work at any time.
 */
#ifndef WEFT_EXEC_H
#define WEFT_EXEC_H

#include "weft/base.h"
#include "weft/io.h"

WEFT_BEGIN_DECLS

/** weft_exec_opts - what weft_exec() may be told; zero fields mean the default. */
typedef struct weft_exec_opts {
    const char *dir;         /* where it runs; default: here */
    const char *const *env;  /* "NAME=value", ended by NULL; default: the caller's */
    const void *in;          /* what it reads from standard input; default: nothing */
    size_t in_len;
    size_t out_max;          /* bytes kept of each output; default 64 MiB; beyond: -EOVERFLOW */
    bool inherit_out;        /* standard output is the caller's, and is not kept */
    bool inherit_err;        /* the same for standard error */
    bool err_to_out;         /* standard error goes where standard output goes */
    weft_duration grace;     /* when the context ends: SIGTERM, and SIGKILL only after this */
} weft_exec_opts;

/** weft_exec_result - how it ended, and what it wrote. */
typedef struct weft_exec_result {
    int status;    /* exit status 0 to 255; -1 when a signal ended it */
    int signal;    /* that signal, or 0 */
    char *out;     /* standard output, with a NUL after it; never NULL after 0 was returned */
    size_t out_len;
    char *err;     /* standard error */
    size_t err_len;
} weft_exec_result;

/**
 * weft_exec - run a program to its end, feed it, and keep what it writes.
 *
 * @argv: its arguments, ended by NULL; argv[0] without a slash is looked for in
 * PATH.  @opts may be NULL.  @result is the caller's, filled in always, and to be
 * released by weft_exec_result_free().
 *
 * Blocks:   the goroutine, until the program has ended and its pipes have been
 *           read to their end.  A child that it leaves behind with a pipe open is
 *           waited for too.
 * Call in:  a goroutine, or any thread while the runtime runs.
 * Returns:  0 when it ran, however it ended.  A negative errno value when it could
 *           not be started, as -ENOENT; the context's error, when that ended
 *           first and the program was killed, with what it had written until
 *           then; -EOVERFLOW when it wrote too much, and was killed for it.
 * Misuse:   panics when argv or argv[0] is NULL.
 */
#define weft_exec(ctx, argv, opts, result)                                                         \
    WEFT_IMPL_IO(int, (weft_exec)((ctx), (argv), (opts), (result)))
WEFT_API int (weft_exec)(weft_ctx *ctx, const char *const *argv, const weft_exec_opts *opts,
                         weft_exec_result *result);

/** weft_exec_result_free - release what it wrote. */
WEFT_API void weft_exec_result_free(weft_exec_result *result);

/* ---- step by step ------------------------------------------------------------ */

/** weft_proc - a program that was started; it belongs to who started it. */
typedef struct weft_proc weft_proc;

/** weft_proc_opts - for weft_proc_start(); zero fields mean the default. */
typedef struct weft_proc_opts {
    const char *dir;
    const char *const *env;
    bool in, out, err;   /* a pipe to this one's standard input, from its outputs */
    bool inherit_in;     /* without a pipe: the caller's standard input; default: /dev/null */
    bool err_to_out;
    weft_duration grace;
} weft_proc_opts;

/**
 * weft_proc_start - start a program; it is killed with its group when @ctx ends.
 *
 *     weft_auto(weft_proc, p) = NULL;
 *     int err = weft_proc_start(ctx, argv, &(weft_proc_opts){.in = true, .out = true}, &p);
 *     ...
 *     weft_write_all(ctx, weft_proc_in(p), line, n);
 *     weft_proc_close_in(p);                      // it sees the end of its input
 *     weft_read(ctx, weft_proc_out(p), buf, sizeof buf);
 *     err = weft_proc_wait(ctx, p, &status);
 *
 * Outputs without a pipe are the caller's.
 *
 * Blocks:   the thread, until the program's exec.
 * Returns:  0, or a negative errno value; then *@p is NULL.
 */
#define weft_proc_start(ctx, argv, opts, p)                                                        \
    WEFT_IMPL_IO(int, (weft_proc_start)((ctx), (argv), (opts), (p)))
WEFT_API int (weft_proc_start)(weft_ctx *ctx, const char *const *argv, const weft_proc_opts *opts,
                               weft_proc **p);

/** weft_proc_in, _out, _err - the pipes' ends; -1 when there is none.  They belong to @p. */
WEFT_API int weft_proc_in(const weft_proc *p);
WEFT_API int weft_proc_out(const weft_proc *p);
WEFT_API int weft_proc_err(const weft_proc *p);

/** weft_proc_close_in - the end of its input. */
WEFT_API void weft_proc_close_in(weft_proc *p);

/** weft_proc_pid - its process, and the number of its group. */
WEFT_API int weft_proc_pid(const weft_proc *p);

/** weft_proc_kill - a signal to its group; 0, or -ESRCH when it has been waited for. */
WEFT_API int weft_proc_kill(weft_proc *p, int sig);

/**
 * weft_proc_wait - wait until it has ended, and reap it.
 *
 * @status as of waitpid(2); may be NULL.  Waiting again tells the same.
 *
 * Blocks:   the goroutine.
 * Returns:  0; or the error of @ctx when that ended first, and then waiting with
 *           another context goes on.  -ECHILD when somebody else reaped it: by waitpid(-1), or because
 *           SIGCHLD is ignored.
 */
#define weft_proc_wait(ctx, p, status) WEFT_IMPL_IO(int, (weft_proc_wait)((ctx), (p), (status)))
WEFT_API int (weft_proc_wait)(weft_ctx *ctx, weft_proc *p, int *status);

/** weft_proc_free - close its pipes; kill and reap it if it has not been waited for.  NULL is allowed. */
WEFT_API void weft_proc_free(weft_proc *p);

static inline void weft_proc_cleanup(weft_proc **p) { weft_proc_free(*p); }

WEFT_END_DECLS

#endif /* WEFT_EXEC_H */
