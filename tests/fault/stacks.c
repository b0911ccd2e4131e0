/* SPDX-License-Identifier: MIT */
/* Goroutines with stacks of their own size, which are used to the last pages. */
#include "fault.h"

enum { GOROUTINES = 24, BIG = 1 << 20 };

static atomic_int count;

__attribute__((noinline)) static int deep(size_t left)
{
    volatile char room[4096];
    __asm__ volatile("" : : "r"(room) : "memory"); /* all of it is needed */
    for (size_t i = 0; i < sizeof room; i += 512)
        room[i] = 1;
    if (left < 3 * sizeof room)
        return room[512];
    return deep(left - sizeof room - 256) + room[1024] - 1;
}

static void use(size_t size)
{
    REQUIRE(deep(size - 16384) == 1);
    weft_yield();
    atomic_fetch_add(&count, 1);
}

static void start(weft_wg *wg, size_t size)
{
    use(size);
    weft_wg_done(wg);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < GOROUTINES; i++) {
        weft_go_opts opts = {.name = "big", .stack_size = (size_t)BIG + (size_t)i * 10000};
        weft_wg_add(&wg, 1);
        weft_go_with(&opts, start, &wg, opts.stack_size);
        weft_wg_go(&wg, use, (size_t)200 << 10);
    }
    weft_wg_wait(&wg);
    REQUIRE(count == 2 * GOROUTINES);
    puts("ok");
    return 0;
}
