/* SPDX-License-Identifier: MIT */
#include <weft.h>
static void work(int *p) { ++*p; }
static void task(int *p, weft_wg *wg) { ++*p; weft_wg_done(wg); }
static int job(int *p) { return *p; }
void bad(void) { for (int i = 0; i < 3; i++) weft_go(work, &i); } //! stackescape
int good(void) { weft_wg wg = {0}; int n = 0; weft_wg_add(&wg, 1); weft_go(task, &n, &wg); weft_wg_wait(&wg); return n; }
int good2(weft_ctx *c) { int a[3] = {1, 2, 3}; weft_auto(weft_group, g) = weft_group_new(c); for (int i = 0; i < 3; i++) weft_group_go(g, job, &a[i]); return 0; }
