/* SPDX-License-Identifier: MIT */
/*
 * parked_bench.c - what a goroutine costs that only waits.
 *
 *  parked     COUNT goroutines wait on one channel at once.  Reports the
 *             resident memory of each (bytes), the time to get one there
 *             (spawn_ns) and the time to wake it and see its end (wake_ns).
 *             ns_per_op is spawn and wake together.
 *  unrun      COUNT goroutines have been launched and none has run yet: the one
 *             that launches keeps the only processor.  Reports the resident
 *             memory of each (bytes).  ns_per_op is launching and running one.
 *
 * The memory goal is for guarded stacks, so the guards are looked for: of some
 * of the goroutines, spread over all, the pages below the frame are probed one
 * by one with a system call that answers EFAULT instead of crashing.  A slot
 * without an unreadable page within the default stack size has no guard.
 */
#include <weft.h>

#include <stdatomic.h>
#include <unistd.h>

#include "bench.h"

WEFT_CHAN(gate, weft_unit);

enum { SAMPLES = 256, STACK_BYTES = 256 * 1024 };

static struct {
    uint64_t step;            /* every step-th goroutine is a sample */
    uintptr_t frame[SAMPLES]; /* an address on each sample's stack */
} sampled;

static void sleeper(gate_rx *g, weft_wg *parked, atomic_ullong *sum, uint64_t i)
{
    if (i % sampled.step == 0 && i / sampled.step < SAMPLES)
        sampled.frame[i / sampled.step] = (uintptr_t)__builtin_frame_address(0);
    weft_wg_done(parked);
    weft_recv(g, NULL);
    atomic_fetch_add_explicit(sum, i, memory_order_relaxed);
}

/* readable - whether a byte may be read; the kernel tries, through a pipe. */
static bool readable(const int pipe_fd[2], uintptr_t address)
{
    char byte;
    return write(pipe_fd[1], (const void *)address, 1) == 1 && read(pipe_fd[0], &byte, 1) == 1;
}

static bool has_guard(const int pipe_fd[2], uintptr_t frame, uintptr_t page)
{
    for (uintptr_t below = page; below <= STACK_BYTES; below += page)
        if (!readable(pipe_fd, (frame & ~(page - 1)) - below))
            return true;
    return false;
}

/* all_guarded - whether every sampled stack has a guard below it. */
static bool all_guarded(void)
{
    int pipe_fd[2];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (pipe(pipe_fd) != 0) {
        perror("parked_bench: pipe");
        exit(1);
    }
    bool all = true;
    for (size_t i = 0; i < SAMPLES && all; i++)
        if (sampled.frame[i])
            all = readable(pipe_fd, sampled.frame[i]) && has_guard(pipe_fd, sampled.frame[i], page);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    return all;
}

static struct bench_result run_parked(uint64_t count)
{
    weft_auto(gate, g) = weft_make(gate, 0);
    weft_wg parked = WEFT_WG_INIT, done = WEFT_WG_INIT;
    atomic_ullong sum = 0;
    sampled.step = count / SAMPLES + 1;

    int64_t before = bench_resident_bytes();
    int64_t start = bench_now_ns();
    weft_wg_add(&parked, (int)count);
    for (uint64_t i = 0; i < count; i++)
        weft_wg_go(&done, sleeper, weft_rx(g), &parked, &sum, i);
    weft_wg_wait(&parked);
    int64_t spawn_ns = bench_now_ns() - start;

    /* The last ones have said so and are about to wait: give them the time. */
    weft_sleep(weft_background(), 20 * WEFT_MILLISECOND);
    int64_t bytes = bench_resident_bytes() - before;
    bool guarded = all_guarded();

    start = bench_now_ns();
    weft_close(g);
    weft_wg_wait(&done);
    int64_t wake_ns = bench_now_ns() - start;

    struct bench_result r = {
        .ops = count, .elapsed_ns = spawn_ns + wake_ns, .checksum = atomic_load(&sum)};
    double n = (double)count;
    snprintf(r.more, sizeof r.more, "bytes=%.1f spawn_ns=%.1f wake_ns=%.1f guarded=%s",
             (double)bytes / n, (double)spawn_ns / n, (double)wake_ns / n, guarded ? "yes" : "no");
    return r;
}

static void add(atomic_ullong *sum, uint64_t i)
{
    atomic_fetch_add_explicit(sum, i, memory_order_relaxed);
}

static struct bench_result run_unrun(uint64_t count)
{
    weft_wg done = WEFT_WG_INIT;
    atomic_ullong sum = 0;
    int64_t before = bench_resident_bytes();
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        weft_wg_go(&done, add, &sum, i);
    int64_t bytes = bench_resident_bytes() - before;
    weft_wg_wait(&done);
    int64_t elapsed = bench_now_ns() - start;
    struct bench_result r = {.ops = count, .elapsed_ns = elapsed, .checksum = atomic_load(&sum)};
    snprintf(r.more, sizeof r.more, "bytes=%.1f", (double)bytes / (double)count);
    return r;
}

static const struct bench_row rows[] = {
    {.name = "parked", .run = run_parked, .cold = true},
    {.name = "unrun", .run = run_unrun, .cold = true},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
