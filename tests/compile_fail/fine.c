/* SPDX-License-Identifier: MIT */
/*
 * What must compile without a warning under -Wall -Wextra -Wshadow, with any
 * compiler at any level: every macro, in the ways that people write them.
 */
#include "prelude.h"

WEFT_CHAN(byte_chan, unsigned char);
WEFT_CHAN(bool_chan, bool);
WEFT_CHAN(fn_chan, void (*)(int));
WEFT_CHAN(chan_chan, int_chan *);
WEFT_CHAN(double_chan, double);
WEFT_CHAN(array_chan, struct { char bytes[4096]; });
WEFT_CHAN(unit_chan, weft_unit);
WEFT_CHAN(const_chan, const point *);

enum color { RED, GREEN };
typedef struct bag {
    int n;
} bag;
static void bag_cleanup(bag **b) { (void)b; }

static int add(int a, int b) { return a + b; }
static void take_enum(enum color e, bool b, char ch, uint64_t n)
{
    (void)e, (void)b, (void)ch, (void)n;
}
static void take_const(const int *p, const char *s) { (void)p, (void)s; }
static void take_fn(void (*f)(void)) { f(); }
static void take_point(const point *p, int n) { (void)p, (void)n; }
static point small_struct(int a) { return (point){a, a}; }

void all_of_chan(void);
void all_of_chan(void)
{
    weft_auto(int_chan, mine) = weft_make(int_chan, 1 + 2);
    weft_auto(unit_chan, units) = weft_make(unit_chan, 0);
    weft_auto(int_chan_tx, out) = weft_tx(weft_ref(mine));
    weft_auto(int_chan_rx, in) = weft_rx(weft_ref(mine));
    int a[2] = {1, 2}, *p = a;
    weft_unit u;
    bool open;

    weft_send(mine, *p++);
    weft_send(mine, a[0] ? a[1] : 'x');
    weft_send(out, 1), weft_send(out, 2);
    weft_send(units, WEFT_UNIT);
    weft_send(units, (weft_unit){});
    weft_recv(in, &a[1]);
    weft_recv(in, NULL);
    weft_recv(units, &u);
    if (weft_recv(mine, p))
        use(*p);
    else
        use(0);
    while (weft_recv(in, &a[0]))
        use(a[0]);
    weft_try_send(mine, 1);
    weft_try_recv(mine, a);
    weft_try_recv_ok(mine, NULL, &open);
    bool sent = weft_try_send(out, 3) && weft_try_recv(in, a);
    int r = weft_send_ctx(weft_background(), mine, 1) + weft_recv_ctx(weft_background(), in, NULL);
    use(sent + r);
    use((int)(weft_len(mine) + weft_cap(in) + weft_len(out)));
    weft_range (x, mine)
        weft_range (y, in)
            use(x + y);
    weft_range (unused_value, units) {
        (void)unused_value;
        continue;
    }
    int_chan *same = weft_ref(mine);
    weft_unref(same);
    weft_unref(weft_ref(weft_tx(mine)));
    weft_unref((int_chan *)NULL);
    weft_close(mine);
    if (open)
        weft_close(out);
    else
        weft_close(units);
}

void other_elements(byte_chan *bytes, bool_chan *bools, fn_chan *fns, chan_chan *chans,
                    double_chan *doubles, array_chan *arrays, const_chan *consts);
void other_elements(byte_chan *bytes, bool_chan *bools, fn_chan *fns, chan_chan *chans,
                    double_chan *doubles, array_chan *arrays, const_chan *consts)
{
    unsigned char byte;
    const point *at;
    void (*f)(int);
    weft_send(bytes, 255);
    weft_recv(bytes, &byte);
    weft_send(bools, byte == 3);
    weft_send(fns, use);
    weft_recv(fns, &f);
    weft_send(chans, weft_ref(c));
    weft_send(chans, NULL);
    weft_send(doubles, 1);
    weft_send(doubles, 1.5);
    weft_send(points, (point){1, 2});
    weft_send(points, ((point){.x = 1, .y = add(1, 2)}));
    weft_send(texts, byte ? "a" : NULL);
    weft_send(consts, &(const point){1, 2});
    weft_recv(consts, &at);
    weft_range (a, arrays)
        use(a.bytes[0]);
    weft_range (half, doubles)
        use(half > 0.5);
}

void all_of_select(void);
void all_of_select(void)
{
    int x = 0;
    bool open = true;
    weft_case many[3];
    switch (weft_select(weft_on_recv(c, &x), weft_on_recv_ok(rx, NULL, &open),
                        weft_on_send(tx, x + 1), weft_on_send(points, (point){1, 2}),
                        weft_on_done(ctx), weft_on_timeout(5 * WEFT_SECOND), weft_on_default())) {
    case 0:
        use(x);
        break;
    case 1:
        break;
    default:
        break;
    }
    weft_select(weft_on_default());
    many[0] = weft_on_recv(rx, &x);
    many[1] = weft_on_send(c, 1);
    many[2] = weft_on_timeout(WEFT_MILLISECOND);
    use(weft_select_n(many, 3));
    for (; weft_select(weft_on_recv_ok(c, &x, &open)) == 0 && open;)
        use(x);
    if (weft_select(weft_on_recv(c, NULL), weft_on_default()) == 1)
        weft_yield();
}

