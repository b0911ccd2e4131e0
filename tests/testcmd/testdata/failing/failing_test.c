/* SPDX-License-Identifier: MIT */
/*
 * Tests that fail in every way there is.  Each is reported rightly, and the next one runs.
 * What must be said of them is in golden/failing.txt.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);

static int two = 2;

WEFT_TEST(passes)
{
    puts("not shown");
    weft_check(two == 2);
}

WEFT_TEST(assert_fails)
{
    puts("what it printed");
    weft_check(two == 3);
    puts("not reached");
}

WEFT_TEST(expect_fails_twice)
{
    weft_expect(two, ==, 3);
    weft_expect(two < 1);
    puts("reached");
}

static void panic_in_a_goroutine(void) { weft_panic("boom %d", two); }

WEFT_TEST(panics)
{
    weft_go(panic_in_a_goroutine);
    weft_test_until_waiting(1, WEFT_WAIT_SLEEP);
}

WEFT_TEST(segfaults) { *(volatile int *)8 = 1; }

WEFT_TEST(deadlocks)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_recv(c, NULL);
}

static void never_sent(int_chan_rx *c) { weft_recv(c, NULL); }

WEFT_TEST(leaks) { weft_go(never_sent, weft_rx(weft_make(int_chan, 0))); }

WEFT_TEST(lock_order_is_inverted)
{
    static weft_mutex a, b;
    weft_mutex_lock(&a);
    weft_mutex_lock(&b);
    weft_mutex_unlock(&b);
    weft_mutex_unlock(&a);
    weft_mutex_lock(&b);
    weft_mutex_lock(&a);
}

WEFT_TEST(closes_twice)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_close(c);
    weft_close(c);
}

WEFT_TEST(exits) { exit(0); }

WEFT_TEST(exits_with_a_status) { exit(7); }

WEFT_TEST(aborts) { abort(); }

WEFT_TEST(prints_no_newline)
{
    printf("no newline");
    weft_fail("on a line of its own");
}

WEFT_TEST(prints_much)
{
    static char line[1000];
    memset(line, 'x', sizeof line - 1);
    for (int i = 0; i < 100 * 1000; i++)
        puts(line);
    weft_fail("the end");
}

WEFT_TEST(forks)
{
    pid_t pid = fork();
    if (pid == 0) {
        write(STDOUT_FILENO, "the child\n", 10);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    if (fork() == 0) {
        pause(); /* left behind, with our output open */
        _exit(0);
    }
    weft_fail("the parent");
}

WEFT_TEST(closes_its_output)
{
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    weft_fail("not seen by anybody");
}

WEFT_TEST(prints_what_is_no_text)
{
    write(STDOUT_FILENO, "\xff\x01 <&\"]]>\n", 10);
    weft_fail("no text");
}

WEFT_TEST(is_skipped) { weft_skip("there is no %s", "moon"); }

WEFT_TEST(rows)
{
    static const struct {
        const char *name;
        int in, out;
    } rows[] = {{"right", 2, 4}, {"wrong answer", 3, 4}, {"crash", 0, 0}, {"last", 5, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        WEFT_SUBTEST(rows[i].name)
        {
            if (rows[i].in == 0)
                weft_panic("no zero");
            weft_check(rows[i].in * 2, ==, rows[i].out);
        }
}

WEFT_TEST(passes_in_the_end) { weft_check(two == 2); }
