/* SPDX-License-Identifier: MIT */
/* Locals that goroutines are given: structs, arrays, timers; and what waits for them. */
#include <stdatomic.h>
#include <weft.h>
WEFT_CHAN(ints, int);

struct task {
    int in, out;
    weft_wg *wg;
};
static void run(struct task *t) { t->out = t->in * 2; }
static void run_wg(struct task *t) { t->out = t->in * 2; weft_wg_done(t->wg); }
static void fill(int *a, int n) { while (n--) a[n] = n; }
static int member(int *p) { return *p; }

int by_struct(int n)
{
    struct task t = {.in = n};
    weft_go(run, &t); //! stackescape
    return t.out;
}
int by_array(void)
{
    int a[16] = {0};
    weft_go(fill, a, 16); //! stackescape
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
    return a[3];
}
int on_some_ways(int x)
{
    int n = 0;
    weft_wg wg = {0};
    weft_wg_go(&wg, fill, &n, 1); //! stackescape
    if (x)
        return -1;
    weft_wg_wait(&wg);
    return n;
}
int in_a_callback(void)
{
    int n = 0;
    (void)weft_after_func(WEFT_SECOND, fill, &n, 1); //! stackescape
    return 0;
}

int waits(int n)
{
    struct task t[4];
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++) {
        t[i] = (struct task){.in = n + i, .wg = &wg};
        weft_wg_add(&wg, 1);
        weft_go(run_wg, &t[i]);
    }
    weft_wg_wait(&wg);
    return t[0].out;
}
int grouped(weft_ctx *ctx, int n)
{
    int a = n, b = n;
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, member, &a);
    if (n > 3)
        return -1;
    weft_group_go(g, member, &b);
    return weft_group_wait(g);
}
static void reply(int *p, ints *done) { ++*p; weft_send(done, 1); }
int by_channel(void)
{
    weft_auto(ints, done) = weft_make(ints, 1);
    int n = 0, v;
    weft_go(reply, &n, done);
    weft_recv(done, &v);
    return n;
}
static void wait_all(weft_wg *wg) { weft_wg_wait(wg); }
int by_helper(int n)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, fill, &n, 1);
    wait_all(&wg);
    return n;
}
static void flag(atomic_bool *done) { *done = true; }
void by_asking(void)
{
    atomic_bool done = false;
    weft_go(flag, &done);
    while (!done)
        weft_yield();
}
static struct task forever;
void a_static(void) { weft_go(run, &forever); }
int in_rounds(int rounds)
{
    int sum = 0;
    for (int r = 0; r < rounds; r++) {
        int part[2] = {0};
        weft_wg wg = {0};
        for (int i = 0; i < 2; i++)
            weft_wg_go(&wg, fill, &part[i], 1);
        weft_wg_wait(&wg);
        sum += part[0] + part[1];
    }
    return sum;
}
