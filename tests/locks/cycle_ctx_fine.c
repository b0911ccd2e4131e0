/* SPDX-License-Identifier: MIT */
/* A circle that a context opens again is none. */
#include <weft.h>

static weft_mutex a, b;
static _Atomic int ready;

static void both_ready(void)
{
    ready++;
    while (ready < 2)
        weft_yield();
}

static void first(weft_ctx *ctx)
{
    weft_scoped_lock(&a);
    both_ready();
    int err = weft_mutex_lock_ctx(ctx, &b);
    printf("first: %s\n", weft_strerror(err));
    fflush(stdout);
}

static void second(void)
{
    weft_scoped_lock(&b);
    both_ready();
    weft_scoped_lock(&a);
    puts("second: both");
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg_go(&wg, first, ctx);
    weft_wg_go(&wg, second);
    (void)weft_sleep(weft_background(), 2500 * WEFT_MILLISECOND);
    weft_ctx_cancel(ctx);
    weft_wg_wait(&wg);
    return 0;
}
/*
 * exit: 0
 * stdout:
 *     first: Operation canceled
 *     second: both
 * stderr:
 */
