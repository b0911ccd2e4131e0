/* SPDX-License-Identifier: MIT */
/*
 * The end of the process, by report.
 *
 * Whoever comes first writes; all others that have something fatal to say wait
 * for ever, which is until the first has ended the process.  Exit handlers are
 * not run: the other threads are still at work on what they would tear down.
 * What the program has written to its streams is flushed, but not at any price,
 * since a stream may be locked by a thread that waits for input.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch/switch.h"
#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/report.h"
#include "platform/platform.h"

#define FLUSH_NS ((int64_t)200 * 1000 * 1000)

static uint32_t reporter; /* thread id of the one that reports */

bool weft__dying_claim(void)
{
    static uint32_t never;
    uint32_t before = 0, me = (uint32_t)weft__thread_id();
    if (cas_seq(&reporter, &before, me))
        return true;
    if (before == me)
        return false;
    for (;;)
        weft__futex_wait(&never, 0, -1);
}

static void flush_one(FILE *file)
{
    int64_t until = 0;
    while (ftrylockfile(file) != 0) {
        int64_t now = weft__now();
        if (until == 0)
            until = now + FLUSH_NS;
        if (now > until)
            return;
        weft__thread_sleep(1000 * 1000);
    }
    fflush_unlocked(file);
    funlockfile(file);
}

void weft__flush_stdout(void)
{
    flush_one(stdout);
    flush_one(stderr);
}

static void *flush_all(void *done)
{
    fflush(NULL);
    store_seq((uint32_t *)done, 1);
    weft__futex_wake(done, 1);
    return NULL;
}

/* Another thread does it, as it may wait for a stream's lock for ever. */
static void flush_the_rest(void)
{
    static uint32_t done;
    pthread_t thread;
    if (weft__thread_start(&thread, flush_all, &done, (size_t)256 << 10) != 0)
        return;
    int64_t until = weft__now() + FLUSH_NS, now;
    while (!load_seq(&done) && (now = weft__now()) < until)
        weft__futex_wait(&done, 0, until - now);
}

static void block_pipe_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* the status tells, also when nobody reads */
}

void weft__dying(void)
{
    if (!weft__dying_claim()) {
        struct text t;
        weft__text_fd(&t, STDERR_FILENO);
        weft__print(&t, "\nweft: a further error while the first was being reported\n");
        weft__flush(&t);
        weft__die(2);
    }
    block_pipe_signal();
    weft__flush_stdout();
    flush_the_rest();
}

void weft__die(int status) { _exit(status); }

struct last {
    struct text text;
    struct trace trace;
    struct g *self;
};

static void put_last(void *arg)
{
    struct last *l = arg;
    struct all all = {.self = l->self, .trace = &l->trace};
    weft__put_all(&l->text, &all);
}

/* The message may be about a report that failed; then it is all there is. */
static void report(struct last *l, const char *before, const char *format, va_list args)
{
    l->self = weft__self();
    bool first = weft__dying_claim();
    if (first) {
        block_pipe_signal();
        weft__flush_stdout();
        flush_the_rest();
    }
    weft__text_fd(&l->text, STDERR_FILENO);
    weft__print(&l->text, "%s", before);
    weft__vprint(&l->text, format, args);
    weft__put(&l->text, "\n", 1);
    if (first)
        weft__with_symbols(&l->text, put_last, l);
    weft__flush(&l->text);
}

noinline void weft__fatal(const char *format, ...)
{
    struct last l;
    va_list args;
    weft__trace_here(&l.trace, 0);
    va_start(args, format);
    report(&l, "fatal error: ", format, args);
    va_end(args);
    weft__die(2);
}

noinline void weft__throw(const char *format, ...)
{
    struct last l;
    va_list args;
    weft__trace_here(&l.trace, 0);
    l.trace.whole = true;
    va_start(args, format);
    report(&l, "fatal error: this is a bug in weft: ", format, args);
    va_end(args);
    abort();
}
