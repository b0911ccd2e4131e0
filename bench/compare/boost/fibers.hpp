/* SPDX-License-Identifier: MIT */
/*
 * fibers.hpp - what the twins with Boost.Fiber share: threads that run fibers,
 * and starting one.
 *
 * With one processor its default scheduler (round_robin) runs all; with more
 * that many threads share their fibers (shared_work).  The first fiber stays on
 * the first thread.  BENCH_PROCS says how many processors there are.
 */
#ifndef BENCH_FIBERS_HPP
#define BENCH_FIBERS_HPP

#include <cstdlib>
#include <memory>
#include <thread>
#include <unistd.h>
#include <utility>

#include <boost/fiber/all.hpp>

#include "bench.h"

namespace fibers = boost::fibers;

/* Small enough that malloc keeps a stack for the next fiber instead of unmapping it. */
constexpr std::size_t stack_bytes = 32 * 1024;

template <typename F, typename... Args> fibers::fiber start(F f, Args... args)
{
    return fibers::fiber(fibers::launch::post, std::allocator_arg,
                         fibers::fixedsize_stack(stack_bytes), f, args...);
}

template <std::size_t n> int fibers_main(int argc, char **argv, const bench_row (&rows)[n])
{
    const char *given = std::getenv("BENCH_PROCS");
    int procs = given ? std::atoi(given) : 2;
    if (procs > 1)
        fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
    for (int i = 1; i < procs; i++)
        std::thread([] {
            fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
            fibers::mutex mu;
            fibers::condition_variable never;
            std::unique_lock<fibers::mutex> lock(mu);
            never.wait(lock, [] { return false; });
        }).detach();
    int status = bench_main(argc, argv, rows, n);
    _exit(status); /* the other threads never end */
}

#endif /* BENCH_FIBERS_HPP */
