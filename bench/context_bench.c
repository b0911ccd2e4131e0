/* SPDX-License-Identifier: MIT */
/*
 * context_bench.c - cancellation.
 *
 *  ctx        make a context below the background, cancel it, see that it has
 *             ended, drop it.  An operation is all of that.
 *  ctxchild   the same below a context that can be cancelled itself, as that of
 *             a request: the child is known to its parent for a while.
 *  ctxtree    cancel a context that 10,000 others were made from.  An operation
 *             is the end of one of them; making and dropping is not counted.
 */
#include <weft.h>

#include "bench.h"

enum { CHILDREN = 10000 };

/* come_and_go - one life; 1 if it ended as it should. */
static uint64_t come_and_go(weft_ctx *parent)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(parent);
    weft_ctx_cancel(ctx);
    return weft_ctx_err(ctx) == -ECANCELED;
}

static struct bench_result run_below(weft_ctx *parent, uint64_t count)
{
    uint64_t ended = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        ended += come_and_go(parent);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = ended};
}

static struct bench_result run_ctx(uint64_t count) { return run_below(weft_background(), count); }

static struct bench_result run_ctxchild(uint64_t count)
{
    weft_auto(weft_ctx, parent) = weft_ctx_with_cancel(weft_background());
    return run_below(parent, count);
}

/* fell_tree - make a tree, cancel it, drop it; returns how long the cancel took. */
static int64_t fell_tree(uint64_t *ended)
{
    static weft_ctx *child[CHILDREN];
    weft_auto(weft_ctx, root) = weft_ctx_with_cancel(weft_background());
    for (int i = 0; i < CHILDREN; i++)
        child[i] = weft_ctx_with_cancel(root);
    int64_t start = bench_now_ns();
    weft_ctx_cancel(root);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < CHILDREN; i++) {
        *ended += weft_ctx_err(child[i]) == -ECANCELED;
        weft_ctx_unref(child[i]);
    }
    return elapsed;
}

static struct bench_result run_ctxtree(uint64_t count)
{
    struct bench_result r = {0};
    for (; r.ops < count; r.ops += CHILDREN)
        r.elapsed_ns += fell_tree(&r.checksum);
    return r;
}

static const struct bench_row rows[] = {
    {.name = "ctx", .run = run_ctx},
    {.name = "ctxchild", .run = run_ctxchild},
    {.name = "ctxtree", .run = run_ctxtree},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
