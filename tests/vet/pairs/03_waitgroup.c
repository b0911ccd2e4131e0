/* SPDX-License-Identifier: MIT */
#include <weft.h>
static void late(weft_wg *wg) { weft_wg_add(wg, 1); weft_wg_done(wg); } //! waitgroup
static void leaf(weft_wg *wg) { weft_wg_done(wg); }
static void tree(weft_wg *wg) { weft_wg_add(wg, 1); weft_go(leaf, wg); weft_wg_done(wg); }
void bad(weft_wg *wg) { weft_go(late, wg); weft_wg_wait(wg); }
void good(weft_wg *wg) { weft_wg_add(wg, 1); weft_go(tree, wg); weft_wg_wait(wg); }
