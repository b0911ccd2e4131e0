/* SPDX-License-Identifier: MIT */
/* Closed and used again: branches, wrappers, fields, arrays, defer. */
#include <weft.h>
WEFT_CHAN(ints, int);
struct pipe { ints *in, *out; bool done; };

void error_path(ints *c, int err)
{
    if (err) {
        weft_close(c);
        puts("failed");
    }
    weft_send(c, err); //! closed
}
static void finish(ints *c) { puts("done"); weft_close(c); }
void by_wrapper(ints *c, int n)
{
    for (int i = 0; i < n; i++)
        weft_send(c, i);
    finish(c);
    weft_close(c); //! closed
}
void by_field(struct pipe *p) { weft_close(p->out); weft_send(p->out, 1); } //! closed
void by_alias(ints *c) { ints_tx *tx = weft_tx(c); weft_close(tx); weft_try_send(c, 1); } //! closed
void deferred(ints *c, int x) { weft_defer(weft_close, c); if (x) { weft_close(c); return; } weft_send(c, x); } //! closed
void in_switch(ints *c, int kind)
{
    switch (kind) {
    case 0:
        weft_close(c);
        /* fall through */
    case 1:
        weft_send(c, kind); //! closed
    }
}

void one_of_two(ints *c, int err) { if (err) { weft_close(c); return; } weft_send(c, 1); weft_close(c); }
void both_ends(struct pipe *p) { weft_close(p->in); weft_close(p->out); }
void flagged(struct pipe *p, int err)
{
    if (err) {
        weft_close(p->out);
        p->done = true;
    }
    if (!err)
        weft_send(p->out, 1);
}
void all(struct pipe *p, int n) { for (int i = 0; i < n; i++) weft_close(p[i].out); }
void fresh(struct pipe *p) { weft_close(p->out); p->out = weft_make(ints, 0); weft_send(p->out, 1); }
void list(ints **cs) { while (*cs) weft_close(*cs++); }
static void maybe(ints *c, int x) { if (x) weft_close(c); }
void by_luck(ints *c, int x) { maybe(c, x); if (!x) weft_send(c, 1); }
