/* SPDX-License-Identifier: MIT */
/* Conditions: the twin of bench/sync_bench.c, which says what the row does. */
#include <array>
#include <mutex>

#include "fibers.hpp"

constexpr int LISTENERS = 8;

struct news {
    fibers::mutex mu; /* guards: the rest */
    fibers::condition_variable something_new, all_know;
    uint64_t number = 0;
    int unaware = 0;
};

static void listen_for(news *n, uint64_t last, uint64_t *sum)
{
    uint64_t mine = 0;
    std::unique_lock<fibers::mutex> lock(n->mu);
    for (uint64_t known = 0; known < last;) {
        while (n->number == known)
            n->something_new.wait(lock);
        known = n->number;
        mine += known;
        if (--n->unaware == 0)
            n->all_know.notify_one();
    }
    *sum = mine;
}

static bench_result run_cond(uint64_t count)
{
    uint64_t rounds = count / LISTENERS + 1, sum = 0;
    news n;
    std::array<uint64_t, LISTENERS> part;
    std::array<fibers::fiber, LISTENERS> fiber;
    int64_t begin = bench_now_ns();
    for (int i = 0; i < LISTENERS; i++)
        fiber[i] = start(listen_for, &n, rounds, &part[i]);
    {
        std::unique_lock<fibers::mutex> lock(n.mu);
        for (uint64_t i = 1; i <= rounds; i++) {
            n.number = i;
            n.unaware = LISTENERS;
            n.something_new.notify_all();
            while (n.unaware > 0)
                n.all_know.wait(lock);
        }
    }
    for (int i = 0; i < LISTENERS; i++) {
        fiber[i].join();
        sum += part[i];
    }
    return {rounds * LISTENERS, bench_now_ns() - begin, sum, ""};
}

static const bench_row rows[] = {
    {.name = "cond", .run = run_cond},
};

int main(int argc, char **argv) { return fibers_main(argc, argv, rows); }
