/* SPDX-License-Identifier: MIT */
/* Contexts: a cancel happens before whatever learns of the end. */
#include "pairs.h"

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

PAIR(ctx_err)

static void ctx_err(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, canceller, ctx);
    while (weft_ctx_err(ctx) == 0)
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

static void norace_ctx_err(void) { ctx_err(write_cancel); }
static void race_ctx_err(void) { ctx_err(cancel_write); }

/* weft_ctx_err() without an error tells nothing. */
PAIR(ctx_no_err)

static void write_tell(void)
{
    x = 1;
    tell(1);
}

static void norace_ctx_no_err(void)
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, write_tell);
    weft_ctx_err(ctx);
    weft_wg_wait(&wg);
    get_x();
}

static void race_ctx_no_err(void)
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, write_tell);
    until_told(1);
    weft_ctx_err(ctx);
    get_x();
    weft_wg_wait(&wg);
}

PAIR(ctx_done)

static void ctx_done(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, canceller, ctx);
    weft_recv(weft_ctx_done(ctx), NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_ctx_done(void) { ctx_done(write_cancel); }
static void race_ctx_done(void) { ctx_done(cancel_write); }

/* A child learns of its parent's end. */
PAIR(ctx_child)

static void ctx_child(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, parent) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, child) = weft_ctx_with_cancel(parent);
    weft_wg_go(&wg, canceller, parent);
    weft_recv(weft_ctx_done(child), NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_ctx_child(void) { ctx_child(write_cancel); }
static void race_ctx_child(void) { ctx_child(cancel_write); }

/* A wait that the context ended. */
PAIR(ctx_sleep)

static void ctx_sleep(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, canceller, ctx);
    weft_sleep(ctx, WEFT_MINUTE);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_ctx_sleep(void) { ctx_sleep(write_cancel); }
static void race_ctx_sleep(void) { ctx_sleep(cancel_write); }

/* The cancel happens before the call. */
PAIR(ctx_after_func)

static void read_close(int_chan *c)
{
    get_x();
    weft_close(c);
}

static void ctx_after_func(void (*canceller)(weft_ctx *))
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_after_func(ctx, read_close, c);
    weft_wg_go(&wg, canceller, ctx);
    weft_recv(c, NULL);
    weft_wg_wait(&wg);
}

static void norace_ctx_after_func(void) { ctx_after_func(write_cancel); }
static void race_ctx_after_func(void) { ctx_after_func(cancel_write); }

/* So does what came before the call was arranged, but not what came after. */
PAIR(ctx_after_func_made)

static void arrange(weft_ctx *ctx, int_chan *c, bool late)
{
    if (!late)
        x = 1;
    weft_ctx_after_func(ctx, read_close, c);
    if (late)
        x = 1;
    tell(1);
}

static void ctx_after_func_made(bool late)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, arrange, ctx, c, late);
    until_told(1);
    weft_ctx_cancel(ctx);
    weft_recv(c, NULL);
    weft_wg_wait(&wg);
}

static void norace_ctx_after_func_made(void) { ctx_after_func_made(false); }
static void race_ctx_after_func_made(void) { ctx_after_func_made(true); }

/* A stop that came in time leaves the call's memory to the caller; one too late orders nothing. */
PAIR(ctx_call_stop)

static void write_and_tell(void)
{
    x = 1;
    tell(1);
}

static void norace_ctx_call_stop(void)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_call call = weft_ctx_after_func(ctx, write_and_tell);
    if (weft_ctx_call_stop(call))
        x = 2;
    weft_ctx_cancel(ctx);
}

static void race_ctx_call_stop(void)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_ctx_call call = weft_ctx_after_func(ctx, write_and_tell);
    weft_ctx_cancel(ctx);
    until_told(1);
    if (!weft_ctx_call_stop(call))
        x = 2;
}

/* A deadline is nobody's doing: it tells of nothing but the making of the context. */
PAIR(ctx_deadline)

static void ctx_deadline(bool late)
{
    weft_wg wg = {0};
    if (!late)
        weft_wg_go(&wg, set_x, 1);
    weft_wg_wait(&wg);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
    if (late) {
        weft_wg_go(&wg, write_tell);
        until_told(1);
    }
    weft_recv(weft_ctx_done(ctx), NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_ctx_deadline(void) { ctx_deadline(false); }
static void race_ctx_deadline(void) { ctx_deadline(true); }
