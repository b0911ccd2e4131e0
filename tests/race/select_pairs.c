/* SPDX-License-Identifier: MIT */
/* Select: as the operation of the case that happened; a default or a timeout orders nothing. */
#include "pairs.h"

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

static void write_tell(void)
{
    x = 1;
    tell(1);
}

static void write_send_tell(int_chan *c)
{
    write_send(c);
    tell(1);
}

PAIR(select_recv)

static void select_recv(void (*sender)(int_chan *), bool waits)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(int_chan, other) = weft_make(int_chan, 0);
    weft_wg_go(&wg, sender, c);
    if (waits)
        weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    weft_select(weft_on_recv(other, NULL), weft_on_recv(c, NULL));
    get_x();
    weft_wg_wait(&wg);
}

static void norace_select_recv(void) { select_recv(write_send, false); }
static void race_select_recv(void) { select_recv(send_write, false); }

/* The same when the sender waits already. */
PAIR(select_recv_ready)
static void norace_select_recv_ready(void) { select_recv(write_send, true); }
static void race_select_recv_ready(void) { select_recv(send_write, true); }

/* A select that waits, with a buffered channel: capacity decides whether the send learns of it. */
PAIR(select_waits)

static void write_select(int_chan *c, int_chan *other)
{
    x = 1;
    weft_select(weft_on_recv(other, NULL), weft_on_recv(c, NULL));
}

static void select_waits(int cap)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    weft_auto(int_chan, other) = weft_make(int_chan, 0);
    weft_wg_go(&wg, write_select, c, other);
    weft_test_until_waiting(1, WEFT_WAIT_SELECT);
    weft_send(c, 1);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_select_waits(void) { select_waits(0); }
static void race_select_waits(void) { select_waits(1); }

PAIR(select_send)

static void receive_read(int_chan *c)
{
    weft_recv(c, NULL);
    get_x();
}

static void select_send(bool early)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(int_chan, other) = weft_make(int_chan, 0);
    weft_wg_go(&wg, receive_read, c);
    if (early)
        x = 1;
    weft_select(weft_on_recv(other, NULL), weft_on_send(c, 1));
    if (!early)
        x = 1;
    weft_wg_wait(&wg);
}

static void norace_select_send(void) { select_send(true); }
static void race_select_send(void) { select_send(false); }

/* Only the case that happened orders. */
PAIR(select_one)

static void select_one(bool right)
{
    weft_wg wg = {0};
    weft_auto(int_chan, a) = weft_make(int_chan, 1);
    weft_auto(int_chan, b) = weft_make(int_chan, 1);
    weft_auto(int_chan, none) = weft_make(int_chan, 0);
    weft_send(b, 1);
    weft_wg_go(&wg, write_send_tell, a);
    until_told(1);
    weft_select(weft_on_recv(none, NULL), weft_on_recv(right ? a : b, NULL));
    get_x();
    weft_wg_wait(&wg);
}

static void norace_select_one(void) { select_one(true); }
static void race_select_one(void) { select_one(false); }

PAIR(select_default)

static void norace_select_default(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_send, c);
    while (weft_select(weft_on_recv(c, NULL), weft_on_default()) != 0)
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

static void race_select_default(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_wg_go(&wg, write_tell);
    until_told(1);
    weft_select(weft_on_recv(c, NULL), weft_on_default());
    get_x();
    weft_wg_wait(&wg);
}

PAIR(select_timeout)

static void norace_select_timeout(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, write_send, c);
    while (weft_select(weft_on_recv(c, NULL), weft_on_timeout(WEFT_MINUTE)) != 0)
        ;
    get_x();
    weft_wg_wait(&wg);
}

static void race_select_timeout(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, write_tell);
    until_told(1);
    weft_select(weft_on_recv(c, NULL), weft_on_timeout(1000));
    get_x();
    weft_wg_wait(&wg);
}

PAIR(select_done)

static void write_cancel(weft_ctx *ctx)
{
    x = 1;
    weft_ctx_cancel(ctx);
}

static void cancel_write(weft_ctx *ctx)
{
    weft_ctx_cancel(ctx);
    x = 1;
}

static void select_done(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, canceller, ctx);
    weft_select(weft_on_recv(c, NULL), weft_on_done(ctx));
    get_x();
    weft_wg_wait(&wg);
}

static void norace_select_done(void) { select_done(write_cancel); }
static void race_select_done(void) { select_done(cancel_write); }
