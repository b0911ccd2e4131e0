/* SPDX-License-Identifier: MIT */
/* The end of a context, and back to the select. */
#include <weft.h>
WEFT_CHAN(ints, int);

void forgets(weft_ctx *x, ints *c)
{
    int v;
    while (true) {
        switch (weft_select(weft_on_done(x), weft_on_recv(c, &v))) { //! selbreak
        case 0:
            break;
        case 1:
            printf("%d\n", v);
            break;
        }
    }
}
void continues(weft_ctx *x, ints *c)
{
    int v;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) { //! selbreak
        case 0:
            puts("value");
            break;
        case 1:
            continue;
        }
}
void not_asked(weft_ctx *x, ints *c)
{
    int v;
    for (;;)
        if (weft_select(weft_on_recv(c, &v), weft_on_done(x)) == 0) //! selbreak
            printf("%d\n", v);
}

void returns(weft_ctx *x, ints *c)
{
    int v;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) {
        case 0:
            break;
        case 1:
            return;
        }
}
void asks_again(weft_ctx *x, ints *c)
{
    int v;
    while (weft_ctx_err(x) == 0)
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) {
        case 0:
            puts("value");
            break;
        case 1:
            break;
        }
}
void with_flag(weft_ctx *x, ints *c)
{
    int v;
    for (bool on = true; on;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) {
        case 0:
            puts("value");
            break;
        case 1:
            on = false;
            break;
        }
}
void with_goto(weft_ctx *x, ints *c)
{
    int v;
    for (;;)
        switch (weft_select(weft_on_recv(c, &v), weft_on_done(x))) {
        case 0:
            continue;
        case 1:
            goto out;
        }
out:
    puts("out");
}
