/* SPDX-License-Identifier: MIT */
/* Deferred calls, scopes, panics, weft_try and weft_goexit. */
#include "rules.h"
#include <setjmp.h>

/* What happened, in order, as text. */
static char story[256];
static void say(const char *s) { strncat(story, s, sizeof story - strlen(story) - 1); }
static void say_int(int i)
{
    char text[16];
    snprintf(text, sizeof text, "%d", i);
    say(text);
}
#define check_story(text)                                                                          \
    do {                                                                                           \
        weft_check((const char *)story, ==, text);                                                 \
        story[0] = '\0';                                                                           \
    } while (0)

/* A handle that tells its end. */
typedef struct thing {
    const char *name;
} thing;
static void thing_cleanup(thing **t)
{
    if (*t)
        say((*t)->name);
}

/* ---- defer ------------------------------------------------------------------------------------------- */

/* Spec: "deferred functions are invoked immediately before the surrounding function returns, in the
 * reverse order they were deferred."  weft: at the end of the block. */
static void defers_in_order(void)
{
    weft_defer(say, "a");
    weft_defer(say, "b");
    {
        weft_defer(say, "c");
        weft_defer(say, "d");
        say("-");
    }
    for (int i = 0; i < 3; i++) {
        weft_defer(say_int, i);
    }
    say("-");
}

WEFT_TEST(defers_run_last_first_at_the_end_of_the_block)
{
    defers_in_order();
    check_story("-dc012-ba");
}

static int early(int n)
{
    weft_defer(say, "x");
    for (int i = 0;; i++) {
        weft_defer(say_int, i);
        if (i == n)
            return i;
        if (i == 1)
            continue;
        say(".");
    }
}

WEFT_TEST(defers_run_however_the_block_is_left)
{
    early(2);
    check_story(".012x");
    {
        weft_defer(say, "a");
        goto out;
    }
out:
    check_story("a");
}

/* Spec: "the function value and parameters to the call are evaluated as usual and saved anew". */
WEFT_TEST(deferred_arguments_are_evaluated_at_the_defer)
{
    {
        int i = 1;
        weft_defer(say_int, i);
        i = 2;
        weft_defer(say_int, i++);
        i = 9;
    }
    check_story("21");
}

static void six(int a, int b, int c, int d, int e, int f)
{
    say_int(a), say_int(b), say_int(c), say_int(d), say_int(e), say_int(f);
}

WEFT_TEST(defer_takes_up_to_six_arguments)
{
    {
        weft_defer(six, 1, 2, 3, 4, 5, 6);
    }
    check_story("123456");
}

/* weft: defers and autos share one order. */
WEFT_TEST(autos_end_with_their_block)
{
    thing a = {"a"}, b = {"b"}, c = {"c"};
    {
        weft_auto(thing, x) = &a;
        weft_defer(say, "-");
        weft_auto(thing, y) = &b;
        weft_auto(thing, given_away) = &c;
        given_away = NULL;
        y = &c;
        say("|");
        (void)x;
    }
    check_story("|c-a");
}

/* ---- panic and try ------------------------------------------------------------------------------------- */

static void panic_with(int n)
{
    thing t = {"t"};
    weft_auto(thing, owned) = &t;
    weft_defer(say, "d");
    if (n)
        weft_panic("number %d of %s", n, "many");
    say("ok");
    (void)owned;
}

static void outer(int n)
{
    weft_defer(say, "o");
    panic_with(n);
    say("after");
}

/* Spec: "While executing a function F, an explicit call to panic or a run-time panic terminates the
 * execution of F.  Any functions deferred by F are then executed as usual.  Next, any deferred
 * functions run by F's caller are run, and so on". */
WEFT_TEST(panic_runs_the_defers_of_the_frames_it_leaves)
{
    weft_auto(weft_panic_info, p) = weft_try(outer, 7);
    weft_check(p != NULL);
    weft_check(weft_panic_message(p), ==, "number 7 of many");
    check_story("dto");
    weft_auto(weft_panic_info, none) = weft_try(outer, 0);
    weft_check(none == NULL);
    check_story("okdtaftero");
}

static void just_panic(const char *text) { weft_panic("%s", text); }

WEFT_TEST(long_messages_are_kept_whole)
{
    static char text[5000];
    memset(text, 'x', sizeof text - 1);
    weft_auto(weft_panic_info, p) = weft_try(just_panic, text);
    weft_check(strlen(weft_panic_message(p)), ==, sizeof text - 1);
    weft_auto(weft_panic_info, empty) = weft_try(just_panic, "");
    weft_check(weft_panic_message(empty), ==, "");
}

