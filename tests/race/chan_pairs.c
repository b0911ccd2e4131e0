/* SPDX-License-Identifier: MIT */
/* Channels: sending, receiving, closing, and the rule about capacity, slot by slot. */
#include "pairs.h"

/* A send happens before the receive of its value returns. */
PAIR(chan_send)

static void write_send(int_chan *c)
{
    x = 1;
    weft_send(c, 1);
}

static void send_write(int_chan *c)
{
    weft_send(c, 1);
    x = 1;
}

static void chan_send(void (*sender)(int_chan *), int cap)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    weft_wg_go(&wg, sender, c);
    weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_send(void) { chan_send(write_send, 0); }
static void race_chan_send(void) { chan_send(send_write, 0); }

PAIR(chan_send_buffered)
static void norace_chan_send_buffered(void) { chan_send(write_send, 3); }
static void race_chan_send_buffered(void) { chan_send(send_write, 3); }

/* Capacity 0: the receive happens before its send returns; with capacity 1 it need not. */
PAIR(chan_receive)

static void write_receive(int_chan *c)
{
    x = 1;
    weft_recv(c, NULL);
}

static void chan_receive(int cap)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    weft_wg_go(&wg, write_receive, c);
    weft_send(c, 1);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_receive(void) { chan_receive(0); }
static void race_chan_receive(void) { chan_receive(1); }

/* The same when the receiver is known to wait already: capacity decides, not who came first. */
PAIR(chan_receiver_waits)

static void chan_receiver_waits(int cap)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    weft_wg_go(&wg, write_receive, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_send(c, 1);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_receiver_waits(void) { chan_receiver_waits(0); }
static void race_chan_receiver_waits(void) { chan_receiver_waits(1); }

/* Receive k happens before send k + capacity returns, and before no earlier one. */
PAIR(chan_capacity)

static void chan_capacity(int before)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    for (int i = 0; i < before; i++)
        weft_send(c, i);
    weft_wg_go(&wg, write_receive, c);
    weft_send(c, 9);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_capacity(void) { chan_capacity(2); }
static void race_chan_capacity(void) { chan_capacity(1); }

/* Receive 1 frees slot 1; send 2 goes to slot 2 and learns nothing of it. */
PAIR(chan_slots)

static void write_receive_tell(int_chan *c)
{
    x = 1;
    weft_recv(c, NULL);
    tell(1);
}

static void chan_slots(int sends)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    weft_send(c, 1);
    weft_wg_go(&wg, write_receive_tell, c);
    until_told(1);
    for (int i = 0; i < sends; i++)
        weft_send(c, i);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_slots(void) { chan_slots(2); }
static void race_chan_slots(void) { chan_slots(1); }

/* A value carries what its own sender did, not what the one before it in the slot did. */
PAIR(chan_slot_again)

static void receive_twice(int_chan *c, bool look)
{
    weft_recv(c, NULL);
    tell(1);
    until_told(2);
    weft_recv(c, NULL);
    if (look)
        get_x();
}

static void receive_one(int_chan *c, bool look, int step)
{
    weft_recv(c, NULL);
    if (look)
        get_x();
    tell(step);
}

static void send_only(int_chan *c) { weft_send(c, 2); }

static void norace_chan_slot_again(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    weft_wg_go(&wg, receive_twice, c, true);
    until_told(1);
    weft_wg_go(&wg, send_only, c);
    tell(2);
    weft_wg_wait(&wg);
}

static void race_chan_slot_again(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    weft_wg_go(&wg, receive_one, c, false, 1);
    until_told(1);
    weft_wg_go(&wg, send_only, c);
    weft_wg_go(&wg, receive_one, c, true, 2);
    weft_wg_wait(&wg);
}

/* A sender that had to wait goes through the buffer like any other. */
PAIR(chan_sender_waits)

static void chan_sender_waits(int receives)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_send(c, 0);
    weft_wg_go(&wg, write_send, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    for (int i = 0; i < receives; i++)
        weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_sender_waits(void) { chan_sender_waits(2); }
static void race_chan_sender_waits(void) { chan_sender_waits(1); }

/* Values without size have slots too. */
PAIR(chan_unit_slots)

static void write_receive_unit(unit_chan *c)
{
    x = 1;
    weft_recv(c, NULL);
    tell(1);
}

static void chan_unit_slots(int sends)
{
    weft_wg wg = {0};
    weft_auto(unit_chan, c) = weft_make(unit_chan, 2);
    weft_send(c, (weft_unit){});
    weft_wg_go(&wg, write_receive_unit, c);
    until_told(1);
    for (int i = 0; i < sends; i++)
        weft_send(c, (weft_unit){});
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_unit_slots(void) { chan_unit_slots(2); }
static void race_chan_unit_slots(void) { chan_unit_slots(1); }

/* A channel of capacity 1 is a lock; one of capacity 2 lets two in. */
PAIR(chan_as_lock)

static void in_turn(int_chan *c)
{
    weft_send(c, 1);
    x++;
    weft_recv(c, NULL);
}

static void chan_as_lock(int cap)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    weft_wg_go(&wg, in_turn, c);
    weft_wg_go(&wg, in_turn, c);
    weft_wg_wait(&wg);
}

static void norace_chan_as_lock(void) { chan_as_lock(1); }
static void race_chan_as_lock(void) { chan_as_lock(2); }

/* A close happens before a receive that tells of it. */
PAIR(chan_close)

static void write_close(int_chan *c)
{
    x = 1;
    weft_close(c);
}

static void close_write(int_chan *c)
{
    weft_close(c);
    x = 1;
}

static void norace_chan_close(void) { chan_send(write_close, 0); }
static void race_chan_close(void) { chan_send(close_write, 0); }

/* A value that was sent before the close tells nothing of the close. */
PAIR(chan_close_later)

static void send_write_close(int_chan *c)
{
    weft_send(c, 1);
    x = 1;
    weft_close(c);
    tell(1);
}

static void chan_close_later(int receives)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, send_write_close, c);
    until_told(1);
    for (int i = 0; i < receives; i++)
        weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_close_later(void) { chan_close_later(2); }
static void race_chan_close_later(void) { chan_close_later(1); }

/* A loop over a channel ends by its close. */
PAIR(chan_range)

static void three_and_close(int_chan *c, bool late)
{
    for (int i = 0; i < 3; i++)
        weft_send(c, i);
    if (!late)
        x = 1;
    weft_close(c);
    if (late)
        x = 1;
}

static void chan_range(bool late)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, three_and_close, c, late);
    weft_range (v, c)
        (void)v;
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_range(void) { chan_range(false); }
static void race_chan_range(void) { chan_range(true); }

