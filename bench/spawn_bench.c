/* SPDX-License-Identifier: MIT */
/*
 * spawn_bench.c - the life of a goroutine that does next to nothing.
 *
 *  spawn      launch one, let it run, wait for its end by a wait group, then
 *             the next.  An operation is one such life.
 *  fanout     launch 1,000, wait for all, again and again.  The same operation.
 *  spawnall   four goroutines at once launch 100 each, wait for them, and again.
 *             The same operation.
 *  skynet     a goroutine launches ten, each of them ten, and so on down to a
 *             million leaves (COUNT, a power of ten); each sends its number, or
 *             the sum of its children's, up through a channel.  An operation is
 *             one leaf.
 *  fib        fib(COUNT) by its definition, one half of each step in a goroutine
 *             of its own.  An operation is one of these.
 */
#include <weft.h>

#include "bench.h"

static void add_to(uint64_t *sum, uint64_t v) { *sum += v; }

static struct bench_result run_spawn(uint64_t count)
{
    uint64_t sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        weft_wg_go(&wg, add_to, &sum, i);
        weft_wg_wait(&wg);
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

enum { FAN = 1000 };

static void put(uint64_t *slot, uint64_t v) { *slot = v; }

static struct bench_result run_fanout(uint64_t count)
{
    uint64_t slot[FAN] = {0}, sum = 0, ops = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    while (ops < count) {
        for (int i = 0; i < FAN; i++)
            weft_wg_go(&wg, put, &slot[i], ops++);
        weft_wg_wait(&wg);
        for (int i = 0; i < FAN; i++)
            sum += slot[i];
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = sum};
}

enum { SPAWNERS = 4, BURST = 100 };

static void spawn_bursts(uint64_t from, uint64_t to, uint64_t *result)
{
    uint64_t slot[BURST] = {0}, sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    while (from < to) {
        for (int i = 0; i < BURST; i++)
            weft_wg_go(&wg, put, &slot[i], from++);
        weft_wg_wait(&wg);
        for (int i = 0; i < BURST; i++)
            sum += slot[i];
    }
    *result = sum;
}

static struct bench_result run_spawnall(uint64_t count)
{
    uint64_t each = (count / SPAWNERS / BURST + 1) * BURST, part[SPAWNERS], sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < SPAWNERS; i++)
        weft_wg_go(&wg, spawn_bursts, i * each, (i + 1) * each, &part[i]);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < SPAWNERS; i++)
        sum += part[i];
    return (struct bench_result){.ops = each * SPAWNERS, .elapsed_ns = elapsed, .checksum = sum};
}

enum { CHILDREN = 10 };

WEFT_CHAN(u64_chan, uint64_t);

static void skynet(u64_chan_tx *up, uint64_t number, uint64_t leaves)
{
    if (leaves == 1) {
        weft_send(up, number);
        return;
    }
    weft_auto(u64_chan, sums) = weft_make(u64_chan, CHILDREN);
    for (uint64_t i = 0; i < CHILDREN; i++)
        weft_go(skynet, weft_tx(sums), number + i * (leaves / CHILDREN), leaves / CHILDREN);
    uint64_t sum = 0, v;
    for (int i = 0; i < CHILDREN; i++) {
        weft_recv(sums, &v);
        sum += v;
    }
    weft_send(up, sum);
}

static struct bench_result run_skynet(uint64_t count)
{
    weft_auto(u64_chan, result) = weft_make(u64_chan, 1);
    uint64_t sum;
    int64_t start = bench_now_ns();
    weft_go(skynet, weft_tx(result), 0, count);
    weft_recv(result, &sum);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static void fib(uint64_t n, uint64_t *result)
{
    if (n < 2) {
        *result = n;
        return;
    }
    uint64_t left, right;
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, fib, n - 1, &left);
    fib(n - 2, &right);
    weft_wg_wait(&wg);
    *result = left + right;
}

/* forks - how many goroutines fib(n) launches. */
static uint64_t forks(uint64_t n) { return n < 2 ? 0 : 1 + forks(n - 1) + forks(n - 2); }

static struct bench_result run_fib(uint64_t count)
{
    uint64_t ops = forks(count), result;
    int64_t start = bench_now_ns();
    fib(count, &result);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = result};
}

static const struct bench_row rows[] = {
    {.name = "spawn", .run = run_spawn},
    {.name = "fanout", .run = run_fanout},
    {.name = "spawnall", .run = run_spawnall},
    {.name = "skynet", .run = run_skynet, .cold = true},
    {.name = "fib", .run = run_fib, .cold = true},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
