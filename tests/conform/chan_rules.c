/* SPDX-License-Identifier: MIT */
/* Channels: sending, receiving, order, capacity, range, len and cap. */
#include "rules.h"

typedef struct {
    int serial;
    char bytes[4092];
} big;

WEFT_CHAN(big_chan, big);
WEFT_CHAN(chan_chan, int_chan *);
WEFT_CHAN(text_chan, const char *);
WEFT_CHAN(byte_chan, unsigned char);

typedef struct {
    int x, y;
} point;
WEFT_CHAN(point_chan, point);

/* ---- NULL channels ------------------------------------------------------------------- */

static void send_one(int_chan *c) { weft_send(c, 1); }
static void recv_one(int_chan *c) { weft_recv(c, NULL); }
static void range_all(int_chan *c)
{
    weft_range (v, c)
        (void)v;
}

/* Spec: "A send on a nil channel blocks forever." */
WEFT_TEST(send_on_null_waits_for_ever)
{
    waits_for_ever();
    weft_go(send_one, NULL);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND_NULL);
    nap(5);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND_NULL);
}

/* Spec: "Receiving from a nil channel blocks forever." */
WEFT_TEST(receive_from_null_waits_for_ever)
{
    waits_for_ever();
    weft_go(recv_one, NULL);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV_NULL);
    nap(5);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV_NULL);
}

/* Spec: "If the channel is nil, the range expression blocks forever." */
WEFT_TEST(range_over_null_waits_for_ever)
{
    waits_for_ever();
    weft_go(range_all, NULL);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV_NULL);
}

/* Spec: "The length of a nil slice, map or channel is 0.  The capacity of a nil slice or channel
 * is 0."  weft: try forms on NULL say no; references to NULL are none. */
WEFT_TEST(null_has_no_length_and_try_says_no)
{
    int_chan *none = NULL;
    int v = 7;
    bool open = false;
    weft_check(weft_len(none), ==, 0);
    weft_check(weft_cap(none), ==, 0);
    bool sent = weft_try_send(none, 1);
    weft_check(!sent);
    bool came = weft_try_recv(none, &v);
    weft_check(!came);
    came = weft_try_recv_ok(none, &v, &open);
    weft_check(!came && open);
    weft_check(v, ==, 7);
    weft_check(weft_ref(none) == NULL);
    weft_unref(none);
}

/* ---- unbuffered ------------------------------------------------------------------------- */

static atomic_int sent_count;

static void send_counted(int_chan_tx *c, int n)
{
    for (int i = 0; i < n; i++) {
        weft_send(c, i);
        atomic_fetch_add(&sent_count, 1);
    }
}

/* Spec: "If the capacity is zero or absent, the channel is unbuffered and communication succeeds
 * only when both a sender and receiver are ready." */
WEFT_TEST(unbuffered_send_waits_for_its_receive)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_go(send_counted, weft_tx(c), 3);
    for (int i = 0; i < 3; i++) {
        weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
        weft_check(sent_count, ==, i);
        weft_check(weft_len(c), ==, 0);
        int v = -1;
        bool ok = weft_recv(c, &v);
        weft_check(ok);
        weft_check(v, ==, i);
    }
    weft_test_until_idle();
    weft_check(sent_count, ==, 3);
}

static void recv_into(int_chan_rx *c, int *out, bool *ok, weft_wg *wg)
{
    *ok = weft_recv(c, out);
    weft_wg_done(wg);
}

WEFT_TEST(unbuffered_receive_waits_for_its_send)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    int v = -1;
    bool ok = false;
    weft_wg_add(&wg, 1);
    weft_go(recv_into, weft_rx(c), &v, &ok, &wg);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_send(c, 42);
    weft_wg_wait(&wg);
    weft_check(ok);
    weft_check(v, ==, 42);
}

/* ---- buffered --------------------------------------------------------------------------- */

/* Spec: "Otherwise, the channel is buffered and communication succeeds without blocking if the
 * buffer is not full (sends) or not empty (receives)."
 * Spec: "len(s): number of elements queued in channel buffer; cap(s): channel buffer capacity",
 * "0 <= len(s) <= cap(s)". */
