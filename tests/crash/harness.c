/* SPDX-License-Identifier: MIT */
/*
 * A program of tests, each of which ends in another way.  The harness reports
 * each rightly and goes on.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);

static int two = 2;
static const char *text = "abc", *none;

static void say(const char *s) { puts(s); }

WEFT_TEST(passes)
{
    puts("not shown");
    weft_check(two == 2);
    weft_check(two, ==, 2);
    weft_check(text, ==, "abc");
}

WEFT_TEST(check_fails)
{
    puts("what it printed");
    weft_check(two == 3); /* @check */
    puts("not reached");
}

WEFT_TEST(expect_goes_on)
{
    weft_expect(two, ==, 3);                               /* @int */
    weft_expect(text, ==, none);                           /* @text */
    weft_expect(text, !=, "abc");                          /* @same */
    weft_expect(two * 0.25, >, 1);                         /* @float */
    weft_expect(&two, ==, NULL);                           /* @pointer */
    weft_expect((uint64_t)-two, <, 5);                     /* @unsigned */
    weft_expect(strlen(text), >=, sizeof("a, b(\")") + 2); /* @commas */
    printf("and no newline");
}

WEFT_TEST(fail_in_a_scope_of_try)
{
    weft_auto(weft_panic_info, p) = weft_try(say, "in try");
    weft_fail("number %d", two); /* @fail */
}

static void check_three(void) { weft_check(two == 3); } /* @goroutine */

WEFT_TEST(fails_in_a_goroutine)
{
    weft_go(check_three);
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
}

static void *thread_fails(void *arg)
{
    check_three();
    return arg;
}

WEFT_TEST(fails_in_a_thread)
{
    pthread_t t;
    if (pthread_create(&t, NULL, thread_fails, NULL) == 0)
        pthread_join(t, NULL);
}

static void fails_together(void) { weft_check(two == 4); } /* @together */

WEFT_TEST(fails_in_many_goroutines)
{
    for (int i = 0; i < 20; i++)
        weft_go(fails_together);
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
}

WEFT_TEST(panics) { weft_panic("boom"); /* @panic */ }

WEFT_TEST(deadlocks)
{
    int_chan *c = weft_make(int_chan, 0);
    weft_recv(c, NULL); /* @deadlock */
}

static void leaks_there(int_chan *c) { weft_recv(c, NULL); } /* @leak */

WEFT_TEST(leaks)
{
    weft_go(leaks_there, weft_make(int_chan, 0));
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
}

WEFT_TEST(crashes) { *(volatile int *)8 = 1; /* @crash */ }

WEFT_TEST(aborts) { abort(); }

WEFT_TEST(exits) { exit(0); }

WEFT_TEST(exits_with_a_status) { exit(9); }

WEFT_TEST(is_skipped)
{
    weft_test_cleanup(say, "cleaned up");
    weft_skip("there is no %s", "moon"); /* @skip */
}

WEFT_TEST(cleans_up_last_first)
{
    weft_test_cleanup(say, "first");
    weft_test_cleanup(say, "second");
    puts("body");
    weft_fail("shown"); /* @cleanup */
}

static void fails_late(void) { weft_check(two == 5); } /* @incleanup */

WEFT_TEST(fails_in_a_cleanup) { weft_test_cleanup(fails_late); }

WEFT_TEST(prints_without_bounds)
{
    for (int i = 0; i < 200000; i++)
        puts("0123456789012345678901234567890123456789012345678");
    weft_fail("the end"); /* @flood */
}

static void make_folder(char *path) { weft_check(mkdir(path, 0700) == 0); }

WEFT_TEST(temp_folders_are_new_and_empty)
{
    const char *a = weft_test_temp_dir(), *b = weft_test_temp_dir();
    char inside[4200];
    struct stat st;
    weft_check(a, !=, b);
    weft_check(stat(a, &st) == 0 && S_ISDIR(st.st_mode));
    snprintf(inside, sizeof inside, "%s/inside", a);
    make_folder(inside);
    snprintf(inside, sizeof inside, "%s/inside/again", a);
    make_folder(inside);
}

