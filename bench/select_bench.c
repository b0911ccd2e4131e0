/* SPDX-License-Identifier: MIT */
/*
 * select_bench.c - waiting for the first of several channels.
 *
 *  select2, select8, select64
 *             one sender alternates between so many unbuffered channels, the
 *             receiver selects over all.  An operation is one value received.
 *  selectctx  the receiver selects over one unbuffered channel and the end of a
 *             context, as every wait should that can be cancelled.  The same
 *             operation.
 *  selecttimeout
 *             the same beside a timeout of a second that never comes.
 *  selectdefault
 *             one goroutine, a channel with one slot: send if there is room,
 *             receive if there is something, and once more when there is not,
 *             never waiting.  An operation is one of these selects.
 *  selectbusy four senders and four receivers all select over the same four
 *             unbuffered channels.  An operation is one value carried across.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

enum { MOST_CASES = 64 };

static void alternate(u64_chan **c, int n, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        weft_send(c[i % (uint64_t)n], i);
}

/* Weighted, so that a value from the wrong case shows. */
static uint64_t weigh(int i, uint64_t v) { return (2 * (uint64_t)i + 1) * v; }

static uint64_t select_2(u64_chan **c, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v = 0;
        switch (weft_select(weft_on_recv(c[0], &v), weft_on_recv(c[1], &v))) {
        case 0:
            sum += weigh(0, v);
            break;
        case 1:
            sum += weigh(1, v);
            break;
        }
    }
    return sum;
}

static uint64_t select_n(u64_chan **c, int n, uint64_t count)
{
    weft_case cases[MOST_CASES];
    uint64_t sum = 0, v;
    for (int i = 0; i < n; i++)
        cases[i] = weft_on_recv(c[i], &v);
    for (uint64_t i = 0; i < count; i++) {
        int which = weft_select_n(cases, (size_t)n);
        sum += weigh(which, v);
    }
    return sum;
}

static struct bench_result run_select(uint64_t count, const int *with)
{
    int n = with[0];
    u64_chan *c[MOST_CASES];
    for (int i = 0; i < n; i++)
        c[i] = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, alternate, c, n, count);
    int64_t start = bench_now_ns();
    uint64_t sum = n == 2 ? select_2(c, count) : select_n(c, n, count);
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    for (int i = 0; i < n; i++)
        weft_unref(c[i]);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static void send_all(u64_chan_tx *c, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        weft_send(c, i);
}

static struct bench_result run_selectctx(uint64_t count)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_auto(u64_chan, c) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, send_all, weft_tx(c), count);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v = 0;
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(ctx))) {
        case 0:
            sum += v;
            break;
        case 1: /* nobody cancels it */
            sum += count;
            break;
        }
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static struct bench_result run_selecttimeout(uint64_t count)
{
    weft_auto(u64_chan, c) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, send_all, weft_tx(c), count);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v = 0;
        switch (weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_SECOND))) {
        case 0:
            sum += v;
            break;
        case 1: /* nobody is that slow */
            sum += count;
            break;
        }
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

/* take_now - what the channel holds, or @otherwise. */
static uint64_t take_now(u64_chan_rx *c, uint64_t otherwise)
{
    uint64_t v;
    switch (weft_select(weft_on_recv(c, &v), weft_on_default())) {
    case 0:
        return v;
    default:
        return otherwise;
    }
}

static struct bench_result run_selectdefault(uint64_t count)
{
    weft_auto(u64_chan, c) = weft_make(u64_chan, 1);
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        switch (weft_select(weft_on_send(c, i), weft_on_default())) {
        case 0:
            break;
        case 1: /* there is room */
            sum += count;
            break;
        }
        sum += take_now(weft_rx(c), count);
        sum += take_now(weft_rx(c), 1);
    }
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = 3 * count, .elapsed_ns = elapsed, .checksum = sum};
}

enum { BUSY = 4 };

static void send_somewhere(u64_chan **c, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        weft_select(weft_on_send(c[0], i), weft_on_send(c[1], i), weft_on_send(c[2], i),
                    weft_on_send(c[3], i));
}

static void receive_anywhere(u64_chan **c, uint64_t count, uint64_t *sum)
{
    uint64_t v, mine = 0;
    for (uint64_t i = 0; i < count; i++) {
        weft_select(weft_on_recv(c[0], &v), weft_on_recv(c[1], &v), weft_on_recv(c[2], &v),
                    weft_on_recv(c[3], &v));
        mine += v;
    }
    *sum = mine;
}

static struct bench_result run_selectbusy(uint64_t count)
{
    u64_chan *c[BUSY];
    uint64_t each = count / BUSY + 1, part[BUSY], sum = 0;
    for (int i = 0; i < BUSY; i++)
        c[i] = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    for (int i = 0; i < BUSY; i++) {
        weft_wg_go(&wg, receive_anywhere, c, each, &part[i]);
        weft_wg_go(&wg, send_somewhere, c, each);
    }
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < BUSY; i++) {
        sum += part[i];
        weft_unref(c[i]);
    }
    return (struct bench_result){.ops = each * BUSY, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "select2", .run_with = run_select, .with = {2}},
    {.name = "select8", .run_with = run_select, .with = {8}},
    {.name = "select64", .run_with = run_select, .with = {64}},
    {.name = "selectctx", .run = run_selectctx},
    {.name = "selecttimeout", .run = run_selecttimeout},
    {.name = "selectdefault", .run = run_selectdefault},
    {.name = "selectbusy", .run = run_selectbusy},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
