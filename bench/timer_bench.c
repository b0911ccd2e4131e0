/* SPDX-License-Identifier: MIT */
/*
 * timer_bench.c - what time costs, and how punctual it is.
 *
 *  timerstop  arm COUNT calls for some moment between one and two hours ahead, as
 *             for requests that could take too long, then stop all.  An operation is one armed and stopped.
 *  timerreset one timer, for an hour from now, again and again, as for the idle
 *             time of a connection.  An operation is one reset.
 *  sleepers   COUNT goroutines sleep until a moment of their own, all within
 *             four tenths of a second and after they had time to start, and say how late they woke: p50_us,
 *             p99_us, p999_us, of which the row compares p99_us.
 *  ticker     COUNT ticks of a millisecond: how late each was (p50_us and so
 *             on; the row compares p50_us), and the last one (drift_us).
 */
#include <weft.h>

#include "bench.h"

/* What would be done about a request that takes too long. */
static void give_up(void) { abort(); }

static struct bench_result run_timerstop(uint64_t count)
{
    weft_timer **timer = malloc(count * sizeof *timer);
    if (!timer)
        abort();
    uint64_t state = 1, stopped = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        timer[i] = weft_after_func(WEFT_HOUR + (weft_duration)(bench_random(&state) % 3600000) *
                                                   WEFT_MILLISECOND,
                                   give_up);
    for (uint64_t i = 0; i < count; i++)
        stopped += weft_timer_stop(timer[i]);
    int64_t elapsed = bench_now_ns() - start;
    for (uint64_t i = 0; i < count; i++)
        weft_timer_unref(timer[i]);
    free(timer);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = stopped};
}

static struct bench_result run_timerreset(uint64_t count)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
    uint64_t armed = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        armed += weft_timer_reset(t, WEFT_HOUR);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = armed};
}

enum { SETTLE_MS = 700, SPAN_MS = 400 };

static void sleep_until(int64_t when, int64_t *late_ns)
{
    weft_sleep(weft_background(), when - bench_now_ns());
    *late_ns = bench_now_ns() - when;
}

static struct bench_result run_sleepers(uint64_t count)
{
    int64_t *late_ns = calloc(count, sizeof *late_ns);
    if (!late_ns)
        abort();
    weft_wg wg = WEFT_WG_INIT;
    uint64_t state = 1, early = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t within_us = bench_random(&state) % (SPAN_MS * 1000);
        weft_wg_go(&wg, sleep_until, start + SETTLE_MS * 1000000 + (int64_t)within_us * 1000,
                   &late_ns[i]);
    }
    weft_wg_wait(&wg);
    struct bench_result r = {.ops = count, .elapsed_ns = bench_now_ns() - start};
    for (uint64_t i = 0; i < count; i++)
        early += late_ns[i] < 0;
    r.checksum = count - early;
    bench_lateness(&r, late_ns, count);
    free(late_ns);
    return r;
}

static struct bench_result run_ticker(uint64_t count)
{
    int64_t *late_ns = calloc(count, sizeof *late_ns);
    if (!late_ns)
        abort();
    int64_t start = bench_now_ns();
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_MILLISECOND);
    for (uint64_t i = 0; i < count; i++) {
        weft_recv(weft_ticker_chan(t), NULL);
        late_ns[i] = bench_now_ns() - start - (int64_t)(i + 1) * WEFT_MILLISECOND;
    }
    struct bench_result r = {.ops = count, .elapsed_ns = bench_now_ns() - start, .checksum = count};
    int64_t drift = late_ns[count - 1];
    bench_lateness(&r, late_ns, count);
    size_t used = strlen(r.more);
    snprintf(r.more + used, sizeof r.more - used, " drift_us=%.1f", (double)drift / 1e3);
    free(late_ns);
    return r;
}

static const struct bench_row rows[] = {
    {.name = "timerstop", .run = run_timerstop},
    {.name = "timerreset", .run = run_timerreset},
    {.name = "sleepers", .run = run_sleepers, .cold = true},
    {.name = "ticker", .run = run_ticker, .cold = true},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