/* A child of the test that outlives it does not keep the next one waiting. */
WEFT_TEST(leaves_a_process_behind)
{
    if (fork() == 0) {
        sleep(600);
        _exit(0);
    }
}

static void never_comes(int_chan *c) { weft_recv(c, NULL); }

WEFT_TEST(still_runs_afterwards)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_go(never_comes, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_test_until_idle();
    weft_close(c);
    weft_test_until_idle();
    weft_check(weft_num_goroutine(), ==, 1);
}
/*
 * exit: 1
 * env: WEFT_LEAKS=
 * env: TMPDIR=/tmp
 * stdout:
 *     --- FAIL: check_fails (0.00s)
 *         what it printed
 *         harness.c:@check: check failed: two == 3
 *     --- FAIL: expect_goes_on (0.00s)
 *         harness.c:@int: check failed: two == 3
 *             two is 2
 *         harness.c:@text: check failed: text == none
 *             text is "abc"
 *             none is NULL
 *         harness.c:@same: check failed: text != "abc"
 *             text is "abc"
 *         harness.c:@float: check failed: two * 0.25 > 1
 *             two * 0.25 is 0.5
 *         harness.c:@pointer: check failed: &two == NULL
 *             &two is 0xX
 *         harness.c:@unsigned: check failed: (uint64_t)-two < 5
 *             (uint64_t)-two is 18446744073709551614
 *         harness.c:@commas: check failed: strlen(text) >= sizeof("a, b(\")") + 2
 *             strlen(text) is 3
 *             sizeof("a, b(\")") + 2 is 10
 *         and no newline
 *     --- FAIL: fail_in_a_scope_of_try (0.00s)
 *         in try
 *         harness.c:@fail: number 2
 *     --- FAIL: fails_in_a_goroutine (0.00s)
 *         harness.c:@goroutine: check failed: two == 3
 *     --- FAIL: fails_in_a_thread (0.00s)
 *         harness.c:@goroutine: check failed: two == 3
 *     --- FAIL: fails_in_many_goroutines (0.00s)
 *         harness.c:@together: check failed: two == 4
 *     ...
 *     --- FAIL: panics (0.00s)
 *         panic: boom
 *
 *         goroutine N "main" [running]:
 *         weft_test__panics harness.c:@panic
 *         exit status 2
 *     --- FAIL: deadlocks (0.00s)
 *         fatal error: all goroutines are asleep - deadlock!
 *
 *         goroutine N "main" [chan receive]:
 *         weft_test__deadlocks harness.c:@deadlock
 *     ...
 *         exit status 2
 *     --- FAIL: leaks (0.00s)
 *         goroutine leak: 1 goroutine [chan receive] at leaks_there harness.c:@leak
 *     ...
 *         it leaked goroutines
 *     --- FAIL: crashes (0.00s)
 *         fatal error: segmentation fault at address 0xX
 *
 *         goroutine N "main" [running]:
 *         weft_test__crashes harness.c:@crash
 *         ended by signal 11 (Segmentation fault)
 *     --- FAIL: aborts (0.00s)
 *         ended by signal 6 (Aborted)
 *     --- FAIL: exits (0.00s)
 *         the test ended its process by exit(0)
 *     --- FAIL: exits_with_a_status (0.00s)
 *         exit status 9
 *     --- SKIP: is_skipped (0.00s)
 *         harness.c:@skip: there is no moon
 *     --- FAIL: cleans_up_last_first (0.00s)
 *         body
 *         harness.c:@cleanup: shown
 *         second
 *         first
 *     --- FAIL: fails_in_a_cleanup (0.00s)
 *         harness.c:@incleanup: check failed: two == 5
 *     --- FAIL: prints_without_bounds (0.00s)
 *         0123456789012345678901234567890123456789012345678
 *     ...
 *         ... 9475735 bytes of output are not shown ...
 *     ...
 *         harness.c:@flood: the end
 *     FAIL  program  0.00s
 *     4 passed, 16 failed, 1 skipped
 * stderr:
 */
