/* SPDX-License-Identifier: MIT */
/* See stage.h. */
#include "stage.h"

#include <weft.h>

WEFT_CHAN(int_chan, int);

static void count(int_chan_tx *out, int n)
{
    weft_defer(weft_close, out);
    for (int i = 1; i <= n; i++)
        weft_send(out, i);
}

static void pass_on(int_chan_rx *in, int_chan_tx *out, weft_wg *wg)
{
    weft_defer(weft_wg_done, wg);
    weft_range (v, in)
        weft_send(out, v);
}

static void close_after(weft_wg *wg, int_chan_tx *out)
{
    weft_wg_wait(wg);
    weft_close(out);
}

int add_up(int n)
{
    weft_auto(int_chan, numbers) = weft_make(int_chan, 0);
    weft_auto(int_chan, results) = weft_make(int_chan, 4);
    weft_wg workers = {0}, closer = {0};
    weft_go(count, weft_tx(numbers), n);
    weft_wg_add(&workers, 3);
    for (int i = 0; i < 3; i++)
        weft_go(pass_on, weft_rx(numbers), weft_tx(results), &workers);
    weft_wg_go(&closer, close_after, &workers, weft_tx(results));
    int sum = 0;
    weft_range (v, results)
        sum += v;
    weft_wg_wait(&closer);
    return sum;
}

int run_add_up(int n) { return weft_run(add_up, n); }
