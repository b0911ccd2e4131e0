/* SPDX-License-Identifier: MIT */
/*
 * Time limits that end just as the value comes, in selects, contexts and timer
 * channels: either the value was passed, and both sides know, or it was not,
 * and neither does.
 */
#include "stress.h"

WEFT_CHAN(int_chan, int);

enum { PAIRS = 4 };

static atomic_bool stop;
static atomic_long timeouts, passed;

typedef struct {
    int_chan *c;
    atomic_long sent, received; /* sums */
    atomic_bool done;
} pair;

static weft_duration moment(void) { return (weft_duration)random_below(40) * WEFT_MICROSECOND; }

static bool send_one(pair *p, int v)
{
    switch (random_below(4)) {
    case 0:
        return weft_select(weft_on_send(p->c, v), weft_on_timeout(moment())) == 0;
    case 1: {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        int err = weft_send_ctx(ctx, p->c, v);
        REQUIRE(err == 0 || err == -ETIMEDOUT);
        return err == 0;
    }
    case 2: {
        weft_auto(weft_timer, t) = weft_timer_new(moment());
        int_chan *none = NULL;
        int i = weft_select(weft_on_recv(weft_timer_chan(t), NULL), weft_on_send(p->c, v),
                            weft_on_recv(none, NULL));
        if (i == 1)
            weft_timer_stop(t);
        REQUIRE(!weft_try_recv(weft_timer_chan(t), NULL));
        return i == 1;
    }
    default: {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        return weft_select(weft_on_done(ctx), weft_on_send(p->c, v)) == 1;
    }
    }
}

static bool receive_one(pair *p, int *v)
{
    *v = 0;
    switch (random_below(4)) {
    case 0:
        return weft_select(weft_on_recv(p->c, v), weft_on_timeout(moment())) == 0;
    case 1: {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        return weft_recv_ctx(ctx, p->c, v) == 0;
    }
    case 2: {
        weft_auto(weft_timer, t) = weft_timer_new(WEFT_HOUR);
        weft_timer_reset(t, moment());
        return weft_select(weft_on_recv(p->c, v), weft_on_recv(weft_timer_chan(t), NULL)) == 0;
    }
    default: {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        return weft_select(weft_on_done(ctx), weft_on_recv(p->c, v)) == 1;
    }
    }
}

static void sender(pair *p)
{
    for (int i = 1; !stop; i++)
        if (send_one(p, i)) {
            atomic_fetch_add(&p->sent, i);
            atomic_fetch_add(&passed, 1);
        } else {
            atomic_fetch_add(&timeouts, 1);
        }
    p->done = true;
}

static void receiver(pair *p)
{
    int v;
    /* Once the sender has ended a last value may still be in the buffer. */
    for (bool last = false; !last;) {
        last = p->done;
        while (receive_one(p, &v)) {
            REQUIRE(v > 0);
            atomic_fetch_add(&p->received, v);
        }
        REQUIRE(v == 0); /* untouched by what did not happen */
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    pair pairs[PAIRS] = {{0}};
    for (int i = 0; i < PAIRS; i++) {
        pairs[i].c = weft_make(int_chan, i % 2);
        weft_wg_go(&wg, sender, &pairs[i]);
        weft_wg_go(&wg, receiver, &pairs[i]);
    }
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    for (int i = 0; i < PAIRS; i++) {
        int v;
        while (weft_try_recv(pairs[i].c, &v))
            pairs[i].received += v;
        REQUIRE(pairs[i].sent == pairs[i].received);
        weft_unref(pairs[i].c);
    }
    REQUIRE(timeouts > 0 && passed > 0);
    puts("ok");
    return 0;
}
