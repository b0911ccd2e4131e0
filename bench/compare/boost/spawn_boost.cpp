/* SPDX-License-Identifier: MIT */
/* The life of a fiber: the twin of bench/spawn_bench.c, which says what each row does. */
#include <array>

#include "fibers.hpp"

static void add_to(uint64_t *sum, uint64_t v) { *sum += v; }

static bench_result run_spawn(uint64_t count)
{
    uint64_t sum = 0;
    int64_t begin = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        start(add_to, &sum, i).join();
    return {count, bench_now_ns() - begin, sum, ""};
}

static void put(uint64_t *slot, uint64_t v) { *slot = v; }

template <std::size_t n> static uint64_t burst(uint64_t from)
{
    std::array<uint64_t, n> slot;
    std::array<fibers::fiber, n> fiber;
    uint64_t sum = 0;
    for (std::size_t i = 0; i < n; i++)
        fiber[i] = start(put, &slot[i], from + i);
    for (fibers::fiber &f : fiber)
        f.join();
    for (uint64_t v : slot)
        sum += v;
    return sum;
}

static bench_result run_fanout(uint64_t count)
{
    uint64_t ops = 0, sum = 0;
    int64_t begin = bench_now_ns();
    for (; ops < count; ops += 1000)
        sum += burst<1000>(ops);
    return {ops, bench_now_ns() - begin, sum, ""};
}

static void bursts(uint64_t from, uint64_t to, uint64_t *sum)
{
    uint64_t mine = 0;
    for (; from < to; from += 100)
        mine += burst<100>(from);
    *sum = mine;
}

static bench_result run_spawnall(uint64_t count)
{
    uint64_t each = (count / 4 / 100 + 1) * 100, sum = 0;
    std::array<uint64_t, 4> part;
    std::array<fibers::fiber, 4> fiber;
    int64_t begin = bench_now_ns();
    for (uint64_t i = 0; i < 4; i++)
        fiber[i] = start(bursts, i * each, (i + 1) * each, &part[i]);
    for (uint64_t i = 0; i < 4; i++) {
        fiber[i].join();
        sum += part[i];
    }
    return {4 * each, bench_now_ns() - begin, sum, ""};
}

static const bench_row rows[] = {
    {.name = "spawn", .run = run_spawn},
    {.name = "fanout", .run = run_fanout},
    {.name = "spawnall", .run = run_spawnall},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
