/* SPDX-License-Identifier: MIT */
/*
 * Work stealing and waking: trees of goroutines that spawn, join, yield and
 * compute for random times; every leaf is counted once, and the number of
 * goroutines comes back to one.
 */
#include "stress.h"

static atomic_long leaves;

static void compute(uint32_t rounds)
{
    volatile uint32_t x = 1;
    for (uint32_t i = 0; i < rounds; i++)
        x = x * 1664525u + 1013904223u;
}

static void tree(int depth)
{
    if (depth == 0) {
        atomic_fetch_add(&leaves, 1);
        compute(random_below(2000));
        return;
    }
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, tree, depth - 1);
    if (random_below(4) == 0)
        weft_yield();
    weft_wg_wait(&wg);
}

static void until(weft_time end)
{
    while (weft_now() < end)
        weft_yield();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_time end = weft_now() + stress_time();
    weft_wg noise = {0};
    for (int i = 0; i < 3; i++)
        weft_wg_go(&noise, until, end);
    do {
        leaves = 0;
        tree(5);
        REQUIRE(leaves == 1024);
        if (random_below(8) == 0)
            weft_procs(1 + (int)random_below(8));
        if (random_below(8) == 0)
            weft_sleep(weft_background(), WEFT_MILLISECOND);
    } while (weft_now() < end);
    weft_wg_wait(&noise);
    while (weft_num_goroutine() > 1)
        weft_yield();
    puts("ok");
    return 0;
}
