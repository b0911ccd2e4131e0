/* SPDX-License-Identifier: MIT */
/* What the harness promises to tests that pass; tests/crash/harness.c has those that fail. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weft.h"

WEFT_CHAN(int_chan, int);

static void waits(int_chan_rx *c)
{
    weft_range (v, c)
        (void)v;
}

WEFT_TEST(waiting_is_seen_as_soon_as_it_is_certain)
{
    for (int i = 0; i < 500; i++) {
        weft_auto(int_chan, c) = weft_make(int_chan, 0);
        weft_go(waits, weft_rx(c));
        weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
        bool met = weft_try_send(c, 1); /* it is there to be met */
        weft_check(met);
        weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
        weft_close(c);
        weft_test_until_idle();
        weft_check(weft_num_goroutine(), ==, 1);
    }
}

/* A token goes round a ring: at no moment do all others wait before it has gone its way. */
static _Atomic int passed;
static void pass(int_chan_rx *in, int_chan_tx *out, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        int v;
        weft_recv(in, &v);
        passed++;
        weft_send(out, v);
    }
}

WEFT_TEST(idle_means_that_nothing_is_under_way)
{
    enum { RING = 5, ROUNDS = 50 };
    for (int times = 0; times < 40; times++) {
        int_chan *c[RING];
        for (int i = 0; i < RING; i++)
            c[i] = weft_make(int_chan, 1);
        passed = 0;
        for (int i = 0; i < RING; i++)
            weft_go(pass, weft_rx(c[i]), weft_tx(c[(i + 1) % RING]), ROUNDS);
        weft_test_until_idle();
        weft_check(passed, ==, 0);
        weft_send(c[0], 1);
        weft_test_until_idle();
        weft_check(passed, ==, RING * ROUNDS);
        for (int i = 0; i < RING; i++)
            weft_unref(c[i]);
    }
}

static void sleeps(void) { (void)weft_sleep(weft_background(), WEFT_HOUR); }

WEFT_TEST(a_sleeper_is_idle)
{
    weft_go(sleeps);
    weft_test_until_waiting(1, WEFT_WAIT_SLEEP);
    weft_test_until_idle();
}

static void *from_a_thread(void *arg)
{
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_check(1 + 1 == 2);
    return arg;
}

WEFT_TEST(threads_may_wait_for_states_too)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    pthread_t t;
    weft_check(pthread_create(&t, NULL, from_a_thread, NULL) == 0);
    weft_go(waits, weft_rx(c));
    pthread_join(t, NULL);
    weft_close(c);
    weft_test_until_idle();
}

WEFT_TEST(comparisons_go_by_value)
{
    signed char sc = -1;
    long minus = -1;
    unsigned u = 1;
    uint64_t big = UINT64_MAX;
    float f = 0.5f;
    void *null = NULL;
    char text[] = "abc";
    const char *no_text = NULL;
    weft_check(sc, <, 1);
    weft_check(minus, <, 1L);
    weft_check(big, >, 0u);
    weft_check(INT64_MIN, <, INT64_MAX);
    weft_check(INT64_MIN, <=, INT64_MIN);
    weft_check(f, ==, 0.5);
    weft_check(f, <, u);
    weft_check(null, ==, NULL);
    weft_check(&sc, !=, NULL);
    weft_check(text, ==, "abc");
    weft_check("abc", <, "abd");
    weft_check(text, !=, no_text);
    weft_check(no_text, ==, NULL);
    weft_check(true, !=, false);
    weft_check('a', ==, 97);
}

static int evaluated;
static int once(int v)
{
    evaluated++;
    return v;
}

WEFT_TEST(operands_are_evaluated_once)
{
    weft_check(once(1) == 1);
    weft_check(once(2), ==, 2);
    weft_check(3, ==, once(3));
    weft_expect(once(4), <, once(5));
    weft_check(evaluated, ==, 5);
}

WEFT_TEST(the_process_is_the_tests_own)
{
    static int touched;
    weft_check(touched++ == 0);
    weft_check(getpgrp() == getpid());
    char byte;
    weft_check(read(STDIN_FILENO, &byte, 1) == 0);
}

WEFT_TEST(the_process_is_not_the_one_before)
{
    static int touched;
    weft_check(touched++ == 0);
    weft_check(evaluated, ==, 0);
}

static void write_there(const char *path)
{
    FILE *f = fopen(path, "w");
    weft_check(f != NULL);
    fclose(f);
}

WEFT_TEST(temp_dirs_can_be_used_and_cleanups_run_before_they_go)
{
    const char *dir = weft_test_temp_dir();
    char *path = malloc(strlen(dir) + 8);
    sprintf(path, "%s/file", dir);
    write_there(path);
    weft_check(access(path, F_OK) == 0);
    weft_test_cleanup(free, path);
    weft_test_cleanup(write_there, path);
}
