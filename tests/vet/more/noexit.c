/* SPDX-License-Identifier: MIT */
/* Goroutines without a way out, directly and through calls. */
#include <stdlib.h>
#include <weft.h>
WEFT_CHAN(ints, int);

static void receives(ints *c) { for (;;) { int v; weft_recv(c, &v); printf("%d\n", v); } }
static void selects(ints *a, ints *b)
{
    int v;
    while (true)
        switch (weft_select(weft_on_recv(a, &v), weft_on_recv(b, &v))) {
        case 0:
            printf("a %d\n", v);
            break;
        case 1:
            printf("b %d\n", v);
            break;
        }
}
static void loop(int *n) { for (;;) { weft_yield(); ++*n; } }
static void calls_it(int *n) { *n = 0; loop(n); puts("never"); }
static void ticks(void)
{
    weft_auto(weft_ticker, t) = weft_ticker_new(WEFT_SECOND);
    weft_range (now, weft_ticker_chan(t))
        printf("%lld\n", (long long)now);
}
void start(ints *c, int *n)
{
    weft_go(receives, c);       //! noexit
    weft_go(selects, c, c);     //! noexit
    weft_wg wg = {0};
    weft_wg_go(&wg, calls_it, n); //! noexit
    weft_go(ticks);
}

static void ends(ints *c) { int v; while (weft_recv(c, &v)) printf("%d\n", v); }
static void heeds(weft_ctx *ctx) { for (;;) if (weft_sleep(ctx, WEFT_SECOND)) return; }
static void exits(ints *c) { for (;;) { int v; if (!weft_recv(c, &v)) weft_goexit(); } }
static void fails(ints *c) { for (;;) { int v; if (!weft_recv(c, &v)) exit(1); } }
static void breaks(ints *c) { for (;;) { int v; if (!weft_recv(c, &v)) break; } }
static void panics(ints *c) { for (;;) { int v; if (!weft_recv(c, &v)) weft_panic("closed"); } }
static void daemon_loop(int *n) WEFT_VET_IS("noexit");
static void daemon_loop(int *n) { for (;;) { (void)weft_sleep(weft_background(), WEFT_HOUR); ++*n; } }
void fine(weft_ctx *ctx, ints *c, int *n)
{
    weft_go(ends, c);
    weft_go(heeds, ctx);
    weft_go(exits, c);
    weft_go(fails, c);
    weft_go(breaks, c);
    weft_go(panics, c);
    weft_go(daemon_loop, n);
}
