/* SPDX-License-Identifier: MIT */
/* Long chains of fibers: the twin of bench/pipeline_bench.c, which says what the row does. */
#include <vector>

#include "fibers.hpp"

using chan = fibers::unbuffered_channel<uint64_t>;

enum { STAGES = 1000 };

static void stage(chan *in, chan *out)
{
    uint64_t v;
    while (in->pop(v) == fibers::channel_op_status::success)
        out->push(v + 1);
    out->close();
}

static void feed(chan *out, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++)
        out->push(i);
    out->close();
}

static bench_result run_pipeline(uint64_t count)
{
    std::vector<chan> link(STAGES + 1);
    std::vector<fibers::fiber> fiber;
    uint64_t v, sum = 0;
    for (int i = 0; i < STAGES; i++)
        fiber.push_back(start(stage, &link[i], &link[i + 1]));
    int64_t begin = bench_now_ns();
    fiber.push_back(start(feed, &link[0], count));
    while (link[STAGES].pop(v) == fibers::channel_op_status::success)
        sum += v;
    int64_t elapsed = bench_now_ns() - begin;
    for (fibers::fiber &f : fiber)
        f.join();
    return {count * STAGES, elapsed, sum, ""};
}

static const bench_row rows[] = {
    {.name = "pipeline", .run = run_pipeline},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
