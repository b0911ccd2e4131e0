/* SPDX-License-Identifier: MIT */
/* Used after the last reference. */
#include <weft.h>
WEFT_CHAN(ints, int);

void sends(void) { ints *c = weft_make(ints, 1); weft_unref(c); weft_send(c, 1); } //! unrefwait
int context(weft_ctx *p) { weft_ctx *c = weft_ctx_with_cancel(p); weft_ctx_cancel(c); weft_ctx_unref(c); return weft_ctx_err(c); } //! unrefwait
void on_one_way(int x)
{
    ints *c = weft_make(ints, 1);
    if (x)
        weft_unref(c);
    weft_close(c); //! unrefwait
}
void twice(void)
{
    weft_auto(ints, c) = weft_make(ints, 1);
    weft_send(c, 1);
    weft_unref(c);
} //! unrefwait
void timer(void) { weft_timer *t = weft_timer_new(WEFT_SECOND); weft_timer_unref(t); weft_timer_stop(t); } //! unrefwait

void once(void) { ints *c = weft_make(ints, 1); weft_send(c, 1); weft_close(c); weft_unref(c); }
void two(void) { ints *c = weft_make(ints, 1); ints *d = weft_ref(c); weft_unref(c); weft_send(d, 1); weft_unref(d); }
void loop(int n) { for (int i = 0; i < n; i++) { ints *c = weft_make(ints, 1); weft_send(c, i); weft_unref(c); } }
void given_away(void) { weft_auto(ints, c) = weft_make(ints, 1); weft_unref(c); c = NULL; }
void either(int x) { ints *c = weft_make(ints, 1); if (x) { weft_unref(c); return; } weft_send(c, 1); weft_unref(c); }