/* try_recv: a value orders, nothing to receive does not. */
PAIR(chan_try_recv)

static void write_tell(void)
{
    x = 1;
    tell(1);
}

static void norace_chan_try_recv(void)
{
    weft_wg wg = {0};
    int v;
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    while (!weft_try_recv(c, &v))
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

static void race_chan_try_recv(void)
{
    weft_wg wg = {0};
    int v;
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_tell);
    until_told(1);
    weft_try_recv(c, &v);
    get_x();
    weft_wg_wait(&wg);
}

/* try_recv of a closed channel tells of the close. */
PAIR(chan_try_recv_closed)

static void chan_try_recv_closed(void (*closer)(int_chan *))
{
    weft_wg wg = {0};
    int v;
    bool open = true;
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, closer, c);
    while (open) {
        weft_try_recv_ok(c, &v, &open);
        weft_yield();
    }
    get_x();
    weft_wg_wait(&wg);
}

static void norace_chan_try_recv_closed(void) { chan_try_recv_closed(write_close); }
static void race_chan_try_recv_closed(void) { chan_try_recv_closed(close_write); }

/* try_send to a full channel orders nothing; one that succeeds takes over the slot. */
PAIR(chan_try_send)

static void write_receive_one(int_chan *c)
{
    x = 1;
    weft_recv(c, NULL);
}

static void norace_chan_try_send(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_send(c, 1);
    weft_wg_go(&wg, write_receive_one, c);
    while (!weft_try_send(c, 2))
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

static void write_send_tell(int_chan *c)
{
    x = 1;
    weft_send(c, 1);
    tell(1);
}

static void race_chan_try_send(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send_tell, c);
    until_told(1);
    weft_try_send(c, 2);
    get_x();
    weft_wg_wait(&wg);
}

/* The number of values in a channel is a number and no more. */
PAIR(chan_len)

static void norace_chan_len(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    while (weft_len(c) == 0)
        weft_yield();
    weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void race_chan_len(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    while (weft_len(c) == 0)
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

/* A new channel knows nothing of the one whose memory it got. */
PAIR(chan_reused)

static void short_channel(int cap, int step)
{
    int_chan *c = weft_make(int_chan, cap);
    if (cap == 0)
        weft_close(c);
    else
        weft_send(c, 1);
    weft_recv(c, NULL);
    weft_unref(c);
    tell(step);
}

static void write_short(int cap)
{
    x = 1;
    short_channel(cap, 1);
}

static void short_read(int cap)
{
    short_channel(cap, 2);
    get_x();
}

static void norace_chan_reused(void)
{
    weft_wg wg = {0};
    for (int cap = 0; cap < 2; cap++) {
        weft_wg_go(&wg, write_short, cap);
        weft_wg_wait(&wg);
        weft_wg_go(&wg, short_read, cap);
        weft_wg_wait(&wg);
    }
}

static void race_chan_reused(void)
{
    weft_wg wg = {0};
    for (int cap = 0; cap < 2; cap++) {
        tell(0);
        weft_wg_go(&wg, write_short, cap);
        until_told(1);
        weft_wg_go(&wg, short_read, cap);
        until_told(2);
    }
    weft_wg_wait(&wg);
}

/* The memory that a value is copied to is written by the receive. */
PAIR(chan_out)

static void receive_to(int_chan *c, int *out) { weft_recv(c, out); }

static void norace_chan_out(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, receive_to, c, planted);
    weft_send(c, 1);
    weft_wg_wait(&wg);
    get_x();
}

static void race_chan_out(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, receive_to, c, planted);
    weft_send(c, 1);
    get_x();
    weft_wg_wait(&wg);
}

/* send_ctx and recv_ctx order like the plain ones, and nothing when the context ended. */
PAIR(chan_ctx)

static void write_send_ctx(weft_ctx *ctx, int_chan *c)
{
    x = 1;
    weft_send_ctx(ctx, c, 1);
    tell(1);
}

static void norace_chan_ctx(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, write_send_ctx, ctx, c);
    weft_recv_ctx(ctx, c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void race_chan_ctx(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, ended) = weft_ctx_with_cancel(weft_background());
    weft_ctx_cancel(ended);
    weft_wg_go(&wg, write_send_ctx, ctx, c);
    until_told(1);
    weft_recv_ctx(ended, c, NULL);
    get_x();
    weft_wg_wait(&wg);
}
