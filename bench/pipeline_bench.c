/* SPDX-License-Identifier: MIT */
/*
 * pipeline_bench.c - long chains of goroutines.
 *
 *  pipeline   1,000 stages, an unbuffered channel between any two; each takes a
 *             number, adds one and passes it on.  COUNT numbers go through, as
 *             many at a time as there is room for.  An operation is one number
 *             passed on by one stage.
 *  sieve      the concurrent prime sieve: a goroutine per prime takes the
 *             numbers that no smaller prime divides, and passes on those that
 *             its own does not.  COUNT primes; the numbers end at the last of
 *             them, which an ordinary sieve tells beforehand.  An operation is
 *             one prime found.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

enum { STAGES = 1000 };

static void stage(u64_chan_rx *in, u64_chan_tx *out)
{
    weft_range (v, in)
        weft_send(out, v + 1);
    weft_close(out);
}

static void feed(u64_chan_tx *out, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++)
        weft_send(out, i);
    weft_close(out);
}

static struct bench_result run_pipeline(uint64_t count)
{
    static u64_chan *link[STAGES + 1];
    weft_wg wg = WEFT_WG_INIT;
    uint64_t sum = 0;
    for (int i = 0; i <= STAGES; i++)
        link[i] = weft_make(u64_chan, 0);
    for (int i = 0; i < STAGES; i++)
        weft_wg_go(&wg, stage, weft_rx(link[i]), weft_tx(link[i + 1]));
    int64_t start = bench_now_ns();
    weft_wg_go(&wg, feed, weft_tx(link[0]), 1, count);
    weft_range (v, link[STAGES])
        sum += v;
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    for (int i = 0; i <= STAGES; i++)
        weft_unref(link[i]);
    return (struct bench_result){.ops = count * STAGES, .elapsed_ns = elapsed, .checksum = sum};
}

/* nth_prime - by trial division; the first is 2. */
static uint64_t nth_prime(uint64_t n)
{
    uint64_t candidate = 1;
    while (n > 0) {
        bool prime = ++candidate > 1;
        for (uint64_t d = 2; prime && d * d <= candidate; d++)
            prime = candidate % d != 0;
        n -= prime;
    }
    return candidate;
}

/* sift - the first number is a prime: say so, and start the next one with what it leaves. */
static void sift(u64_chan *numbers, u64_chan_tx *primes)
{
    weft_auto(u64_chan, in) = numbers;
    uint64_t prime;
    if (!weft_recv(in, &prime)) {
        weft_close(primes);
        return;
    }
    weft_send(primes, prime);
    weft_auto(u64_chan, out) = weft_make(u64_chan, 0);
    weft_go(sift, weft_ref(out), primes);
    weft_range (v, in)
        if (v % prime != 0)
            weft_send(out, v);
    weft_close(out);
}

static struct bench_result run_sieve(uint64_t count)
{
    uint64_t last = nth_prime(count), sum = 0;
    weft_auto(u64_chan, numbers) = weft_make(u64_chan, 0);
    weft_auto(u64_chan, primes) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    weft_go(sift, weft_ref(numbers), weft_tx(primes));
    weft_wg_go(&wg, feed, weft_tx(numbers), 2, last);
    weft_range (p, primes)
        sum += p;
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "pipeline", .run = run_pipeline},
    {.name = "sieve", .run = run_sieve},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
