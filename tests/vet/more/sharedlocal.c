/* SPDX-License-Identifier: MIT */
/* Written while a goroutine reads. */
#include <stdatomic.h>
#include <weft.h>
struct task { int in, out; };
static void run(struct task *t) { t->out = t->in; }
static void show(int *n) { printf("%d\n", *n); }
static void wait_for(weft_wg *wg) { weft_wg_wait(wg); }

void counter(int n)
{
    weft_wg wg = {0};
    for (int i = 0; i < n; i++) //! sharedlocal
        weft_wg_go(&wg, show, &i);
    weft_wg_wait(&wg);
}
void reused(void)
{
    struct task t = {.in = 1};
    weft_wg wg = {0};
    weft_wg_go(&wg, run, &t);
    t.in = 2; //! sharedlocal
    weft_wg_go(&wg, run, &t);
    weft_wg_wait(&wg);
}
int changed(int x)
{
    int n = 1;
    weft_wg wg = {0};
    weft_wg_go(&wg, show, &n);
    if (x)
        n = x; //! sharedlocal
    wait_for(&wg);
    return n;
}

void each_its_own(int n)
{
    int id[8];
    weft_wg wg = {0};
    for (int i = 0; i < n && i < 8; i++) {
        id[i] = i;
        weft_wg_go(&wg, show, &id[i]);
    }
    weft_wg_wait(&wg);
}
void afterwards(void) { int n = 1; weft_wg wg = {0}; weft_wg_go(&wg, show, &n); weft_wg_wait(&wg); n = 2; show(&n); }
void atomically(void)
{
    atomic_int n = 1;
    weft_wg wg = {0};
    weft_wg_go(&wg, show, (int *)&n);
    n = 2;
    weft_wg_wait(&wg);
}
struct guarded { weft_mutex mu; int n; };
static void add(struct guarded *g) { weft_scoped_lock(&g->mu); g->n++; }
void locked(void)
{
    struct guarded g = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, add, &g);
    weft_mutex_lock(&g.mu);
    g.n = 7;
    weft_mutex_unlock(&g.mu);
    weft_wg_wait(&wg);
}
