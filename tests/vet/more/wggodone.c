/* SPDX-License-Identifier: MIT */
/* Counted twice: by parameter, by global, by defer. */
#include <weft.h>
static weft_wg all;

static void param(weft_wg *wg) { weft_yield(); weft_wg_done(wg); } //! wggodone
static void global(int n) { printf("%d\n", n); weft_wg_done(&all); } //! wggodone
static void second(int n, weft_wg *wg)
{
    weft_defer(weft_wg_done, wg); //! wggodone
    printf("%d\n", n);
}
void f(weft_wg *wg)
{
    weft_wg_go(wg, param, wg);
    weft_wg_go(&all, global, 3);
    weft_wg_go(wg, second, 3, wg);
    weft_wg_wait(wg);
}

static void by_hand(weft_wg *wg) { weft_yield(); weft_wg_done(wg); }
static void plain(int n) { printf("%d\n", n); }
static void of_another(weft_wg *inner) { weft_yield(); weft_wg_done(inner); }
static void part(weft_wg *wg) { weft_wg_add(wg, 1); weft_go(by_hand, wg); }
void g(weft_wg *wg, weft_wg *inner)
{
    weft_wg_add(wg, 1);
    weft_go(by_hand, wg);
    weft_wg_go(wg, plain, 3);
    weft_wg_add(inner, 1);
    weft_wg_go(wg, of_another, inner);
    weft_wg_go(wg, part, wg);
    weft_wg_wait(wg);
}
