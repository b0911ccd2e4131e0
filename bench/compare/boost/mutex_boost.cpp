/* SPDX-License-Identifier: MIT */
/* Mutual exclusion: the twin of bench/mutex_bench.c, which says what each row does. */
#include <algorithm>
#include <mutex>
#include <vector>

#include "fibers.hpp"

static bench_result run_mutex(uint64_t count)
{
    fibers::mutex mu;
    uint64_t total = 0;
    int64_t begin = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        std::lock_guard<fibers::mutex> lock(mu);
        total += i;
    }
    return {count, bench_now_ns() - begin, total, ""};
}

struct pot {
    uint64_t size;
    int work; /* steps, inside and outside */
    uint64_t next = 0, total = 0, worked = 0;
    int64_t longest_ns = 0;
    fibers::mutex mu; /* guards: next, total, worked, longest_ns */
};

static bool take_one(pot *p)
{
    bool more = p->next < p->size;
    if (more)
        p->total += p->next++;
    return more;
}

static void take(pot *p)
{
    for (bool more = true; more;) {
        std::lock_guard<fibers::mutex> lock(p->mu);
        more = take_one(p);
    }
}

static void take_by_the_clock(pot *p)
{
    for (bool more = true; more;) {
        int64_t begin = bench_now_ns();
        std::lock_guard<fibers::mutex> lock(p->mu);
        p->longest_ns = std::max(p->longest_ns, bench_now_ns() - begin);
        more = take_one(p);
    }
}

static void take_and_work(pot *p)
{
    uint64_t outside = 0;
    for (bool more = true; more;) {
        uint64_t mine = 0;
        p->mu.lock();
        more = p->next < p->size;
        if (more) {
            mine = p->next++;
            p->total += bench_work(mine, p->work);
        }
        p->mu.unlock();
        if (more)
            outside += bench_work(mine + 1, p->work);
    }
    std::lock_guard<fibers::mutex> lock(p->mu);
    p->worked += outside;
}

/* empty - let that many fibers empty a pot; returns how long it took. */
static int64_t empty(pot *p, int n, void (*taker)(pot *))
{
    std::vector<fibers::fiber> fiber;
    int64_t begin = bench_now_ns();
    for (int i = 0; i < n; i++)
        fiber.push_back(start(taker, p));
    for (fibers::fiber &f : fiber)
        f.join();
    return bench_now_ns() - begin;
}

static bench_result run_contended(uint64_t count, const int *with)
{
    pot fast{count, 0}, timed{count / 4 + 1, 0};
    bench_result r{count, empty(&fast, with[0], take), 0, ""};
    empty(&timed, with[0], take_by_the_clock);
    r.checksum = fast.total + timed.total;
    snprintf(r.more, sizeof r.more, "longest_ms=%.3f", (double)timed.longest_ns / 1e6);
    return r;
}

static bench_result run_working(uint64_t count, const int *with)
{
    pot p{count, with[1]};
    int64_t elapsed = empty(&p, with[0], take_and_work);
    return {count, elapsed, p.total + p.worked, ""};
}

static const bench_row rows[] = {
    {.name = "mutex", .run = run_mutex},
    {.name = "mutex2", .run_with = run_contended, .with = {2}},
    {.name = "mutex8", .run_with = run_contended, .with = {8}},
    {.name = "mutex64", .run_with = run_contended, .with = {64}},
    {.name = "mutex2w100", .run_with = run_working, .with = {2, 100}},
    {.name = "mutex8w100", .run_with = run_working, .with = {8, 100}},
    {.name = "mutex64w100", .run_with = run_working, .with = {64, 100}},
    {.name = "mutex2w1000", .run_with = run_working, .with = {2, 1000}},
    {.name = "mutex8w1000", .run_with = run_working, .with = {8, 1000}},
    {.name = "mutex64w1000", .run_with = run_working, .with = {64, 1000}},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
