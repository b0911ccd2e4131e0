/* SPDX-License-Identifier: MIT */
/* Loops that ask and do not wait, and those that do something meanwhile. */
#include <stdatomic.h>
#include <weft.h>
WEFT_CHAN(ints, int);
void work(void);

int with_if(ints *c)
{
    int v;
    for (;;) {
        if (weft_select(weft_on_recv(c, &v), weft_on_default()) == 0) //! busyloop
            return v;
    }
}
void try_send_forever(ints *c) { while (!weft_try_send(c, 1)) ; } //! busyloop
int counted_spins(ints *c, long *spins)
{
    int v;
    while (!weft_try_recv(c, &v)) //! busyloop
        ++*spins;
    return v;
}
int own_flag(ints *c)
{
    bool open = true;
    int v = 0, sum = 0;
    while (open) {
        switch (weft_select(weft_on_recv_ok(c, &v, &open), weft_on_default())) { //! busyloop
        case 0:
            sum += v;
            break;
        default:
            continue;
        }
    }
    return sum;
}
int two_channels(ints *a, ints *b)
{
    int v;
    for (;;)
        switch (weft_select(weft_on_recv(a, &v), weft_on_recv(b, &v), weft_on_default())) { //! busyloop
        case 0:
        case 1:
            return v;
        }
}

int waits(ints *c) { int v = 0; weft_recv(c, &v); return v; }
int drains(ints *c) { int v, n = 0; while (weft_try_recv(c, &v)) n++; return n; }
int yields(ints *c) { int v; while (!weft_try_recv(c, &v)) weft_yield(); return v; }
int works_meanwhile(ints *c)
{
    int v;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_default())) {
        case 0:
            return v;
        case 1:
            work();
        }
}
int a_few_tries(ints *c)
{
    int v;
    for (int i = 0; i < 100; i++)
        if (weft_try_recv(c, &v))
            return v;
    return -1;
}
int until_stopped(ints *c, atomic_bool *stop)
{
    int v = 0;
    while (!*stop)
        if (weft_try_recv(c, &v))
            break;
    return v;
}
int fills(ints *c) { int n = 0; while (weft_try_send(c, n)) n++; return n; }
int gives_up(ints *c)
{
    int v = 0;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_default())) {
        case 0:
            break;
        case 1:
            return v;
        }
}