void all_of_go(void);
void all_of_go(void)
{
    const char *text = "text";
    char *writable = NULL;
    int n = 1;
    weft_wg group = WEFT_WG_INIT;
    weft_go(none);
    weft_go(two, n++, text);
    weft_go(two, 'a', writable);
    weft_go(add, 1, 2);
    weft_go(&none);
    weft_go(six, 1, 2, 3, 4, 5, 6);
    weft_go(take_enum, GREEN, true, 'c', 7u);
    weft_go(take_const, &n, "s");
    weft_go(take_const, NULL, NULL);
    weft_go(take_fn, none);
    weft_go(small_struct, 1);
    weft_go(take_point, (&(point){n, add(n, 1)}), n);
    weft_go(take_point, ((const point[]){{1, n}}), n);
    weft_wg_go(&group, take_point, &(point){.y = n}, n);
    weft_go(produce, weft_tx(c));
    if (n)
        weft_go(none);
    else
        weft_go(two, 1, "b");
    weft_go_with(&opts, two, 1, text);
    weft_go_with(&(weft_go_opts){.name = "one"}, none);
    weft_go_with(&(weft_go_opts){.name = text}, none);
    weft_go_with(&(weft_go_opts){.stack_size = (size_t)n << 16}, two, n, text);
    weft_go_with(&(weft_go_opts){.name = "one", .stack_size = 1 << 20}, none);
    weft_go_with(&(weft_go_opts){.name = text, .stack_size = (size_t)n << 16}, two, n, text);
    weft_go_with(n ? &opts : NULL, none);
    weft_go_with(NULL, none);
    weft_wg_go(&group, two, 1, text);
    weft_wg_add(&group, 1);
    weft_wg_done(&group);
    weft_wg_wait(&group);
    weft_mutex m = WEFT_MUTEX_INIT;
    weft_mutex_lock(&m);
    weft_mutex_unlock(&m);
    use(weft_run(add, 1, 2) + weft_procs(0) + weft_num_goroutine());
    weft_pin();
    weft_unpin();
}

int all_of_panic(int n);
int all_of_panic(int n)
{
    weft_defer(none);
    weft_defer(two, n, "a");
    weft_defer(weft_wg_done, &wg);
    weft_defer(weft_close, c);
    weft_defer(weft_unref, c);
    weft_defer(weft_mutex_unlock, &mu);
    weft_auto(bag, b) = NULL;
    weft_auto(bag, other) = b ? b : &(bag){1};
    weft_auto(weft_panic_info, p) = weft_try(two, 1, "a");
    weft_auto(weft_panic_info, q) = weft_try(add, 1, 2);
    weft_panic_info_free(weft_try(take_point, &(point){.x = n}, n));
    weft_defer(take_point, &(point){.x = n}, n);
    if (p)
        puts(weft_panic_message(p));
    if (q) {
        weft_panic_info *again = q;
        q = NULL;
        weft_panic_again(again);
    }
    for (int i = 0; i < n; i++) {
        weft_defer(use, i);
        weft_auto(bag, in_loop) = other;
        if (in_loop->n == i)
            continue;
        if (i == 7)
            return i;
        break;
    }
    switch (n) {
    case 1:
        weft_panic("one");
    case 2:
        weft_goexit();
    }
    if (n == 3)
        weft_panic("number %d of %s", n, "three");
    else
        return 0;
}

void all_of_time(void);
void all_of_time(void)
{
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_SECOND);
    weft_auto(weft_ticker, k) = weft_ticker_new(2 * WEFT_HOUR);
    weft_auto(weft_timer, f) = weft_after_func(WEFT_MINUTE, two, 1, "a");
    weft_time now;
    if (weft_timer_stop(t) || weft_timer_reset(t, 1))
        weft_recv(weft_timer_chan(t), &now);
    weft_range (at, weft_ticker_chan(k))
        use(at > weft_now());
    if (weft_sleep(ctx, WEFT_MILLISECOND))
        return;
    (void)weft_after_func(0, none);
    weft_timer_wait(f);
    errno = 0;
    use(errno + (weft_wall() > 0) + (int)(weft_rand() & 1));
}

static int same(int a) { return a; }

WEFT_TEST(all_of_test)
{
    int n = 1;
    size_t size = 3;
    const char *text = "abc";
    void *nothing = NULL;
    _Atomic int atomic = 0;
    weft_check(n == 1);
    weft_check(n);
    weft_check(!nothing);
    weft_check(n == 1 && (text || nothing));
    weft_check(same(n) == add(0, 1));
    weft_check(n, ==, 1);
    weft_check(size, ==, 3);
    weft_check(size, !=, sizeof n);
    weft_check(text, ==, "abc");
    weft_check(nothing, ==, NULL);
    weft_check(&n, !=, NULL);
    weft_check(1.5f, <, 2);
    weft_check(GREEN, >, RED);
    weft_check(atomic, <=, 'a');
    weft_check((bool)n, ==, true);
    weft_expect(n == 1);
    weft_expect(n, >=, -1);
    if (n)
        weft_check(n);
    else
        weft_expect(n);
    weft_test_cleanup(two, 1, "a");
    weft_test_cleanup(none);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_test_until_idle();
    puts(weft_test_temp_dir());
    if (n == 2)
        weft_skip("not on %s", "this machine");
    if (n == 3)
        weft_fail("n is %d", n);
}

WEFT_TEST(a_test_may_be_empty) {}
