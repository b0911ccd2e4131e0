/* SPDX-License-Identifier: MIT */
/*
 * Every public macro, to be compiled as it is and with -DWEFT_VET: the view of the headers that
 * `weft vet` reads must take what the real one takes.
 */
#include <weft.h>

WEFT_CHAN(ints, int);
typedef struct {
    int x, y;
} point;
WEFT_CHAN(points, point);

static int task(int a, const char *b) { return a + !b; }
static void plain(void) {}
static int member(int a) { return a; }
static int six(int a, int b, int c, int d, int e, void *f) { return a + b + c + d + e + !f; }
static int load(weft_flight_result *r, int n)
{
    static int value;
    value = n;
    weft_flight_set(r, &value, NULL);
    return 0;
}

struct data {
    weft_mutex mu;
    int n WEFT_GUARDED_BY(mu);
};
static void need(struct data *d) WEFT_REQUIRES(&d->mu);
static void need(struct data *d) { d->n++; }
static void take(struct data *d) WEFT_ACQUIRES(&d->mu);
static void take(struct data *d) { weft_mutex_lock(&d->mu); }
static void give(struct data *d) WEFT_RELEASES(&d->mu);
static void give(struct data *d) { weft_mutex_unlock(&d->mu); }
void wait_for(struct data *d) WEFT_VET_IS("wait");

static void goroutines(weft_ctx *ctx)
{
    weft_go(plain);
    weft_go(task, 1, "x");
    weft_go(six, 1, 2, 3, 4, 5, NULL);
    weft_go_with(&(weft_go_opts){.name = "n"}, plain);
    weft_go_with(&(weft_go_opts){.name = "n", .stack_size = 1 << 20}, task, 1, "x");
    weft_wg wg = WEFT_WG_INIT;
    weft_wg_go(&wg, plain);
    weft_wg_go(&wg, task, 1, "x");
    weft_wg_add(&wg, 1);
    weft_wg_done(&wg);
    weft_wg_wait(&wg);
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_set_limit(g, 3);
    weft_group_go(g, member, 1);
    if (!weft_group_try_go(g, member, 1))
        weft_yield();
    int err = weft_group_wait(g);
    (void)weft_after_func(WEFT_SECOND, task, err, "x");
    (void)weft_after_func(WEFT_SECOND, plain);
    weft_ctx_call call = weft_ctx_after_func(ctx, plain);
    weft_ctx_call_stop(call);
    weft_pin();
    weft_unpin();
}

static int channels(weft_ctx *ctx)
{
    weft_auto(ints, c) = weft_make(ints, 3);
    weft_auto(points, p) = weft_make(points, 0);
    ints *more = weft_ref(c);
    weft_unref(more);
    weft_send(c, 1);
    weft_send(p, (point){1, 2});
    int v;
    bool ok = weft_recv(c, &v), open;
    weft_recv(weft_rx(c), NULL);
    weft_try_send(weft_tx(c), 1);
    weft_try_recv(c, &v);
    weft_try_recv_ok(c, &v, &open);
    int err = weft_send_ctx(ctx, p, (point){1, 2});
    err += weft_recv_ctx(ctx, c, &v);
    weft_range (x, c)
        err += x;
    switch (weft_select(weft_on_recv(c, &v), weft_on_recv_ok(c, &v, &ok),
                        weft_on_send(p, (point){1, 2}), weft_on_send_from(c, &v),
                        weft_on_done(ctx), weft_on_timeout(WEFT_SECOND), weft_on_default())) {
    case 0:
        break;
    default:
        err++;
    }
    weft_case cases[2] = {weft_on_recv(c, NULL), weft_on_done(ctx)};
    cases[1] = weft_on_send_from(c, &v);
    err += weft_select_n(cases, 2);
    weft_close(c);
    weft_defer(weft_close, p);
    return err + (int)weft_len(c) + (int)weft_cap(c) + ok + open;
}

static int locks(weft_ctx *ctx, struct data *d)
{
    static weft_rwmutex rw = WEFT_RWMUTEX_INIT;
    static weft_mutex mu = WEFT_MUTEX_INIT;
    static weft_cond cond = WEFT_COND_INIT;
    static weft_once once = WEFT_ONCE_INIT;
    static weft_sem sem = WEFT_SEM(3);
    weft_scoped_lock(&mu);
    weft_scoped_rlock(&rw);
    weft_scoped_wlock(&rw);
    weft_mutex_lock(&d->mu);
    weft_cond_wait(&cond, &d->mu);
    weft_cond_signal(&cond);
    weft_cond_broadcast(&cond);
    weft_mutex_unlock(&d->mu);
    if (weft_mutex_try_lock(&d->mu))
        give(d);
    take(d);
    need(d);
    give(d);
    int err = weft_mutex_lock_ctx(ctx, &d->mu);
    weft_rwmutex_rlock(&rw);
    weft_rwmutex_runlock(&rw);
    weft_rwmutex_lock(&rw);
    weft_rwmutex_unlock(&rw);
    err += weft_rwmutex_try_rlock(&rw) + weft_rwmutex_try_lock(&rw);
    weft_once_do(&once, plain);
    weft_once_do(&once, task, 1, "x");
    err += weft_sem_acquire(ctx, &sem, 1) + weft_sem_try_acquire(&sem, 1);
    weft_defer(weft_sem_release, &sem, 2);
    weft_defer(weft_mutex_unlock, &d->mu);
    weft_defer(plain);
    weft_defer(task, err, "x");
    return err;
}

static int contexts(weft_ctx *parent)
{
    static char key;
    weft_auto(weft_ctx, a) = weft_ctx_with_cancel(parent);
    weft_auto(weft_ctx, b) = weft_ctx_with_timeout(a, WEFT_SECOND);
    weft_auto(weft_ctx, c) = weft_ctx_with_deadline(b, weft_now());
    weft_auto(weft_ctx, d) = weft_ctx_with_value(c, &key, "v");
    weft_auto(weft_ctx, e) = weft_ctx_without_cancel(d);
    weft_auto(weft_ctx, f) = weft_ctx_with_signals(e, 2, 15, 0);
    weft_ctx_unref(weft_ctx_ref(f));
    weft_recv(weft_ctx_done(a), NULL);
    return weft_sleep(b, WEFT_SECOND);
}

static int panics(weft_ctx *ctx)
{
    weft_auto(weft_panic_info, p) = weft_try(task, 1, "x");
    weft_auto(weft_panic_info, q) = weft_try(plain);
    static weft_flight flight = WEFT_FLIGHT_INIT;
    weft_auto(weft_flight_result, r) = NULL;
    int err = weft_flight_do(ctx, &flight, "key", &r, load, 3);
    if (p || q)
        weft_panic("%d", err);
    return err;
}

WEFT_TEST(all_of_them)
{
    weft_ctx *ctx = weft_background();
    struct data d = {0};
    goroutines(ctx);
    weft_check(channels(ctx), ==, 0);
    weft_expect(locks(ctx, &d) == 0);
    weft_check(contexts(ctx) == 0);
    weft_test_cleanup(plain);
    weft_test_until_waiting(1, WEFT_WAIT_SLEEP);
    weft_test_until_idle();
    if (panics(ctx))
        weft_fail("%s", "x");
    weft_skip("%d", weft_run(member, 1));
}
