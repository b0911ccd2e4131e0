/* SPDX-License-Identifier: MIT */
/*
 * Channels: the twin of bench/chan_bench.c, which says what each row does.
 * Buffered ones exist in powers of two only, and one of the slots stays empty.
 */
#include <vector>

#include "fibers.hpp"

template <typename Chan> static bench_result run_pc(uint64_t count, const int *with, Chan &c)
{
    uint64_t producers = with[1], each = count / producers + 1, sum = 0;
    std::vector<uint64_t> part(with[2]);
    std::vector<fibers::fiber> producing, consuming;
    int64_t begin = bench_now_ns();
    for (uint64_t &result : part)
        consuming.push_back(start([&c, &result] {
            uint64_t v, mine = 0;
            while (c.pop(v) == fibers::channel_op_status::success)
                mine += v;
            result = mine;
        }));
    for (uint64_t i = 0; i < producers; i++)
        producing.push_back(start([&c, each] {
            for (uint64_t v = 0; v < each; v++)
                c.push(v);
        }));
    for (fibers::fiber &f : producing)
        f.join();
    c.close();
    for (fibers::fiber &f : consuming)
        f.join();
    int64_t elapsed = bench_now_ns() - begin;
    for (uint64_t v : part)
        sum += v;
    return {each * producers, elapsed, sum, ""};
}

static bench_result run_unbuffered(uint64_t count, const int *with)
{
    fibers::unbuffered_channel<uint64_t> c;
    return run_pc(count, with, c);
}

static bench_result run_buffered(uint64_t count, const int *with)
{
    fibers::buffered_channel<uint64_t> c(with[0]);
    return run_pc(count, with, c);
}

static const bench_row rows[] = {
    {.name = "pc0_1x1", .run_with = run_unbuffered, .with = {0, 1, 1}},
    {.name = "pc0_4x4", .run_with = run_unbuffered, .with = {0, 4, 4}},
    {.name = "pc0_64x1", .run_with = run_unbuffered, .with = {0, 64, 1}},
    {.name = "pc0_1x64", .run_with = run_unbuffered, .with = {0, 1, 64}},
    {.name = "pc128_1x1", .run_with = run_buffered, .with = {128, 1, 1}},
    {.name = "pc128_4x4", .run_with = run_buffered, .with = {128, 4, 4}},
    {.name = "pc128_64x1", .run_with = run_buffered, .with = {128, 64, 1}},
    {.name = "pc128_1x64", .run_with = run_buffered, .with = {128, 1, 64}},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
