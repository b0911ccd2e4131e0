/* SPDX-License-Identifier: MIT */
/* Closing channels, and what the operations that do not wait say. */
#include "rules.h"

/* Spec: "After calling close, and after any previously sent values have been received, receive
 * operations will return the zero value for the channel's type without blocking."
 * Spec: "The value of ok is true if the value received was delivered by a successful send
 * operation to the channel, or false if it is a zero value generated because the channel is closed
 * and empty." */
WEFT_TEST(values_before_the_close_are_received_after_it)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 3);
    for (int i = 1; i <= 3; i++)
        weft_send(c, i);
    weft_close(c);
    int v;
    for (int i = 1; i <= 3; i++) {
        v = -1;
        bool ok = weft_recv(c, &v);
        weft_check(ok);
        weft_check(v, ==, i);
    }
    for (int i = 0; i < 3; i++) {
        v = -1;
        bool ok = weft_recv(c, &v);
        weft_check(!ok);
        weft_check(v, ==, 0);
    }
    weft_check(weft_len(c), ==, 0);
    weft_check(weft_cap(c), ==, 3);
}

static atomic_int woken, zeroes;

static void recv_closed(int_chan_rx *c)
{
    int v = -1;
    bool ok = weft_recv(c, &v);
    if (!ok && v == 0)
        atomic_fetch_add(&zeroes, 1);
    atomic_fetch_add(&woken, 1);
}

WEFT_TEST(close_wakes_every_receiver)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < 100; i++)
        weft_go(recv_closed, weft_rx(c));
    weft_test_until_waiting(100, WEFT_WAIT_CHAN_RECV);
    weft_close(c);
    weft_test_until_idle();
    weft_check(woken, ==, 100);
    weft_check(zeroes, ==, 100);
}

/* Every form of sending, and what its caller sees. */
static void send_it(int_chan *c) { weft_send(c, 1); }
static void try_send_it(int_chan *c) { weft_try_send(c, 1); }
static void send_ctx_it(int_chan *c) { (void)weft_send_ctx(weft_background(), c, 1); }
static void select_it(int_chan *c) { weft_select(weft_on_send(c, 1)); }
static void select_default_it(int_chan *c) { weft_select(weft_on_send(c, 1), weft_on_default()); }
static void select_two_it(int_chan *c)
{
    weft_auto(int_chan, other) = weft_make(int_chan, 0);
    weft_select(weft_on_recv(other, NULL), weft_on_send(c, 1));
}
static void select_many_it(int_chan *c)
{
    weft_case cases[40];
    weft_auto(int_chan, other) = weft_make(int_chan, 0);
    for (int i = 0; i < 40; i++)
        cases[i] = weft_on_recv(other, NULL);
    cases[33] = weft_on_send(c, 1);
    weft_select_n(cases, 40);
}

typedef void sender(int_chan *);
static sender *const senders[] = {send_it,           try_send_it,   send_ctx_it,   select_it,
                                  select_default_it, select_two_it, select_many_it};
enum { SENDERS = sizeof senders / sizeof *senders };

/* Spec: "A send on a closed channel proceeds by causing a run-time panic."
 * Spec: "Sending to or closing a closed channel causes a run-time panic." */
WEFT_TEST(send_on_closed_panics_in_every_form)
{
    for (int capacity = 0; capacity < 3; capacity++)
        for (int i = 0; i < SENDERS; i++) {
            weft_auto(int_chan, c) = weft_make(int_chan, capacity);
            weft_close(c);
            check_panics("send on closed channel", senders[i], c);
            /* Nothing was left behind. */
            weft_check(weft_len(c), ==, 0);
            bool ok = weft_recv(c, NULL);
            weft_check(!ok);
        }
}

static atomic_int panicked;

static void send_and_note(sender *send, int_chan *c)
{
    weft_auto(weft_panic_info, p) = weft_try(send, c);
    if (p && strstr(weft_panic_message(p), "send on closed channel"))
        atomic_fetch_add(&panicked, 1);
}

/* The same when the close comes while they wait. */
WEFT_TEST(close_makes_waiting_senders_panic)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_send(c, 7);
    int n = 0;
    for (int i = 0; i < SENDERS; i++) {
        if (senders[i] == try_send_it || senders[i] == select_default_it)
            continue;
        weft_go(send_and_note, senders[i], c);
        n++;
    }
    weft_test_until_idle();
    weft_check(panicked, ==, 0);
    weft_close(c);
    weft_test_until_idle();
    weft_check(panicked, ==, n);
    /* What was in the buffer is still to be had; what they had is not. */
    int v;
    bool ok = weft_recv(c, &v);
    weft_check(ok && v == 7);
    ok = weft_recv(c, &v);
    weft_check(!ok);
}

static void close_it(int_chan *c) { weft_close(c); }

/* Spec: "Closing the nil channel also causes a run-time panic." */
WEFT_TEST(close_of_closed_and_of_null_panics)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_close(c);
    check_panics("close of closed channel", close_it, c); // weft:ignore closed is to panic
    check_panics("close of closed channel", close_it, c); // weft:ignore closed is to panic
    check_panics("close of a NULL channel", close_it, NULL);
}

static void deferred_close(int_chan *c)
{
    weft_defer(weft_close, c);
    weft_send(c, 1);
}

