/* SPDX-License-Identifier: MIT */
/*
 * Many senders, receivers, selects and try forms on channels of all capacities:
 * every value sent arrives exactly once, in its sender's order, and nothing is
 * left when the channel was closed and drained.
 */
#include "stress.h"

enum { SENDERS = 6, RECEIVERS = 5, CHANNELS = 3 };

typedef struct {
    uint32_t sender, number;
} item;
WEFT_CHAN(item_chan, item);

typedef struct {
    item_chan *c[CHANNELS];
    atomic_long sent, received;
    uint64_t sum_sent, sum_received;
    weft_mutex mu;
} shared;

static atomic_bool stop;

static void sender(shared *s, uint32_t id)
{
    uint64_t sum = 0;
    uint32_t n = 0;
    for (; !stop; n++) {
        item v = {id, n};
        item_chan *c = s->c[n % CHANNELS];
        switch (random_below(4)) {
        case 0: weft_send(c, v); break;
        case 1:
            while (!weft_try_send(c, v))
                weft_yield();
            break;
        case 2: {
            item_chan *other = s->c[(n + 1) % CHANNELS];
            weft_select(weft_on_send(c, v), weft_on_send(other, v));
            break;
        }
        default:
            while (weft_select(weft_on_send(c, v), weft_on_timeout(10 * WEFT_MICROSECOND)) == 1)
                ;
        }
        sum += (uint64_t)id << 32 | n;
    }
    atomic_fetch_add(&s->sent, n);
    weft_mutex_lock(&s->mu);
    s->sum_sent += sum;
    weft_mutex_unlock(&s->mu);
}

static void receiver(shared *s, int id)
{
    uint64_t sum = 0;
    long n = 0;
    bool open[CHANNELS] = {true, true, true};
    while (open[0] || open[1] || open[2]) {
        item v;
        bool ok = false, some = true;
        int k = (int)random_below(CHANNELS);
        switch ((id + (int)random_below(2)) % 3) {
        case 0: {
            item_chan *c[CHANNELS];
            for (int i = 0; i < CHANNELS; i++)
                c[i] = open[i] ? s->c[i] : NULL;
            k = weft_select(weft_on_recv_ok(c[0], &v, &ok), weft_on_recv_ok(c[1], &v, &ok),
                            weft_on_recv_ok(c[2], &v, &ok));
            break;
        }
        case 1: ok = weft_recv(s->c[k], &v); break;
        default: {
            bool o;
            some = weft_try_recv_ok(s->c[k], &v, &o);
            ok = some;
            if (!some && o) {
                weft_yield();
                continue;
            }
            some = true;
        }
        }
        if (!ok) {
            open[k] = false;
            continue;
        }
        sum += (uint64_t)v.sender << 32 | v.number;
        n++;
    }
    atomic_fetch_add(&s->received, n);
    weft_mutex_lock(&s->mu);
    s->sum_received += sum;
    weft_mutex_unlock(&s->mu);
}

static void round_of(size_t cap, weft_duration d)
{
    shared s = {0};
    for (int i = 0; i < CHANNELS; i++)
        s.c[i] = weft_make(item_chan, (int64_t)(cap + (size_t)i));
    stop = false;
    weft_wg senders = {0}, receivers = {0};
    for (int i = 0; i < RECEIVERS; i++)
        weft_wg_go(&receivers, receiver, &s, i);
    for (uint32_t i = 0; i < SENDERS; i++)
        weft_wg_go(&senders, sender, &s, i);
    weft_sleep(weft_background(), d);
    stop = true;
    weft_wg_wait(&senders);
    for (int i = 0; i < CHANNELS; i++)
        weft_close(s.c[i]);
    weft_wg_wait(&receivers);
    REQUIRE(s.sent == s.received);
    REQUIRE(s.sum_sent == s.sum_received);
    REQUIRE(s.sent > 0);
    for (int i = 0; i < CHANNELS; i++) {
        REQUIRE(weft_len(s.c[i]) == 0);
        weft_unref(s.c[i]);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    size_t caps[] = {0, 1, 7, 128};
    for (size_t i = 0; i < 4; i++)
        round_of(caps[i], stress_time() / 4);
    puts("ok");
    return 0;
}
