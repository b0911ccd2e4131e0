/* SPDX-License-Identifier: MIT */
/*
 * weft_run() two hundred times in one process: no thread, descriptor or
 * mapping stays, and the process does not grow.
 */
#include <time.h>

#include "limits.h"

enum { RUNS = 200, WARM = 20, GOROUTINES = 300 };

WEFT_CHAN(int_chan, int);

static void send_one(int_chan_tx *out, int v)
{
    if (v % 100 == 0) { /* a blocking call, so that more threads are needed */
        struct timespec t = {0, 2000000};
        nanosleep(&t, NULL);
    }
    if (v % 10 == 0)
        weft_sleep(weft_background(), 100 * WEFT_MICROSECOND);
    weft_send(out, v);
}

static int nap(int n)
{
    usleep((useconds_t)n);
    return n;
}

static void read_one(int fd, weft_wg *wg)
{
    char c;
    REQUIRE(weft_read(weft_background(), fd, &c, 1) == 1);
    weft_wg_done(wg);
}

static void use_descriptors(weft_wg *wg)
{
    int fd[2];
    REQUIRE(pipe(fd) == 0);
    weft_wg_add(wg, 1);
    weft_go(read_one, fd[0], wg);
    REQUIRE(weft_blocking(nap, 100) == 100);
    REQUIRE(weft_write(weft_background(), fd[1], "x", 1) == 1);
    weft_wg_wait(wg);
    weft_fd_close(fd[0]);
    weft_fd_close(fd[1]);
}

static void fail(void) { weft_panic("on purpose"); }

static void after(weft_wg *wg) { weft_wg_done(wg); }

static int use_everything(int n)
{
    weft_auto(int_chan, c) = weft_make(int_chan, n % 3);
    weft_auto(weft_ticker, ticker) = weft_ticker_new(100 * WEFT_MICROSECOND);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), WEFT_HOUR);
    weft_auto(weft_panic_info, p) = weft_try(fail);
    weft_wg wg = {0};
    int sum = 0, v;
    weft_wg_add(&wg, 1);
    weft_auto(weft_timer, call) = weft_after_func(WEFT_MICROSECOND, after, &wg);
    weft_go_with(&(weft_go_opts){.stack_size = 1 << 20}, send_one, weft_tx(c), n);
    for (int i = 0; i < n; i++)
        weft_go(send_one, weft_tx(c), i);
    for (int i = 0; i <= n; i++) {
        REQUIRE(weft_select(weft_on_recv(c, &v), weft_on_done(ctx)) == 0);
        sum += v;
    }
    REQUIRE(weft_recv(weft_ticker_chan(ticker), NULL));
    weft_wg_wait(&wg);
    use_descriptors(&wg);
    REQUIRE(p);
    return sum;
}

struct state {
    int threads, descriptors, mappings;
    long size, resident;
};

static struct state look(void)
{
    return (struct state){.threads = entries_of("/proc/self/task"),
                          .descriptors = entries_of("/proc/self/fd"),
                          .mappings = mappings(""),
                          .size = status_kb("/proc/self/status", "VmSize"),
                          .resident = resident() >> 10};
}

int main(void)
{
    struct state early = {0}, late;
    for (int i = 0; i < RUNS; i++) {
        int n = GOROUTINES + i % 7;
        int result = weft_run(use_everything, n);
        REQUIRE(result == n * (n + 1) / 2);
        if (i == WARM)
            early = look();
    }
    /* A thread that was joined may be a moment in leaving /proc. */
    for (int i = 0; i < 100 && entries_of("/proc/self/task") > 1; i++)
        usleep(10000);
    late = look();
    verdict(late.threads == 1, "threads after 200 runs", "%d", late.threads);
    verdict(late.descriptors == early.descriptors, "descriptors after 200 runs", "%d, %d early",
            late.descriptors, early.descriptors);
    /* libc keeps some stacks of threads, as many as ran at the same time once. */
    verdict(late.mappings <= early.mappings + 16, "mappings after 200 runs", "%d, %d early",
            late.mappings, early.mappings);
    verdict(late.size < early.size + (32 << 10), "address space after 200 runs",
            "%ld MiB, %ld early", late.size >> 10, early.size >> 10);
    verdict(late.resident < early.resident + 1024, "memory after 200 runs", "%ld KiB, %ld early",
            late.resident, early.resident);
    return verdicts_failed != 0;
}
