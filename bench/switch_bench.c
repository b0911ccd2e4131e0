/* SPDX-License-Identifier: MIT */
/*
 * switch_bench.c - handing the processor over.
 *
 *  yield      two goroutines that do nothing but yield: with one processor a
 *             bare switch and the run queue, with two also what idle
 *             processors that look for work cost.  An operation is one yield.
 *  roundtrip  ping-pong over two unbuffered channels: two hand-overs with a
 *             value each.  An operation is there and back.
 *  ring       503 goroutines in a ring, each with an unbuffered channel to the
 *             next, pass one number on that counts down.  An operation is one
 *             hand-over.
 *  chameneos  ten creatures ask at a meeting place, over one unbuffered channel,
 *             for somebody to meet, and get the other's colour over a channel
 *             of their own (chameneos-redux).  An operation is one meeting: two
 *             questions and two answers.
 */
#include <weft.h>

#include "bench.h"

WEFT_CHAN(u64_chan, uint64_t);

static void yielder(uint64_t count, uint64_t *yields)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < count; i++) {
        weft_yield();
        n++;
    }
    *yields = n;
}

static struct bench_result run_yield(uint64_t count)
{
    uint64_t left = 0, right = 0;
    weft_wg wg = WEFT_WG_INIT;
    int64_t start = bench_now_ns();
    weft_wg_go(&wg, yielder, count, &left);
    weft_wg_go(&wg, yielder, count, &right);
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    return (struct bench_result){.ops = 2 * count, .elapsed_ns = elapsed, .checksum = left + right};
}

static void echo(u64_chan_rx *ping, u64_chan_tx *pong)
{
    weft_range (v, ping)
        weft_send(pong, v + 1);
}

static struct bench_result run_roundtrip(uint64_t count)
{
    weft_auto(u64_chan, ping) = weft_make(u64_chan, 0);
    weft_auto(u64_chan, pong) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, echo, weft_rx(ping), weft_tx(pong));
    uint64_t sum = 0;
    int64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t v;
        weft_send(ping, i);
        weft_recv(pong, &v);
        sum += v;
    }
    int64_t elapsed = bench_now_ns() - start;
    weft_close(ping);
    weft_wg_wait(&wg);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

enum { RING = 503 };

/* pass_on - a place in the ring; the one that counts to zero says its number. */
static void pass_on(u64_chan_rx *in, u64_chan_tx *out, u64_chan_tx *last, uint64_t number)
{
    weft_range (v, in) {
        if (v == 0) {
            weft_send(last, number);
            break;
        }
        weft_send(out, v - 1);
    }
    weft_close(out); /* the next one ends too */
}

static struct bench_result run_ring(uint64_t count)
{
    static u64_chan *place[RING];
    weft_auto(u64_chan, last) = weft_make(u64_chan, 0);
    weft_wg wg = WEFT_WG_INIT;
    for (int i = 0; i < RING; i++)
        place[i] = weft_make(u64_chan, 0);
    for (uint64_t i = 0; i < RING; i++)
        weft_wg_go(&wg, pass_on, weft_rx(place[i]), weft_tx(place[(i + 1) % RING]), weft_tx(last),
                   i + 1);
    uint64_t number;
    int64_t start = bench_now_ns();
    weft_send(place[0], count);
    weft_recv(last, &number);
    int64_t elapsed = bench_now_ns() - start;
    weft_wg_wait(&wg);
    for (int i = 0; i < RING; i++)
        weft_unref(place[i]);
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = number};
}

enum { CREATURES = 10 };
enum colour { BLUE, RED, YELLOW, FADED };

struct request {
    int creature;
    enum colour colour;
};

WEFT_CHAN(request_chan, struct request);
WEFT_CHAN(colour_chan, enum colour);

static enum colour complement(enum colour mine, enum colour other)
{
    return mine == other ? mine : (enum colour)(3 - (int)mine - (int)other);
}

static void live(request_chan_tx *place, colour_chan_rx *answer, int number, uint64_t *meetings)
{
    enum colour mine = (enum colour)(number % 3), other;
    uint64_t met = 0;
    for (;;) {
        weft_send(place, (struct request){number, mine});
        weft_recv(answer, &other);
        if (other == FADED)
            break;
        mine = complement(mine, other);
        met++;
    }
    *meetings = met;
}

static struct bench_result run_chameneos(uint64_t count)
{
    weft_auto(request_chan, place) = weft_make(request_chan, 0);
    colour_chan *answer[CREATURES];
    uint64_t meetings[CREATURES], sum = 0;
    weft_wg wg = WEFT_WG_INIT;
    for (int i = 0; i < CREATURES; i++)
        answer[i] = weft_make(colour_chan, 0);
    int64_t start = bench_now_ns();
    for (int i = 0; i < CREATURES; i++)
        weft_wg_go(&wg, live, weft_tx(place), weft_rx(answer[i]), i, &meetings[i]);
    for (uint64_t i = 0; i < count; i++) {
        struct request first, second;
        weft_recv(place, &first);
        weft_recv(place, &second);
        weft_send(answer[first.creature], second.colour);
        weft_send(answer[second.creature], first.colour);
    }
    for (int i = 0; i < CREATURES; i++) {
        struct request late;
        weft_recv(place, &late);
        weft_send(answer[late.creature], FADED);
    }
    weft_wg_wait(&wg);
    int64_t elapsed = bench_now_ns() - start;
    for (int i = 0; i < CREATURES; i++) {
        sum += meetings[i];
        weft_unref(answer[i]);
    }
    return (struct bench_result){.ops = count, .elapsed_ns = elapsed, .checksum = sum};
}

static const struct bench_row rows[] = {
    {.name = "yield", .run = run_yield},
    {.name = "roundtrip", .run = run_roundtrip},
    {.name = "ring", .run = run_ring},
    {.name = "chameneos", .run = run_chameneos},
};

int weft_main(int argc, char **argv) { return BENCH_MAIN(argc, argv, rows); }