WEFT_TEST(buffered_waits_only_when_full_or_empty)
{
    enum { N = 5 };
    weft_auto(int_chan, c) = weft_make(int_chan, N);
    weft_check(weft_cap(c), ==, N);
    /* Several times around the ring. */
    for (int round = 0; round < 7; round++) {
        int fill = 1 + round % N;
        for (int i = 0; i < fill; i++) {
            weft_check(weft_len(c), ==, i);
            weft_send(c, round * 10 + i);
        }
        weft_check(weft_len(c), ==, fill);
        for (int i = 0; i < fill; i++) {
            int v = -1;
            bool ok = weft_recv(c, &v);
            weft_check(ok);
            weft_check(v, ==, round * 10 + i);
        }
        weft_check(weft_len(c), ==, 0);
    }
    sent_count = 0;
    weft_go(send_counted, weft_tx(c), N + 1);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    weft_check(sent_count, ==, N);
    weft_check(weft_len(c), ==, N);
    int v;
    weft_recv(c, &v);
    weft_test_until_idle();
    weft_check(sent_count, ==, N + 1);
    weft_check(weft_len(c), ==, N);
    for (int i = 1; i <= N; i++) {
        weft_recv(c, &v);
        weft_check(v, ==, i);
    }
}

WEFT_TEST(capacity_one_alternates)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    for (int i = 0; i < 1000; i++) {
        weft_send(c, i);
        bool more = weft_try_send(c, -1);
        weft_check(!more);
        int v;
        weft_recv(c, &v);
        weft_check(v, ==, i);
        more = weft_try_recv(c, &v);
        weft_check(!more);
    }
}

static void make_with(int64_t capacity)
{
    weft_auto(int_chan, c) = weft_make(int_chan, capacity);
    weft_send(c, 1);
}

/* Spec (making): "if n is negative or larger than max at run time, a run-time panic occurs." */
WEFT_TEST(capacity_out_of_range_panics)
{
    check_panics("negative capacity", make_with, -1);
    check_panics("negative capacity", make_with, INT64_MIN);
    check_panics("too large", make_with, INT64_MAX);
    check_panics("too large", make_with, INT64_MAX / 4 + 1);
    check_panics("out of memory", make_with, INT64_MAX / 16);
}

/* ---- order ------------------------------------------------------------------------------ */

static void send_upto(int_chan_tx *c, int from, int to)
{
    for (int i = from; i < to; i++)
        weft_send(c, i);
    weft_close(c);
}

/* Spec: "Channels act as first-in-first-out queues.  For example, if one goroutine sends values on
 * a channel and a second goroutine receives them, the values are received in the order sent." */
WEFT_TEST(values_arrive_in_the_order_sent)
{
    static const int capacities[] = {0, 1, 2, 7, 128};
    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        weft_auto(int_chan, c) = weft_make(int_chan, capacities[i]);
        weft_go(send_upto, weft_tx(c), 0, 2000);
        int next = 0;
        weft_range (v, c) {
            weft_check(v, ==, next);
            next++;
        }
        weft_check(next, ==, 2000);
    }
}

static void send_id(int_chan_tx *c, int id) { weft_send(c, id); }

/* weft: who waits longest is served first, as in Go's implementation. */
WEFT_TEST(waiting_senders_are_served_in_turn)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < 10; i++) {
        weft_go(send_id, weft_tx(c), i);
        weft_test_until_waiting(i + 1, WEFT_WAIT_CHAN_SEND);
    }
    for (int i = 0; i < 10; i++) {
        int v;
        weft_recv(c, &v);
        weft_check(v, ==, i);
    }
}

WEFT_TEST(waiting_senders_of_a_full_buffer_keep_their_order)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 2);
    weft_send(c, 0);
    weft_send(c, 1);
    for (int i = 2; i < 8; i++) {
        weft_go(send_id, weft_tx(c), i);
        weft_test_until_waiting(i - 1, WEFT_WAIT_CHAN_SEND);
    }
    for (int i = 0; i < 8; i++) {
        int v;
        weft_recv(c, &v);
        weft_check(v, ==, i);
    }
}

