/* SPDX-License-Identifier: MIT */
/* Calls on the blocking pool: arguments and results, panics, order, limits. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft.h>

WEFT_CHAN(int_chan, int);

static int add_six(int a, short b, long c, char d, unsigned e, int64_t f)
{
    return (int)(a + b + c + d + (long)e + f);
}
static int negative(void) { return -7; }
static bool is_odd(int n) { return n & 1; }
static signed char small(void) { return -3; }
static const char *text(const char *s) { return s + 1; }
static int64_t large(void) { return INT64_MIN; }
static int set_to;
static void set(int n) { set_to = n; }

WEFT_TEST(results_come_back)
{
    weft_check(weft_blocking(add_six, 1, -2, 3L, 'a', 5u, (int64_t)-6), ==, 98);
    weft_check(weft_blocking(negative), ==, -7);
    weft_check(weft_blocking(is_odd, 3));
    weft_check(!weft_blocking(is_odd, 4));
    weft_check(weft_blocking(small), ==, -3);
    weft_check(weft_blocking(text, "abc"), ==, "bc");
    weft_check(weft_blocking(large) == INT64_MIN);
    weft_blocking(set, 5);
    weft_check(set_to, ==, 5);
}

static int in_goroutine(void) { return weft_goroutine_id() != 0; }

WEFT_TEST(it_runs_on_no_goroutine)
{
    weft_check(weft_blocking(in_goroutine), ==, 0);
    weft_check(in_goroutine(), ==, 1);
}

static int fails(int n) { weft_panic("number %d", n); }
static void call_it(int n) { weft_blocking(fails, n); }

WEFT_TEST(a_panic_becomes_the_callers)
{
    for (int i = 0; i < 3; i++) {
        char wanted[20];
        snprintf(wanted, sizeof wanted, "number %d", i);
        weft_auto(weft_panic_info, p) = weft_try(call_it, i);
        weft_check(p && strcmp(weft_panic_message(p), wanted) == 0);
    }
    weft_check(weft_blocking(negative), ==, -7); /* the thread lives on */
}

static int gate[2];
static atomic_int running, most, begun;

static int wait_at_the_gate(int n)
{
    char c;
    int now = atomic_fetch_add(&running, 1) + 1;
    for (int m = most; now > m && !atomic_compare_exchange_weak(&most, &m, now);)
        ;
    int place = atomic_fetch_add(&begun, 1);
    if (read(gate[0], &c, 1) != 1)
        return -1;
    atomic_fetch_sub(&running, 1);
    return place == n;
}

static void in_turn(int n, int *right, weft_wg *wg)
{
    *right = weft_blocking(wait_at_the_gate, n);
    weft_wg_done(wg);
}

enum { CALLS = 20 };

/* With two threads: never more than two at a time, and the rest in their order. */
WEFT_TEST(the_pool_is_bounded_and_its_queue_is_in_order)
{
    setenv("WEFT_BLOCKING", "2", 1);
    weft_check(pipe(gate), ==, 0);
    weft_wg wg = {0};
    int right[CALLS] = {0};
    weft_wg_add(&wg, CALLS);
    for (int i = 0; i < CALLS; i++) {
        weft_go(in_turn, i, &right[i], &wg);
        weft_test_until_waiting(i + 1, WEFT_WAIT_BLOCKING);
    }
    for (int i = 0; i < CALLS; i++) {
        while (begun < (i + 2 < CALLS ? i + 2 : CALLS)) /* both threads are at it */
            weft_yield();
        weft_check(write(gate[1], "x", 1), ==, 1);
    }
    weft_wg_wait(&wg);
    weft_check(most, ==, 2);
    for (int i = 2; i < CALLS; i++) /* the first two began at the same time */
        weft_check(right[i], ==, 1);
    close(gate[0]);
    close(gate[1]);
}

/* Others run while many block, on one processor too. */
WEFT_TEST(blocked_calls_hold_nobody_up)
{
    weft_check(pipe(gate), ==, 0);
    weft_wg wg = {0};
    int right[CALLS] = {0};
    weft_wg_add(&wg, CALLS);
    for (int i = 0; i < CALLS; i++)
        weft_go(in_turn, i, &right[i], &wg);
    weft_test_until_waiting(CALLS, WEFT_WAIT_BLOCKING);
    while (begun < CALLS) /* each has its thread */
        weft_yield();
    weft_check(weft_sleep(weft_background(), WEFT_MILLISECOND), ==, 0);
    for (int i = 0; i < CALLS; i++)
        weft_check(write(gate[1], "x", 1), ==, 1);
    weft_wg_wait(&wg);
    weft_check(most, ==, CALLS);
    close(gate[0]);
    close(gate[1]);
}

static int send_from_the_pool(int_chan *c, int n)
{
    weft_send(c, n);
    return n;
}

static void hand_over(int_chan *c, int n, weft_wg *wg)
{
    weft_blocking(send_from_the_pool, c, n);
    weft_wg_done(wg);
}

WEFT_TEST(channels_work_on_the_pool)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    int sum = 0, v;
    weft_wg_add(&wg, 50);
    for (int i = 1; i <= 50; i++)
        weft_go(hand_over, c, i, &wg);
    for (int i = 1; i <= 50; i++) {
        weft_recv(c, &v);
        sum += v;
    }
    weft_wg_wait(&wg);
    weft_check(sum, ==, 50 * 51 / 2);
}

static int nested(int depth) { return depth == 0 ? 1 : 1 + weft_blocking(nested, depth - 1); }

WEFT_TEST(calls_nest) { weft_check(weft_blocking(nested, 5), ==, 6); }
