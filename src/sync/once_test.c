/* SPDX-License-Identifier: MIT */
/* Once: exactly one call, and everybody returns after it. */
#include <pthread.h>
#include <string.h>

#include <weft.h>

static weft_once once;
static _Atomic int runs;
static int made; /* written by the call only */

static void make(int v)
{
    runs++;
    weft_yield();
    made = v;
}

static void use(int v)
{
    weft_once_do(&once, make, v);
    weft_check(made, ==, 3);
}

static void *use_on_thread(void *arg)
{
    use(3);
    return arg;
}

WEFT_TEST(one_call_for_all)
{
    pthread_t thread[2];
    weft_wg wg = {0};
    for (int i = 0; i < 100; i++)
        weft_wg_go(&wg, use, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, use_on_thread, NULL);
    weft_wg_wait(&wg);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    weft_check(runs, ==, 1);
    use(4); /* too late to matter */
    weft_check(runs, ==, 1);
}

static void race(weft_once *o, _Atomic int *n, int *plain)
{
    weft_once_do(o, make, 3);
    weft_check(made == 3);
    ++*n;
    (void)plain;
}

WEFT_TEST(many_onces_raced_for)
{
    static weft_once many[2000];
    static _Atomic int n;
    for (int i = 0; i < 2000; i++) {
        weft_wg wg = {0};
        for (int k = 0; k < 4; k++)
            weft_wg_go(&wg, race, &many[i], &n, &made);
        weft_wg_wait(&wg);
    }
    weft_check(n == 8000 && runs == 2000);
}

static int evaluated(void) { return ++made; }

WEFT_TEST(arguments_are_evaluated_by_every_call)
{
    for (int i = 0; i < 3; i++)
        weft_once_do(&once, make, evaluated());
    weft_check(runs, ==, 1);
    weft_check(made, ==, 3); /* 1, set to 1 by the call, then 2, 3 */
}

/* ---- other ends -------------------------------------------------------------------- */

static void panics(void)
{
    runs++;
    weft_yield();
    weft_panic("once");
}

static void do_panics(void) { weft_once_do(&once, panics); }

static void wait_for_panicking(_Atomic int *returned)
{
    weft_auto(weft_panic_info, p) = weft_try(do_panics);
    *returned += p == NULL;
}

WEFT_TEST(a_panic_counts_as_done)
{
    static _Atomic int returned;
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, wait_for_panicking, &returned);
    weft_wg_wait(&wg);
    weft_check(runs == 1 && returned == 9);
}

static void exits(void)
{
    runs++;
    weft_yield();
    weft_goexit();
}

static void do_exits(_Atomic int *returned)
{
    weft_once_do(&once, exits);
    ++*returned;
}

WEFT_TEST(goexit_counts_as_done)
{
    static _Atomic int returned;
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, do_exits, &returned);
    weft_wg_wait(&wg);
    weft_check(runs == 1 && returned == 9);
}

/* ---- misuse --------------------------------------------------------------------------- */

static void do_make(weft_once *o) { weft_once_do(o, make, 1); }

WEFT_TEST(a_copy_panics)
{
    do_make(&once);
    weft_once copy = once;
    weft_auto(weft_panic_info, p) = weft_try(do_make, &copy);
    weft_check(p && strstr(weft_panic_message(p), "once was copied"));
    weft_check(runs, ==, 1);
}
