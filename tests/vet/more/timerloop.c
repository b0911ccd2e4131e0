/* SPDX-License-Identifier: MIT */
/* Timers in loops of every form, and those that belong there. */
#include <weft.h>
WEFT_CHAN(ints, int);

int with_goto(ints *c)
{
    int v;
again:;
    weft_timer *t = weft_timer_new(WEFT_SECOND); //! timerloop
    switch (weft_select(weft_on_recv(c, &v), weft_on_recv(weft_timer_chan(t), NULL))) {
    case 0:
        goto again;
    case 1:
        weft_timer_unref(t);
    }
    return v;
}
void ticker_each_time(weft_ctx *ctx)
{
    while (weft_ctx_err(ctx) == 0) {
        weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_SECOND); //! timerloop
        weft_recv(weft_ticker_chan(t), NULL); //! ctxbare
    }
}
int retries(ints *c)
{
    int v = 0, tries = 0;
    do {
        weft_auto(weft_timer, t) = weft_timer_new(WEFT_MILLISECOND << tries); //! timerloop
        if (weft_select(weft_on_recv(c, &v), weft_on_recv(weft_timer_chan(t), NULL)) == 0)
            return v;
    } while (++tries < 5);
    return -1;
}

int one_for_all(ints *c)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_SECOND);
    int v, sum = 0;
    while (weft_select(weft_on_recv(c, &v), weft_on_recv(weft_timer_chan(t), NULL)) == 0) {
        sum += v;
        weft_timer_reset(t, WEFT_SECOND);
    }
    return sum;
}
void a_ticker_before(weft_ctx *ctx)
{
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_SECOND);
    while (weft_recv_ctx(ctx, weft_ticker_chan(t), NULL) == 0)
        puts("tick");
}
struct slot { weft_timer *timer; };
void many_on_purpose(struct slot *s, int n)
{
    for (int i = 0; i < n; i++)
        s[i].timer = weft_timer_new(i * WEFT_SECOND);
}
int once(ints *c, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v += i;
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_SECOND);
    weft_select(weft_on_recv(c, &v), weft_on_recv(weft_timer_chan(t), NULL));
    return v;
}
static void ring(int n) { printf("%d\n", n); }
void calls(int n)
{
    for (int i = 0; i < n; i++)
        (void)weft_after_func(i * WEFT_SECOND, ring, i);
}