static void inner_try(void)
{
    weft_defer(say, "1");
    weft_auto(weft_panic_info, p) = weft_try(just_panic, "inner");
    say(weft_panic_message(p));
    weft_defer(say, "2");
    weft_panic("outer");
}

WEFT_TEST(tries_nest)
{
    weft_auto(weft_panic_info, p) = weft_try(inner_try);
    weft_check(weft_panic_message(p), ==, "outer");
    check_story("inner21");
}

static void panic_in_defer(void)
{
    weft_defer(say, "a");
    weft_defer(just_panic, "second");
    weft_defer(say, "b");
    weft_panic("first");
}

/* weft, as Go: "A panic in a deferred call replaces the first, and the other deferred calls still
 * run." */
WEFT_TEST(panic_in_a_deferred_call_replaces_the_first)
{
    weft_auto(weft_panic_info, p) = weft_try(panic_in_defer);
    weft_check(weft_panic_message(p), ==, "second");
    check_story("ba");
}

static void panic_at_normal_end(void)
{
    weft_defer(say, "a");
    weft_defer(just_panic, "at the end");
    say("x");
}

WEFT_TEST(a_deferred_call_may_panic_without_another)
{
    weft_auto(weft_panic_info, p) = weft_try(panic_at_normal_end);
    weft_check(weft_panic_message(p), ==, "at the end");
    check_story("xa");
}

static void chain(int n)
{
    static void (*volatile again)(int) = chain; /* or gcc warns of a recursion without end */
    weft_defer(just_panic, n % 2 ? "odd" : "even");
    if (n == 0)
        weft_panic("link");
    again(n - 1);
}

WEFT_TEST(many_replacements)
{
    weft_auto(weft_panic_info, p) = weft_try(chain, 100);
    weft_check(weft_panic_message(p), ==, "even");
}

static void contain_in_defer(void)
{
    weft_auto(weft_panic_info, p) = weft_try(just_panic, "contained");
    say(weft_panic_message(p));
    weft_auto(weft_panic_info, none) = weft_try(say, "+");
    weft_check(none == NULL);
}

static void try_in_defer(void)
{
    weft_defer(say, "z");
    weft_defer(contain_in_defer);
    weft_panic("first");
}

/* A try in a deferred call contains what that call raises, and not the panic that runs it. */
WEFT_TEST(try_in_a_deferred_call)
{
    weft_auto(weft_panic_info, p) = weft_try(try_in_defer);
    weft_check(weft_panic_message(p), ==, "first");
    check_story("contained+z");
}

static void deep_in_defer(void)
{
    weft_auto(weft_panic_info, p) = weft_try(try_in_defer);
    say("(");
    say(weft_panic_message(p));
    say(")");
    weft_panic("third");
}

static void deeper(void)
{
    weft_defer(deep_in_defer);
    weft_panic("zeroth");
}

WEFT_TEST(panics_within_panics_within_panics)
{
    weft_auto(weft_panic_info, p) = weft_try(deeper);
    weft_check(weft_panic_message(p), ==, "third");
    check_story("contained+z(first)");
}

static void raise_again(void)
{
    weft_panic_info *p = weft_try(just_panic, "again");
    weft_defer(say, "d");
    weft_panic_again(p);
}

static void raise_null(void) { weft_panic_again(NULL); }

WEFT_TEST(a_contained_panic_can_be_raised_again)
{
    weft_auto(weft_panic_info, p) = weft_try(raise_again);
    weft_check(weft_panic_message(p), ==, "again");
    check_story("d");
    check_panics("no panic given", raise_null);
    weft_panic_info_free(NULL);
}

static int_chan *held;
static void panic_holding(int_chan *c)
{
    weft_auto(int_chan, mine) = weft_ref(c);
    weft_wg wg = {0};
    weft_wg_go(&wg, say, "g");
    weft_defer((weft_wg_wait), &wg);
    weft_panic("holding");
}

/* weft: "a contained panic never leaves ... a handle referenced". */
WEFT_TEST(panic_releases_handles)
{
    held = weft_make(int_chan, 1);
    for (int i = 0; i < 1000; i++)
        check_panics("holding", panic_holding, held);
    weft_unref(held);
    weft_auto(weft_panic_info, p) = weft_try(panic_holding, held);
    weft_check(strstr(weft_panic_message(p), "destroyed") != NULL);
}

