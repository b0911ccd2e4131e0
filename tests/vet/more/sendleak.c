/* SPDX-License-Identifier: MIT */
/* Results that nobody takes, in the shapes they come in. */
#include <weft.h>
WEFT_CHAN(ints, int);
WEFT_CHAN(errs, int);

static void compute(ints_tx *out, int n) { weft_send(out, n * n); }
static void helper(ints *c) { weft_send(c, 1); }
static void indirect(ints *c, int n) { if (n) helper(c); }

int timeout(void)
{
    weft_auto(ints, c) = weft_make(ints, 0);
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_go(compute, weft_tx(c), 3); //! sendleak
    int v;
    if (weft_select(weft_on_timeout(WEFT_SECOND), weft_on_recv(c, &v)) == 0)
        return -1;
    return v;
}
int first_wins(int n)
{
    ints *c = weft_make(ints, 0);
    for (int i = 0; i < n; i++)
        weft_go(compute, weft_tx(c), i); //! sendleak
    int v;
    weft_recv(c, &v);
    return v;
}
int early_return(int fd)
{
    ints *c = weft_make(ints, 0);
    weft_go(indirect, c, 1); //! sendleak
    if (fd < 0)
        return -1;
    int v = 0;
    weft_recv(c, &v);
    return v + fd;
}
void never_read(void) { ints *c = weft_make(ints, 0); weft_go(compute, weft_tx(c), 1); } //! sendleak

int all_received(int n)
{
    ints *c = weft_make(ints, 0);
    for (int i = 0; i < n; i++)
        weft_go(compute, weft_tx(c), i);
    int v, sum = 0;
    for (int i = 0; i < n; i++) {
        weft_recv(c, &v);
        sum += v;
    }
    weft_unref(c);
    return sum;
}
int roomy(void)
{
    ints *c = weft_make(ints, 1);
    weft_go(helper, c);
    int v;
    return weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_SECOND));
}
static void heeds(weft_ctx *ctx, ints *c) { (void)weft_send_ctx(ctx, c, 1); }
int cancelled(weft_ctx *ctx)
{
    ints *c = weft_make(ints, 0);
    weft_go(heeds, ctx, c);
    int v = 0;
    return weft_recv_ctx(ctx, c, &v) ? -1 : v;
}
static void collect(ints *c, int *sum) { weft_range (v, c) *sum += v; }
void two_goroutines(int *sum)
{
    ints *c = weft_make(ints, 0);
    weft_go(collect, c, sum);
    weft_go(helper, c);
}
ints *generator(int n) { ints *c = weft_make(ints, 0); weft_go(compute, weft_tx(c), n); return c; }
int looping_select(void)
{
    ints *c = weft_make(ints, 0);
    weft_go(helper, c);
    int v = 0;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_SECOND))) {
        case 0:
            return v;
        }
}
struct job { ints *result; };
void kept(struct job *j) { j->result = weft_make(ints, 0); weft_go(helper, j->result); }
