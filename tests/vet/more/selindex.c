/* SPDX-License-Identifier: MIT */
/* Labels that name no case. */
#include <weft.h>
WEFT_CHAN(ints, int);

int counted_from_one(weft_ctx *x, ints *c)
{
    int v = 0;
    switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) {
    case 1:
        return v;
    case 2:
        return -1; //! selindex
    }
    return 0;
}
int with_if(ints *c) { int v = 0; return weft_select(weft_on_recv(c, &v), weft_on_default()) == 2 ? -1 : v; } //! selindex
int negative(ints *c)
{
    int v = 0;
    switch (weft_select(weft_on_recv(c, &v))) {
    case 0:
        return v;
    case -1:
        return 0; //! selindex
    }
    return v;
}

int all_of_them(weft_ctx *x, ints *c, ints *d)
{
    int v = 0;
    switch (weft_select(weft_on_recv(c, &v), weft_on_send(d, 1), weft_on_done(x), weft_on_timeout(WEFT_SECOND))) {
    case 0:
    case 1:
        return v;
    case 2:
        return -1;
    case 3:
        return -2;
    }
    return 0;
}
int in_array(ints **c, size_t n)
{
    weft_case cases[8];
    int v[8];
    for (size_t i = 0; i < n && i < 8; i++)
        cases[i] = weft_on_recv(c[i], &v[i]);
    int which = weft_select_n(cases, n);
    return which == 7 ? v[7] : v[which];
}
int by_default(ints *c) { int v = 0; switch (weft_select(weft_on_recv(c, &v))) { default: return v; } }
