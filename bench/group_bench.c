/* SPDX-License-Identifier: MIT */
/*
 * group_bench.c - goroutines that succeed or stop together.
 *
 *  group      make a group below a context, launch 100 members, each with a slot
 *             of its own to write to, wait for all of them, drop the group.  An
 *             operation is the life of one member.
 */
#include <weft.h>

#include "bench.h"

enum { MEMBERS = 100 };

static int put(uint64_t *slot, uint64_t v)
{
    *slot = v;
    return 0;
}

/* run_members - one group; returns what its members have put into their slots. */
static uint64_t run_members(weft_ctx *ctx, uint64_t from)
{
    uint64_t slot[MEMBERS] = {0}, sum = 0;
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int i = 0; i < MEMBERS; i++)
        weft_group_go(g, put, &slot[i], from + (uint64_t)i);
    if (weft_group_wait(g) != 0)
        return 0;
    for (int i = 0; i < MEMBERS; i++)
        sum += slot[i];
    return sum;
}

static struct bench_result run_group(uint64_t count)
{
    uint64_t sum = 0, ops = 0;
    int64_t start = bench_now_ns();
    for (; ops < count; ops += MEMBERS)
        sum += run_members(weft_background(), ops);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = ops, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "group", .run = run_group},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
