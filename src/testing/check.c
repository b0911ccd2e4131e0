/* SPDX-License-Identifier: MIT */
/*
 * A test's own process: what the test calls, and how it ends.
 *
 * A test ends where it fails, in whichever goroutine or thread that is: the
 * message is printed, the cleanups run there, and the process ends without
 * exit handlers, because the other goroutines are still at work.  Who comes
 * second waits for ever.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "platform/platform.h"
#include "testing/testing.h"
#include "weft/go.h"
#include "weft/panic.h"

static struct verdict unread;
struct verdict *weft__verdict = &unread;

/* ---- cleanups ------------------------------------------------------------------------ */

struct cleanup {
    struct cleanup *next;
    weft_impl_fn fn;
    uintptr_t arg[6];
};

/* lock guards: first */
static struct {
    struct lock lock;
    struct cleanup *first;
} cleanups;

void weft_impl_test_cleanup(weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    struct cleanup *c = calloc(1, sizeof *c);
    if (!c)
        weft_impl_test_fail(true, __FILE__, __LINE__, "out of memory for a cleanup");
    c->fn = fn;
    for (unsigned i = 0; i < n; i++)
        c->arg[i] = args[i];
    weft__lock(&cleanups.lock);
    c->next = cleanups.first;
    cleanups.first = c;
    weft__unlock(&cleanups.lock);
}

static void run_one(struct cleanup *c)
{
    uintptr_t *a = c->arg;
    ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))c->fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* A cleanup may add another. */
static void run_cleanups(void)
{
    for (;;) {
        weft__lock(&cleanups.lock);
        struct cleanup *c = cleanups.first;
        if (c)
            cleanups.first = c->next;
        weft__unlock(&cleanups.lock);
        if (!c)
            return;
        run_one(c);
        free(c);
    }
}

/* ---- ends ---------------------------------------------------------------------------- */

static void say(const char *file, int line, const char *fmt, va_list args)
{
    char text[4096];
    vsnprintf(text, sizeof text, fmt, args);
    const char *base = strrchr(file, '/');
    base = base ? base + 1 : file;
    /* Kept, as the test may have closed its output. */
    if (add_seq(&weft__verdict->failures, 1) == 0)
        snprintf(weft__verdict->reason, REASON_MAX, "%s:%d: %.400s", base, line, text);
    /* One call, so that lines of two goroutines do not mix. */
    fprintf(stderr, "%s:%d: %s\n", base, line, text);
}

/* Only the first one that ends the test gets past; a panic in a cleanup comes
 * back here, as may a second failure there, and must not wait for itself. */
static void claim_end(void)
{
    static uint32_t claimed, never;
    static uint64_t by;
    uint64_t me = (uint64_t)(uintptr_t)weft_goroutine_id() << 32 | (uint32_t)weft__thread_id();
    uint32_t before = 0;
    if (cas_seq(&claimed, &before, 1)) {
        store_seq(&by, me);
        return;
    }
    /* The thread may change, the goroutine does not; a plain thread is number 0. */
    uint64_t first = load_seq(&by);
    if (first >> 32 ? first >> 32 == me >> 32 : first == me)
        return;
    for (;;)
        weft__futex_wait(&never, 0, -1);
}

/* A program compiled for coverage writes its counts in an exit handler; here there is none. */
#pragma weak __gcov_dump
void __gcov_dump(void);

static void end_now(void) __attribute__((noreturn));
static void end_now(void)
{
    claim_end();
    run_cleanups();
    fflush(stdout);
    if (__gcov_dump)
        __gcov_dump();
    store_seq(&weft__verdict->ended, 1);
    _exit(load_seq(&weft__verdict->failures) ? 1 : 0);
}

void weft_impl_test_fail(bool ends, const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(file, line, fmt, args);
    va_end(args);
    if (ends)
        end_now();
}

void weft_impl_test_skip(const char *file, int line, const char *fmt, ...)
{
    char reason[REASON_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    const char *base = strrchr(file, '/');
    snprintf(weft__verdict->reason, REASON_MAX, "%s:%d: %.400s", base ? base + 1 : file, line,
             reason);
    weft__verdict->skipped = true;
    end_now();
}

static int run_test(const weft_impl_test *test)
{
    test->run();
    weft__verdict->returned = true;
    run_cleanups();
    fflush(stdout);
    store_seq(&weft__verdict->ended, 1);
    return load_seq(&weft__verdict->failures) ? 1 : 0;
}

void weft__test_child(const weft_impl_test *test)
{
    /* In step with standard error.  A buffer of its own, or the parent's use of
     * the stream would delay the change. */
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
    int status = weft_run(run_test, test);
    if (status < 0) {
        fprintf(stderr, "the runtime cannot start: %s\n", weft_strerror(status));
        status = 1;
    }
    /* Exit handlers are the program's own, and sanitizers report in theirs. */
    exit(status);
}

/* ---- folders ------------------------------------------------------------------------- */

/* Not put together by the caller's errno: a goroutine may move between threads. */
const char *weft_test_temp_dir(void)
{
    if (!weft__verdict->dir[0])
        weft_fail("weft_test_temp_dir: no test is running");
    uint32_t number = add_seq(&weft__verdict->dirs, 1) + 1;
    int err = mkdir(weft__verdict->dir, 0700) == 0 ? 0 : errno;
    size_t size = strlen(weft__verdict->dir) + 16;
    char *path = malloc(size);
    if (path && (err == 0 || err == EEXIST)) {
        snprintf(path, size, "%s/%03u", weft__verdict->dir, number);
        err = mkdir(path, 0700) == 0 ? 0 : errno;
    }
    if (!path || err != 0)
        weft_fail("cannot make a folder in %s: %s", weft__verdict->dir,
                  path ? weft_strerror(err) : "out of memory");
    return path; /* kept until the process ends */
}
