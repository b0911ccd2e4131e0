/* SPDX-License-Identifier: MIT */
/* Adding inside: through a struct, a global, a loop; and adding where it is right. */
#include <weft.h>

struct job {
    weft_wg *wg;
    int n;
};
static weft_wg all;

static void by_struct(struct job *j) { weft_wg_add(j->wg, 1); j->n++; weft_wg_done(j->wg); } //! waitgroup
static void by_global(void)
{
    weft_wg_add(&all, 1); //! waitgroup
    weft_defer(weft_wg_done, &all);
    weft_yield();
}
static void after_checking(weft_wg *wg, int n)
{
    if (n < 0)
        return;
    weft_wg_add(wg, n); //! waitgroup
    weft_yield();
    weft_wg_add(wg, -n);
}
void start(struct job *j, weft_wg *wg)
{
    weft_go(by_struct, j);
    for (int i = 0; i < 3; i++)
        weft_go(by_global);
    weft_go(after_checking, wg, 3);
    weft_wg_wait(&all);
}

static void leaf(weft_wg *wg) { weft_wg_done(wg); }
static void own_group(int *out)
{
    weft_wg mine = {0};
    weft_wg_add(&mine, 2);
    for (int i = 0; i < 2; i++)
        weft_go(leaf, &mine);
    weft_wg_wait(&mine);
    ++*out;
}
static void spread(weft_wg *wg, int depth)
{
    weft_defer(weft_wg_done, wg);
    if (depth == 0)
        return;
    weft_wg_add(wg, 2);
    weft_go(spread, wg, depth - 1);
    weft_go(spread, wg, depth - 1);
}
static void launch(weft_wg *wg) { weft_go(leaf, wg); }
static void through_helper(weft_wg *wg)
{
    weft_wg_add(wg, 1);
    launch(wg);
    weft_wg_done(wg);
}
static void counts_down(weft_wg *wg) { weft_yield(); weft_wg_add(wg, -1); }
static void up_and_down(weft_wg *wg) { weft_wg_add(wg, 1); weft_yield(); weft_wg_done(wg); weft_wg_done(wg); }
void fine(weft_wg *wg, int *out)
{
    weft_wg_add(wg, 1);
    weft_go(up_and_down, wg);
    weft_wg_go(wg, own_group, out);
    weft_wg_add(wg, 3);
    weft_go(spread, wg, 4);
    weft_go(through_helper, wg);
    weft_go(counts_down, wg);
    weft_wg_wait(wg);
}