static int served[10];

static void note_received(int_chan_rx *c, int id, weft_wg *wg)
{
    int v;
    weft_recv(c, &v);
    served[v] = id;
    weft_wg_done(wg);
}

WEFT_TEST(waiting_receivers_are_served_in_turn)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++) {
        weft_wg_add(&wg, 1);
        weft_go(note_received, weft_rx(c), i, &wg);
        weft_test_until_waiting(i + 1, WEFT_WAIT_CHAN_RECV);
    }
    for (int i = 0; i < 10; i++)
        weft_send(c, i);
    weft_wg_wait(&wg);
    for (int i = 0; i < 10; i++)
        weft_check(served[i], ==, i);
}

static void sum_all(int_chan_rx *c, atomic_long *sum, atomic_int *count)
{
    weft_range (v, c) {
        atomic_fetch_add(sum, v);
        atomic_fetch_add(count, 1);
    }
}

static void send_range(int_chan_tx *c, int from, int n)
{
    for (int i = from; i < from + n; i++)
        weft_send(c, i);
}

/* Spec: "A single channel may be used in send statements, receive operations, and calls to the
 * built-in functions cap and len by any number of goroutines without further synchronization." */
WEFT_TEST(many_senders_and_receivers_lose_nothing)
{
    static const int capacities[] = {0, 1, 16};
    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        weft_auto(int_chan, c) = weft_make(int_chan, capacities[i]);
        atomic_long sum = 0;
        atomic_int count = 0;
        weft_wg senders = {0}, receivers = {0};
        for (int k = 0; k < 8; k++) {
            weft_wg_go(&senders, send_range, weft_tx(c), k * 1000, 1000);
            weft_wg_go(&receivers, sum_all, weft_rx(c), &sum, &count);
        }
        weft_wg_wait(&senders);
        weft_check(weft_len(c) <= weft_cap(c));
        weft_close(c);
        weft_wg_wait(&receivers);
        weft_check(count, ==, 8000);
        weft_check(sum, ==, 7999L * 8000 / 2);
    }
}

/* ---- what is sent ------------------------------------------------------------------------ */

static void send_big(big_chan_tx *c, int from, int n)
{
    big b;
    for (int i = from; i < from + n; i++) {
        b.serial = i;
        memset(b.bytes, i & 0xff, sizeof b.bytes);
        weft_send(c, b);
        memset(&b, 0xee, sizeof b); /* the channel has its own copy */
    }
}

static bool is_whole(const big *b)
{
    for (size_t i = 0; i < sizeof b->bytes; i++)
        if ((unsigned char)b->bytes[i] != (b->serial & 0xff))
            return false;
    return true;
}

WEFT_TEST(elements_of_4_KiB_are_copied_whole)
{
    for (int capacity = 0; capacity < 4; capacity++) {
        weft_auto(big_chan, c) = weft_make(big_chan, capacity);
        weft_go(send_big, weft_tx(c), 1, 200);
        for (int i = 1; i <= 200; i++) {
            big b;
            weft_recv(c, &b);
            weft_check(b.serial, ==, i);
            weft_check(is_whole(&b));
        }
    }
}

WEFT_TEST(big_elements_are_zeroed_after_the_close)
{
    weft_auto(big_chan, c) = weft_make(big_chan, 1);
    static const big zero;
    big b;
    memset(&b, 0xee, sizeof b);
    weft_close(c);
    bool ok = weft_recv(c, &b);
    weft_check(!ok);
    weft_check(memcmp(&b, &zero, sizeof b) == 0);
}

/* Go: struct{} has no size, and a channel of it counts. */
WEFT_TEST(units_are_counted)
{
    weft_auto(unit_chan, c) = weft_make(unit_chan, 3);
    weft_check(sizeof(weft_unit), ==, 0);
    for (int i = 0; i < 3; i++)
        weft_send(c, WEFT_UNIT);
    weft_check(weft_len(c), ==, 3);
    bool more = weft_try_send(c, WEFT_UNIT);
    weft_check(!more);
    weft_unit u;
    for (int i = 0; i < 3; i++) {
        bool ok = weft_recv(c, &u);
        weft_check(ok);
    }
    weft_close(c);
    bool ok = weft_recv(c, NULL);
    weft_check(!ok);
}

