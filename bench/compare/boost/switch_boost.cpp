/* SPDX-License-Identifier: MIT */
/* Handing the processor over: the twin of bench/switch_bench.c, which says what each row does. */
#include <vector>

#include "fibers.hpp"

using chan = fibers::unbuffered_channel<uint64_t>;

static void yielder(uint64_t count, uint64_t *yields)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < count; i++) {
        boost::this_fiber::yield();
        n++;
    }
    *yields = n;
}

static bench_result run_yield(uint64_t count)
{
    uint64_t left = 0, right = 0;
    int64_t begin = bench_now_ns();
    fibers::fiber a = start(yielder, count, &left), b = start(yielder, count, &right);
    a.join();
    b.join();
    return {2 * count, bench_now_ns() - begin, left + right, ""};
}

static void echo(chan *ping, chan *pong)
{
    uint64_t v;
    while (ping->pop(v) == fibers::channel_op_status::success)
        pong->push(v + 1);
}

static bench_result run_roundtrip(uint64_t count)
{
    chan ping, pong;
    fibers::fiber other = start(echo, &ping, &pong);
    uint64_t sum = 0;
    int64_t begin = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v;
        ping.push(i);
        pong.pop(v);
        sum += v;
    }
    int64_t elapsed = bench_now_ns() - begin;
    ping.close();
    other.join();
    return {count, elapsed, sum, ""};
}

enum { RING = 503 };

static void pass_on(chan *in, chan *out, chan *last, uint64_t number)
{
    uint64_t v;
    while (in->pop(v) == fibers::channel_op_status::success) {
        if (v == 0) {
            last->push(number);
            break;
        }
        out->push(v - 1);
    }
    out->close(); /* the next one ends too */
}

static bench_result run_ring(uint64_t count)
{
    std::vector<std::unique_ptr<chan>> place;
    std::vector<fibers::fiber> fiber;
    chan last;
    for (int i = 0; i < RING; i++)
        place.push_back(std::make_unique<chan>());
    for (uint64_t i = 0; i < RING; i++)
        fiber.push_back(start(pass_on, place[i].get(), place[(i + 1) % RING].get(), &last, i + 1));
    uint64_t number = 0;
    int64_t begin = bench_now_ns();
    place[0]->push(count);
    last.pop(number);
    int64_t elapsed = bench_now_ns() - begin;
    for (fibers::fiber &f : fiber)
        f.join();
    return {count, elapsed, number, ""};
}

static const bench_row rows[] = {
    {.name = "yield", .run = run_yield},
    {.name = "roundtrip", .run = run_roundtrip},
    {.name = "ring", .run = run_ring},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
