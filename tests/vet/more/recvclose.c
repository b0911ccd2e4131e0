/* SPDX-License-Identifier: MIT */
/* Who closes: the receiver after a count, in a select, by defer; and who may. */
#include <weft.h>
WEFT_CHAN(ints, int);

void first_three(ints *c)
{
    int v;
    for (int i = 0; i < 3; i++)
        weft_recv(c, &v);
    weft_close(c); //! recvclose
}
int until_timeout(ints *c)
{
    int v = 0;
    if (weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_SECOND)) == 1)
        weft_close(c); //! recvclose
    return v;
}
void by_defer(ints *c)
{
    weft_defer(weft_close, c); //! recvclose
    weft_range (v, c)
        if (v < 0)
            return;
}
static ints *shared;
void global(void)
{
    int v;
    while (weft_recv(shared, &v))
        if (v == 7) {
            weft_close(shared); //! recvclose
            return;
        }
}

void relay(ints_rx *in, ints *out)
{
    weft_range (v, in)
        weft_send(out, v);
    weft_close(out);
}
int owner(void)
{
    ints *c = weft_make(ints, 1);
    weft_send(c, 1);
    int v;
    weft_recv(c, &v);
    weft_close(c);
    weft_unref(c);
    return v;
}
static void produce(ints *c) { weft_send(c, 1); }
void launches_senders(ints *c)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, produce, c);
    weft_wg_go(&wg, produce, c);
    int v;
    weft_recv(c, &v);
    weft_recv(c, &v);
    weft_wg_wait(&wg);
    weft_close(c);
}
struct pool { ints *jobs, *done; };
void pool_stop(struct pool *p)
{
    weft_close(p->jobs);
    int v;
    while (weft_recv(p->done, &v))
        ;
    weft_close(p->done);
}
void both_ways(ints *c)
{
    weft_send(c, 1);
    int v;
    weft_recv(c, &v);
    weft_close(c);
}