static void send_unit(unit_chan_tx *c) { weft_send(c, WEFT_UNIT); }

WEFT_TEST(units_meet_without_a_buffer)
{
    weft_auto(unit_chan, c) = weft_make(unit_chan, 0);
    for (int i = 0; i < 100; i++) {
        weft_go(send_unit, weft_tx(c));
        bool ok = weft_recv(c, NULL);
        weft_check(ok);
    }
    weft_close(c);
    weft_range (u, c) {
        (void)u;
        weft_fail("a value from nowhere");
    }
}

WEFT_TEST(small_and_odd_elements)
{
    weft_auto(byte_chan, b) = weft_make(byte_chan, 300);
    for (int i = 0; i < 256; i++)
        weft_send(b, (unsigned char)i);
    for (int i = 0; i < 256; i++) {
        unsigned char v;
        weft_recv(b, &v);
        weft_check(v, ==, i);
    }
    weft_auto(text_chan, t) = weft_make(text_chan, 2);
    weft_send(t, "a text");
    weft_send(t, NULL);
    const char *s;
    weft_recv(t, &s);
    weft_check(s, ==, "a text");
    weft_recv(t, &s);
    weft_check(s == NULL);
    weft_auto(point_chan, p) = weft_make(point_chan, 1);
    weft_send(p, (point){1, 2});
    point at;
    weft_recv(p, &at);
    weft_check(at.x == 1 && at.y == 2);
}

static int calls;
static int_chan *counted(int_chan *c)
{
    calls++;
    return c;
}

static int counted_value(int v)
{
    calls += 100;
    return v;
}

/* Spec: "Both the channel and the value expression are evaluated before communication begins."
 * weft: each macro evaluates each argument once. */
WEFT_TEST(arguments_are_evaluated_once)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 4);
    int v;
    bool open;
    weft_send(counted(c), counted_value(1));
    weft_check(calls, ==, 101);
    weft_recv(counted(c), (calls++, &v));
    weft_check(calls, ==, 103);
    calls = 0;
    weft_try_send(counted(c), counted_value(2));
    weft_try_recv(counted(c), &v);
    weft_try_recv_ok(counted(c), &v, (calls++, &open));
    weft_check(calls, ==, 104);
    calls = 0;
    (void)weft_len(counted(c));
    (void)weft_cap(counted(c));
    weft_unref(weft_ref(counted(c)));
    weft_check(calls, ==, 3);
    calls = 0;
    weft_close(counted(c));
    weft_check(calls, ==, 1);
    calls = 0;
    weft_range (x, counted(c))
        (void)x;
    weft_check(calls, ==, 1);
}

/* ---- range ------------------------------------------------------------------------------ */

/* Spec: "For channels, the iteration values produced are the successive values sent on the channel
 * until the channel is closed." */
WEFT_TEST(range_ends_with_the_close)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 10);
    for (int i = 0; i < 6; i++)
        weft_send(c, i);
    weft_close(c);
    int n = 0, sum = 0;
    weft_range (v, c) {
        n++;
        if (v == 1)
            continue;
        sum += v;
        if (v == 4)
            break;
    }
    weft_check(n, ==, 5);
    weft_check(sum, ==, 9);
    weft_check(weft_len(c), ==, 1);
    /* Two loops in one block, and one in another. */
    weft_range (v, c)
        weft_range (w, c)
            weft_check(w == v);
    bool ok = weft_recv(c, NULL);
    weft_check(!ok);
}

/* ---- handles ----------------------------------------------------------------------------- */

static void echo_once(int_chan_rx *in, int_chan_tx *out)
{
    int v;
    weft_recv(in, &v);
    weft_send(out, v + 1);
}