static void panic_in_six(int a, int b, int c, int d, int e, int f)
{
    weft_panic("%d%d%d%d%d%d", a, b, c, d, e, f);
}

WEFT_TEST(try_takes_up_to_six_arguments)
{
    weft_auto(weft_panic_info, p) = weft_try(panic_in_six, 1, 2, 3, 4, 5, 6);
    weft_check(weft_panic_message(p), ==, "123456");
}

/* weft: "a million times in a row". */
WEFT_TEST(a_million_contained_panics)
{
    for (int i = 0; i < 1000000; i++) {
        weft_panic_info *p = weft_try(just_panic, "x");
        if (!p)
            weft_fail("not contained");
        weft_panic_info_free(p);
    }
}

static void yielding_panic(int i, atomic_int *n)
{
    weft_auto(weft_panic_info, p) = weft_try(panic_with, i);
    (void)weft_sleep(weft_background(), i % 7 * WEFT_MICROSECOND);
    if (p)
        atomic_fetch_add(n, 1);
}

static void try_across_switches(int i, atomic_int *n)
{
    weft_defer(weft_yield);
    weft_yield();
    (void)n;
    weft_panic("%d", i);
}

static void contain_many(atomic_int *n)
{
    for (int i = 0; i < 100; i++) {
        weft_auto(weft_panic_info, p) = weft_try(try_across_switches, i, n);
        if (p && atoi(weft_panic_message(p)) == i)
            atomic_fetch_add(n, 1);
    }
}

/* Panics belong to their goroutine, also when it moves between threads on the way. */
WEFT_TEST(panics_in_many_goroutines_at_once)
{
    atomic_int n = 0;
    weft_wg wg = {0};
    for (int i = 1; i <= 50; i++)
        weft_wg_go(&wg, contain_many, &n);
    weft_wg_wait(&wg);
    weft_check(n, ==, 5000);
    n = 0;
    for (int i = 1; i <= 50; i++)
        weft_wg_go(&wg, yielding_panic, i, &n);
    weft_wg_wait(&wg);
    weft_check(n, ==, 50);
}

/* ---- goexit -------------------------------------------------------------------------------------------- */

static void exit_deep(void)
{
    weft_defer(say, "a");
    weft_defer(say, "b");
    weft_goexit();
}

static void exit_through_try(void)
{
    weft_defer(say, "c");
    weft_auto(weft_panic_info, p) = weft_try(exit_deep);
    say("not reached");
}

/* Package runtime: "Goexit terminates the goroutine that calls it.  No other goroutine is affected.
 * Goexit runs all deferred calls before terminating the goroutine."  weft: it "is not stopped by
 * weft_try". */
WEFT_TEST(goexit_runs_the_deferred_calls)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, exit_through_try);
    weft_wg_wait(&wg);
    check_story("bac");
}

static void try_while_exiting(void)
{
    weft_auto(weft_panic_info, p) = weft_try(just_panic, "p");
    say(weft_panic_message(p));
    weft_yield();
}

static void exit_and_try(void)
{
    weft_defer(say, "z");
    weft_defer(try_while_exiting);
    weft_goexit();
}

WEFT_TEST(deferred_calls_of_goexit_may_contain_panics_and_wait)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, exit_and_try);
    weft_wg_wait(&wg);
    check_story("pz");
}

static void exit_now(void) { weft_goexit(); }

static void panic_then_exit(void)
{
    weft_defer(say, "a");
    weft_defer(exit_now);
    weft_panic("lost");
}

/* As in Go: a Goexit in a deferred call ends the panic that runs it. */
WEFT_TEST(goexit_in_a_deferred_call_ends_the_panic)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, panic_then_exit);
    weft_wg_wait(&wg);
    check_story("a");
}

static void exit_twice(void)
{
    weft_defer(say, "a");
    weft_defer(exit_now);
    weft_defer(say, "b");
    weft_goexit();
}

WEFT_TEST(goexit_in_a_deferred_call_of_goexit)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, exit_twice);
    weft_wg_wait(&wg);
    check_story("ba");
}

/* ---- longjmp ----------------------------------------------------------------------------------------------- */

static jmp_buf target;
static void jump(void)
{
    weft_defer(say, "never");
    longjmp(target, 1);
}

/* weft: a longjmp of the program's own does not run what it leaves, and harms nothing. */
WEFT_TEST(longjmp_leaves_records_behind)
{
    {
        weft_defer(say, "a");
        if (setjmp(target) == 0)
            jump();
        weft_defer(say, "b");
    }
    check_story("ba");
    check_panics("later", just_panic, "later");
}
