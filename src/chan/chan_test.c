/* SPDX-License-Identifier: MIT */
/* What chan_impl.h says is always true, looked at from inside. */
#include "chan/chan_impl.h"

#include <string.h>

#include "weft/context.h"
#include "weft/go.h"
#include "weft/select.h"
#include "weft/sync.h"
#include "weft/test.h"

WEFT_CHAN(int_chan, int);

static void check_channel(int_chan *handle)
{
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    bool fits = c->count <= c->cap;
    bool receivers = c->recvq.first == NULL || (c->count == 0 && c->sendq.first == NULL);
    bool senders = c->sendq.first == NULL || c->count == c->cap;
    bool closed = !c->closed || (c->recvq.first == NULL && c->sendq.first == NULL);
    weft__unlock(&c->lock);
    weft_check(fits && receivers && senders && closed);
}

WEFT_TEST(a_handle_carries_the_headers_generation)
{
    int_chan *a = weft_make(int_chan, 0);
    struct chan *c = chan_of(a);
    weft_check((void *)handle_of(c) == (void *)a);
    weft_check(!handle_stale(a, c));
    weft_unref(a);
    weft_check(handle_stale(a, c));
    int_chan *b = weft_make(int_chan, 0);
    weft_check(chan_of(b) == c); /* the header that was freed last */
    weft_check((void *)b != (void *)a);
    weft_check(!handle_stale(b, c) && handle_stale(a, c));
    weft_unref(b);
}

/* After 65,535 uses of one header a handle could be taken for a later one's; never 0, so that a
 * handle is never a plain address. */
WEFT_TEST(generations_wrap_without_becoming_zero)
{
    for (int i = 0; i < 70000; i++) {
        int_chan *c = weft_make(int_chan, 0);
        if (chan_of(c)->generation == 0)
            weft_fail("generation 0 after %d channels", i);
        weft_unref(c);
    }
}

static void send_some(int_chan *c, int n)
{
    for (int i = 0; i < n; i++)
        weft_send(c, i);
}
static void select_some(int_chan *c, int_chan *d, int n)
{
    for (int i = 0; i < n; i++)
        weft_select(weft_on_recv(c, NULL), weft_on_recv(d, NULL));
}

WEFT_TEST(the_invariants_hold_while_all_are_at_it)
{
    for (int capacity = 0; capacity < 3; capacity++) {
        weft_auto(int_chan, c) = weft_make(int_chan, capacity);
        weft_auto(int_chan, d) = weft_make(int_chan, capacity);
        weft_wg wg = {0};
        for (int i = 0; i < 3; i++) {
            weft_wg_go(&wg, send_some, i % 2 ? c : d, 2000);
            weft_wg_go(&wg, select_some, c, d, 2000);
        }
        while (weft_num_goroutine() > 1) {
            check_channel(c);
            check_channel(d);
            weft_yield();
        }
        weft_wg_wait(&wg);
        weft_check(weft_len(c) + weft_len(d), ==, 0);
    }
}

static void select_two(int_chan *c, int_chan *d)
{
    weft_select(weft_on_recv(c, NULL), weft_on_send(d, 1));
}

/* A select that is over stands on no channel's list any more. */
WEFT_TEST(a_select_leaves_nothing_behind)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(int_chan, d) = weft_make(int_chan, 0);
    for (int i = 0; i < 100; i++) {
        weft_go(select_two, c, d);
        weft_test_until_waiting(1, WEFT_WAIT_SELECT);
        weft_check(chan_of(c)->recvq.first != NULL && chan_of(d)->sendq.first != NULL);
        if (i % 2)
            weft_send(c, 1);
        else
            weft_recv(d, NULL);
        weft_test_until_idle();
        weft_check(chan_of(c)->recvq.first == NULL && chan_of(d)->sendq.first == NULL);
        weft_check(weft_num_goroutine(), ==, 1);
    }
}

WEFT_TEST(copies_of_every_size)
{
    char from[300], to[302];
    for (size_t n = 0; n <= 300; n++) {
        for (size_t i = 0; i < 300; i++)
            from[i] = (char)(i + n);
        memset(to, 77, sizeof to);
        weft__chan_copy(to + 1, from, n);
        weft_check(memcmp(to + 1, from, n) == 0 && to[0] == 77 && to[n + 1] == 77);
        weft__chan_zero(to + 1, n);
        for (size_t i = 1; i <= n; i++)
            weft_check(to[i] == 0);
        weft_check(to[0] == 77 && to[n + 1] == 77);
    }
}

/* ---- looking without the lock ----------------------------------------------------------- */

static void check_must_wait(int_chan *c, bool send, bool recv)
{
    weft_check(must_wait(c, chan_of(c), true) == send);
    weft_check(must_wait(c, chan_of(c), false) == recv);
}

WEFT_TEST(what_must_wait_is_seen_without_the_lock)
{
    weft_auto(int_chan, none) = weft_make(int_chan, 0);
    check_must_wait(none, true, true);
    weft_go(send_some, none, 1);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    check_must_wait(none, true, false);
    weft_recv(none, NULL);
    weft_go(select_some, none, none, 1);
    weft_test_until_waiting(1, WEFT_WAIT_SELECT);
    check_must_wait(none, false, true);
    weft_send(none, 1);

    int_chan *two = weft_make(int_chan, 2);
    check_must_wait(two, false, true);
    weft_send(two, 1);
    check_must_wait(two, false, false);
    weft_send(two, 2);
    check_must_wait(two, true, false);
    /* A closed channel and a stale handle have something to say. */
    weft_close(two);
    check_must_wait(two, false, false);
    weft_recv(two, NULL);
    weft_recv(two, NULL);
    check_must_wait(two, false, false);
    struct chan *header = chan_of(two);
    weft_unref(two);
    weft_check(!must_wait(two, header, true) && !must_wait(two, header, false));
}