WEFT_TEST(narrowed_handles_are_the_same_channel)
{
    weft_auto(int_chan, in) = weft_make(int_chan, 0);
    weft_auto(int_chan, out) = weft_make(int_chan, 0);
    weft_go(echo_once, weft_rx(in), weft_tx(out));
    weft_send(weft_tx(in), 1);
    int v;
    weft_recv(weft_rx(out), &v);
    weft_check(v, ==, 2);
    weft_check((void *)weft_tx(in) == (void *)in && (void *)weft_rx(in) == (void *)in);
    weft_close(weft_tx(in));
    bool ok = weft_recv(in, NULL);
    weft_check(!ok);
}

static void server(chan_chan_rx *requests, int n)
{
    for (int i = 0; i < n; i++) {
        int_chan *answer;
        weft_recv(requests, &answer);
        weft_auto(int_chan, mine) = answer; /* the reference that came with it */
        weft_send(mine, i);
    }
}

/* weft: "A channel sent over a channel carries a reference that the receiver drops." */
WEFT_TEST(channels_are_values_too)
{
    weft_auto(chan_chan, requests) = weft_make(chan_chan, 0);
    weft_go(server, weft_rx(requests), 50);
    for (int i = 0; i < 50; i++) {
        weft_auto(int_chan, answer) = weft_make(int_chan, 0);
        weft_send(requests, weft_ref(answer));
        int v;
        weft_recv(answer, &v);
        weft_check(v, ==, i);
    }
}

static void keep(int_chan *c)
{
    weft_auto(int_chan, mine) = c;
    weft_send(mine, 1);
}

WEFT_TEST(the_last_reference_ends_the_channel)
{
    int_chan *c = weft_make(int_chan, 1);
    int_chan *again = weft_ref(c);
    weft_check(again == c);
    weft_unref(c);
    weft_send(again, 1); /* still there */
    int v;
    weft_recv(again, &v);
    weft_go(keep, weft_ref(again));
    weft_recv(again, &v);
    weft_check(v, ==, 1);
    weft_unref(again);
}

static void use_send(int_chan *c) { weft_send(c, 1); }
static void use_recv(int_chan *c) { weft_recv(c, NULL); }
static void use_close(int_chan *c) { weft_close(c); }
static void use_len(int_chan *c) { (void)weft_len(c); }
static void use_ref(int_chan *c) { (void)weft_ref(c); }
static void use_unref(int_chan *c) { weft_unref(c); }
static void use_try_send(int_chan *c) { weft_try_send(c, 1); }
static void use_try_recv(int_chan *c) { weft_try_recv(c, NULL); }
static void use_select(int_chan *c) { weft_select(weft_on_recv(c, NULL), weft_on_default()); }
static void use_select_send(int_chan *c) { weft_select(weft_on_send(c, 1)); }

/* weft: "use of a handle after its channel's last reference is gone" panics, in every form, also
 * when the header serves another channel by now. */
WEFT_TEST(stale_handles_panic)
{
    for (int reused = 0; reused < 2; reused++) {
        int_chan *c = weft_make(int_chan, 1);
        weft_unref(c);
        weft_auto(int_chan, other) = reused ? weft_make(int_chan, 1) : NULL;
        check_panics("use of a destroyed channel", use_send, c);
        check_panics("use of a destroyed channel", use_recv, c);
        check_panics("use of a destroyed channel", use_try_send, c);
        check_panics("use of a destroyed channel", use_try_recv, c);
        check_panics("use of a destroyed channel", use_close, c);
        check_panics("use of a destroyed channel", use_len, c);
        check_panics("use of a destroyed channel", use_ref, c);
        check_panics("use of a destroyed channel", use_unref, c);
        check_panics("use of a destroyed channel", use_select_send, c);
        check_panics("use of a destroyed channel", use_select, c);
        if (other)
            weft_send(other, 1);
    }
}

static void drop_waited_on(int_chan *c) { weft_unref(c); }

static void recv_caught(int_chan_rx *c) { weft_recv(c, NULL); }

WEFT_TEST(dropping_the_last_reference_under_a_waiter_panics)
{
    waits_for_ever();
    int_chan *c = weft_make(int_chan, 0);
    weft_go(recv_caught, weft_rx(c));
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    check_panics("channel destroyed while 1 goroutine waits on it", drop_waited_on, c);
}
