/* SPDX-License-Identifier: MIT */
/* The program that does nothing: the twin of bench/empty_bench.c.  It starts the first fiber. */
#include <boost/fiber/all.hpp>

int main()
{
    boost::this_fiber::yield();
    return 0;
}
