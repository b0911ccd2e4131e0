/* SPDX-License-Identifier: MIT */
/* Starting and ending goroutines, yielding, sleeping, weft_run(). */
#include "pairs.h"

/* What the parent did before comes before the goroutine; what it does later does not. */
PAIR(go_start)

static void norace_go_start(void)
{
    weft_wg wg = {0};
    x = 1;
    weft_wg_go(&wg, get_x);
    weft_wg_wait(&wg);
}

static void race_go_start(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, get_x);
    x = 1;
    weft_wg_wait(&wg);
}

/* Siblings are not ordered, whatever the order they were started in. */
PAIR(go_siblings)

static void read_and_send(int_chan *c)
{
    weft_recv(c, NULL);
    get_x();
}

static void write_and_close(int_chan *c)
{
    x = 1;
    weft_close(c);
}

static void norace_go_siblings(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, write_and_close, c);
    weft_wg_go(&wg, read_and_send, c);
    weft_wg_wait(&wg);
}

static void race_go_siblings(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, set_x, 1);
    weft_wg_go(&wg, set_x, 2);
    weft_wg_wait(&wg);
}

/* That a goroutine has ended orders nothing. */
PAIR(go_exit)

static void norace_go_exit(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, set_x, 1);
    weft_wg_wait(&wg);
    get_x();
}

static void race_go_exit(void)
{
    int before = weft_num_goroutine();
    weft_go(set_x, 1);
    while (weft_num_goroutine() > before)
        weft_yield();
    get_x();
}

/* Nor does a grandchild come after what its grandparent did after the start of its parent. */
PAIR(go_nested)

static void start_reader(weft_wg *wg) { weft_wg_go(wg, get_x); }

static void norace_go_nested(void)
{
    weft_wg wg = {0};
    x = 1;
    weft_wg_go(&wg, start_reader, &wg);
    weft_wg_wait(&wg);
}

static void race_go_nested(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, start_reader, &wg);
    x = 1;
    weft_wg_wait(&wg);
}

/* Yielding orders nothing, also between two goroutines of one thread. */
PAIR(yield)

static void write_and_tell(void)
{
    x = 1;
    tell(1);
}

static void norace_yield(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_tell);
    until_told(1);
    weft_wg_wait(&wg);
    get_x();
}

static void race_yield(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_tell);
    until_told(1);
    get_x();
    weft_wg_wait(&wg);
}

/* Neither does sleeping. */
PAIR(sleep)

static void norace_sleep(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, set_x, 1);
    weft_wg_wait(&wg);
    weft_sleep(weft_background(), 1);
    get_x();
}

static void race_sleep(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_tell);
    until_told(1);
    weft_sleep(weft_background(), WEFT_MILLISECOND);
    get_x();
    weft_wg_wait(&wg);
}

/* Goroutines that follow each other on one stack are not one goroutine. */
PAIR(stack_reused)

static void set_local(int *out)
{
    volatile int local[8];
    for (int i = 0; i < 8; i++)
        local[i] = i;
    *out = local[7];
}

static void norace_stack_reused(void)
{
    for (int i = 0; i < 20; i++) {
        weft_wg wg = {0};
        int out;
        weft_wg_go(&wg, set_local, &out);
        weft_wg_wait(&wg);
    }
}

static void race_stack_reused(void)
{
    int before = weft_num_goroutine();
    for (int i = 0; i < 2; i++) {
        weft_go(set_x, i);
        while (weft_num_goroutine() > before)
            weft_yield();
    }
}

/* A local variable is anybody's who has its address. */
PAIR(local_variable)

static void set_int(int *v) { *v = 1; }

/* clang's ThreadSanitizer reports an address once, so each round takes another one. */
static int *one_of(int64_t *locals)
{
    static int n;
    return (int *)&locals[n++ % 32];
}

static void norace_local_variable(void)
{
    int64_t locals[32] = {0};
    int *mine = planted;
    weft_wg wg = {0};
    planted = one_of(locals);
    weft_wg_go(&wg, set_int, planted);
    weft_wg_wait(&wg);
    get_x();
    planted = mine;
}

static void race_local_variable(void)
{
    int64_t locals[32] = {0};
    int *mine = planted;
    weft_wg wg = {0};
    planted = one_of(locals);
    weft_wg_go(&wg, set_int, planted);
    get_x();
    weft_wg_wait(&wg);
    planted = mine;
}

/* What was done before weft_run() comes before its function, and that before its end. */
PLAIN_PAIR(run)

static int set_and_return(void)
{
    x = 2;
    return 0;
}

static int leave_a_writer(void)
{
    int before = weft_num_goroutine();
    weft_go(set_x, 2);
    while (weft_num_goroutine() > before)
        weft_yield();
    return 0;
}

static void norace_run(void)
{
    x = 1;
    weft_run(set_and_return);
    get_x();
}

static void race_run(void)
{
    weft_run(leave_a_writer);
    get_x();
}