WEFT_TEST(close_can_be_deferred)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    deferred_close(c);
    int sum = 0;
    weft_range (v, c)
        sum += v;
    weft_check(sum, ==, 1);
}

/* Memory model: "The closing of a channel is synchronized before a receive that returns a zero
 * value because the channel is closed." */
static int written;
static void write_and_close(unit_chan_tx *c)
{
    written = 42;
    weft_close(c);
}

WEFT_TEST(what_was_written_before_the_close_is_seen_after_it)
{
    for (int i = 0; i < 500; i++) {
        weft_auto(unit_chan, c) = weft_make(unit_chan, 0);
        written = 0;
        weft_go(write_and_close, weft_tx(c));
        weft_recv(c, NULL);
        weft_check(written, ==, 42);
    }
}

/* weft: a channel may lose its last reference while the other side's close is on its way out. */
static void close_given(unit_chan *c)
{
    weft_auto(unit_chan, mine) = c;
    weft_close(mine);
}

WEFT_TEST(the_receiver_may_drop_the_channel_as_soon_as_it_is_closed)
{
    for (int i = 0; i < 2000; i++) {
        unit_chan *c = weft_make(unit_chan, 0);
        weft_go(close_given, weft_ref(c));
        weft_recv(c, NULL);
        weft_unref(c);
    }
}

/* ---- without waiting ------------------------------------------------------------------------ */

WEFT_TEST(try_send_says_whether_there_was_room)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    for (int i = 0; i < 4; i++) {
        bool sent = weft_try_send(c, i);
        weft_check(sent == (i < 2));
    }
    weft_auto(int_chan, none) = weft_make(int_chan, 0);
    bool sent = weft_try_send(none, 1);
    weft_check(!sent);
}

static void recv_to(int_chan_rx *c, atomic_int *out)
{
    int v;
    weft_recv(c, &v);
    *out = v;
}

WEFT_TEST(try_send_meets_a_waiting_receiver)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    atomic_int got = 0;
    weft_go(recv_to, weft_rx(c), &got);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    bool sent = weft_try_send(c, 9);
    weft_check(sent);
    weft_test_until_idle();
    weft_check(got, ==, 9);
}

WEFT_TEST(try_receive_meets_a_waiting_sender)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_go(send_it, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    int v = 0;
    bool came = weft_try_recv(c, &v);
    weft_check(came && v == 1);
}

/* weft: "open is false only when the channel is closed and drained, and then v is zeroed; on an
 * empty channel v is left alone." */
WEFT_TEST(try_receive_tells_empty_from_closed)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    int v = 7;
    bool open = false;
    bool came = weft_try_recv_ok(c, &v, &open);
    weft_check(!came && open && v == 7);
    weft_send(c, 5);
    open = false;
    came = weft_try_recv_ok(c, &v, &open);
    weft_check(came && open && v == 5);
    weft_send(c, 6);
    weft_close(c);
    came = weft_try_recv_ok(c, &v, &open);
    weft_check(came && open && v == 6);
    came = weft_try_recv_ok(c, &v, &open);
    weft_check(!came && !open && v == 0);
    v = 7;
    came = weft_try_recv(c, &v);
    weft_check(!came && v == 0);
    came = weft_try_recv(c, NULL);
    weft_check(!came);
}

/* weft: "-EPIPE for closed and empty, with v zeroed". */
WEFT_TEST(receive_with_a_context_tells_the_close)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    int v = 7;
    int r = weft_send_ctx(weft_background(), c, 3);
    weft_check(r, ==, 0);
    r = weft_recv_ctx(weft_background(), c, &v);
    weft_check(r, ==, 0);
    weft_check(v, ==, 3);
    weft_close(c);
    r = weft_recv_ctx(weft_background(), c, &v);
    weft_check(r, ==, -EPIPE);
    weft_check(v, ==, 0);
    r = weft_recv_ctx(weft_background(), c, NULL);
    weft_check(r, ==, -EPIPE);
}

// weft:ignore nilctx is to panic
static void send_null_ctx(int_chan *c) { (void)weft_send_ctx(NULL, c, 1); }
// weft:ignore nilctx is to panic
static void recv_null_ctx(int_chan *c) { (void)weft_recv_ctx(NULL, c, NULL); }

/* weft: NULL as a context panics. */
WEFT_TEST(null_context_panics)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    check_panics("context", send_null_ctx, c);
    check_panics("context", recv_null_ctx, c);
    weft_check(weft_len(c), ==, 0);
}

static void recv_ctx_waits(int_chan_rx *c, atomic_int *out)
{
    int v = 0;
    int r = weft_recv_ctx(weft_background(), c, &v);
    *out = r == 0 ? v : r;
}

WEFT_TEST(context_forms_wait_too)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    atomic_int got = 0;
    weft_go(recv_ctx_waits, weft_rx(c), &got);
    weft_test_until_idle();
    int r = weft_send_ctx(weft_background(), c, 12);
    weft_check(r, ==, 0);
    weft_test_until_idle();
    weft_check(got, ==, 12);
    weft_go(recv_ctx_waits, weft_rx(c), &got);
    weft_test_until_idle();
    weft_close(c);
    weft_test_until_idle();
    weft_check(got, ==, -EPIPE);
}
