/* SPDX-License-Identifier: MIT */
/* Reports of goroutines: each state, groups, leaks, a panic. */
#define _GNU_SOURCE
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft.h>

#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/report.h"

WEFT_CHAN(int_chan, int);

static char *text; /* of the last dump */

static noinline void dump(void)
{
    size_t size;
    free(text);
    FILE *file = open_memstream(&text, &size);
    weft_dump(file);
    fclose(file);
}

/* Function names are followed by a space, or by an offset where lines are not known. */
static bool matches(const char *s, const char *pattern)
{
    regex_t r;
    weft_check(regcomp(&r, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB) == 0);
    bool found = regexec(&r, s, 0, NULL, 0) == 0;
    regfree(&r);
    if (!found)
        printf("no match for %s in:\n%s\n", pattern, s);
    return found;
}

static size_t count(const char *s, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(s, part); at; at = strstr(at + 1, part))
        n++;
    return n;
}

static void receive(int_chan *c) { weft_recv(c, NULL); }

/* One place, however the compiler unrolls the loop around it. */
static noinline void start_receiver(int_chan *c) { weft_go(receive, c); }

WEFT_TEST(a_dump_has_the_caller_first)
{
    dump();
    weft_check(matches(text, "^goroutine 1 \"main\" \\[running\\]:$"));
    weft_check(matches(text, "\\[running\\]:\ndump[ +]"));
}

WEFT_TEST(a_waiting_goroutine_shows_why_and_where)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 3);
    weft_go_with(&(weft_go_opts){.name = "feeder\n2"}, receive, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    dump();
    weft_check(matches(text, "^goroutine [0-9]+ \"feeder\\?2\" \\[chan receive\\]:$"));
    weft_check(matches(text, "^receive[ +]"));
    weft_check(matches(text, "^        channel made at .*, capacity 3$"));
    weft_check(matches(text, "^created by .* in goroutine 1$"));
    weft_close(c);
    weft_test_until_idle();
}

struct page {
    struct text text;
    struct g g;
    struct trace trace;
};

static void put_one(void *arg)
{
    struct page *p = arg;
    weft__put_goroutine(&p->text, &p->g, &p->trace, NULL);
}

/* A record alone, as it is before it gets a stack. */
WEFT_TEST(one_that_has_not_run_shows_its_function)
{
    static char room[1000];
    struct page p = {.g = {.state = G_RUNNABLE, .id = 7, .fn = (weft_impl_fn)receive}};
    p.g.create_pc = (uintptr_t)put_one + 1;
    p.g.parent_id = 3;
    weft__text_buffer(&p.text, room, sizeof room);
    weft__with_symbols(&p.text, put_one, &p);
    weft__flush(&p.text);
    weft_check(matches(room, "^goroutine 7 \\[runnable\\]:\nreceive[ +].* \\(not started\\)\n"
                             "created by put_one[ +].* in goroutine 3$"));
}

/* How long it has waited is said from a second on. */
WEFT_TEST(a_long_wait_is_said_to_be_long)
{
    static char room[1000];
    struct page p = {.g = {.state = G_WAITING, .id = 7, .wait_reason = WAIT_SELECT_NONE}};
    p.g.wait_since = weft_now() - 125 * WEFT_SECOND;
    weft__text_buffer(&p.text, room, sizeof room);
    weft__with_symbols(&p.text, put_one, &p);
    weft__flush(&p.text);
    weft_check(matches(room, "^goroutine 7 \\[select \\(no cases\\), 2 minutes\\]:$"));
}

static _Atomic bool stop, spins;

static void spin(void)
{
    spins = true;
    while (!stop)
        ;
}

WEFT_TEST(one_that_runs_elsewhere_is_asked)
{
    weft_procs(2);
    weft_go(spin);
    while (!spins)
        weft_yield();
    dump();
    stop = true;
    weft_check(count(text, " [running]:\n"), ==, 2u);
    weft_check(matches(text, "^spin[ +]"));
    weft_test_until_idle();
}

static _Atomic bool interrupted, dreams;

static void sleep_in_libc(void)
{
    dreams = true;
    while (!stop)
        if (usleep(100 * 1000) != 0)
            interrupted = true;
}

/* Under an emulator, /proc tells of the wrong machine. */
static bool proc_knows_calls(void)
{
    char line[200] = "";
    FILE *file = fopen("/proc/thread-self/syscall", "r");
    bool read = file && fgets(line, sizeof line, file) && strtol(line, NULL, 10) == SYS_read;
    if (file)
        fclose(file);
    return read;
}

/* It blocks in a call that a signal would end: seen all the same, and left alone. */
WEFT_TEST(a_dump_does_not_disturb_system_calls)
{
    bool seen = false;
    if (!proc_knows_calls())
        weft_skip("/proc does not tell what a thread is doing");
    weft_procs(2);
    weft_go(sleep_in_libc);
    while (!dreams)
        weft_yield();
    for (int i = 0; i < 100 && !seen; i++) { /* now and then it is between two calls */
        dump();
        seen = strstr(text, "[running, in system call clock_nanosleep]:\n") ||
               strstr(text, "[running, in system call nanosleep]:\n");
    }
    stop = true;
    weft_test_until_idle();
    weft_check(seen);
    weft_check(!interrupted);
}

static void dump_to_nothing(int n)
{
    FILE *file = fopen("/dev/null", "w");
    for (int i = 0; i < n; i++)
        weft_dump(file);
    fclose(file);
}

static void come_and_go(int n)
{
    for (int i = 0; i < n; i++) {
        weft_wg wg = {0};
        for (int k = 0; k < 5; k++)
            weft_wg_go(&wg, weft_yield);
        /* One of another size: its stack is unmapped when it ends. */
        weft_go_with(&(weft_go_opts){.stack_size = 100000}, weft_yield);
        weft_wg_wait(&wg);
    }
}

WEFT_TEST(dumps_may_meet_goroutines_that_come_and_go)
{
    weft_wg wg = {0};
    weft_procs(4);
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, come_and_go, 200);
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, dump_to_nothing, 25);
    weft_wg_wait(&wg);
    weft_test_until_idle();
}

/* ---- groups ------------------------------------------------------------------------- */

WEFT_TEST(groups_count_and_keep_the_oldest)
{
    enum { KINDS = 300, EACH = 7 };
    static struct g all[KINDS * EACH];
    struct groups groups;
    weft__groups_begin(&groups);
    for (size_t i = 0; i < array_len(all); i++) {
        all[i] = (struct g){.id = i + 1,
                            .wait_pc = 1000 + i % KINDS,
                            .create_pc = 5000,
                            .wait_reason = WAIT_CHAN_SEND,
                            .wait_since = (int64_t)(1000000 - i)};
        weft__groups_add(&groups, &all[i], G_WAITING);
        if (i % KINDS == 17) /* one kind is the largest */
            weft__groups_add(&groups, &all[i], G_WAITING);
    }
    weft_check(groups.used, ==, (size_t)KINDS);
    weft_check(groups.members, ==, array_len(all) + EACH);
    const struct group *first = weft__groups_next(&groups), *next;
    weft_check(first->count, ==, 2u * EACH);
    weft_check(first->wait_pc, ==, 1017u);
    weft_check(first->oldest == &all[17 + KINDS * (EACH - 1)]);
    size_t members = first->count, n = 1;
    for (; (next = weft__groups_next(&groups)); n++) {
        weft_check(next->count, ==, (size_t)EACH);
        members += next->count;
    }
    weft_check(n, ==, (size_t)KINDS);
    weft_check(members, ==, groups.members);
    weft__groups_end(&groups);
}

static void join(void *groups) { weft__groups_join(groups); }

/* Two calls of one line, as an unrolled loop has them. */
WEFT_TEST(groups_of_one_line_are_joined)
{
    struct symbol s;
    uintptr_t a = (uintptr_t)join + 1, b = a + 1;
    weft__symbol(a, &s);
    if (!s.file)
        weft_skip("there is no libdw");
    struct g two[] = {{.id = 1, .wait_pc = a, .create_pc = a, .wait_reason = WAIT_WG},
                      {.id = 2, .wait_pc = b, .create_pc = b, .wait_reason = WAIT_WG}};
    struct groups groups;
    weft__groups_begin(&groups);
    weft__groups_add(&groups, &two[0], G_WAITING);
    weft__groups_add(&groups, &two[1], G_WAITING);
    weft_check(groups.used, ==, 2u);
    weft__with_symbols(NULL, join, &groups);
    weft_check(groups.used, ==, 1u);
    weft_check(groups.members, ==, 2u);
    weft_check(weft__groups_next(&groups)->oldest->id, ==, 1u);
    weft__groups_end(&groups);
}

static void put_all_capped(void *t)
{
    struct all all = {.rest = true};
    weft__put_all(t, &all);
}

WEFT_TEST(beyond_a_hundred_the_rest_is_counted)
{
    enum { N = 350 };
    static char room[1 << 20];
    struct text t;
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < N; i++)
        start_receiver(c);
    weft_test_until_waiting(N, WEFT_WAIT_CHAN_RECV);
    weft__text_buffer(&t, room, sizeof room);
    weft__with_symbols(&t, put_all_capped, &t);
    weft__flush(&t);
    weft_check(count(room, "\ngoroutine "), ==, (size_t)ALL_FULL);
    weft_check(matches(room, "^251 more goroutines:$")); /* with this one */
    weft_check(matches(room, "^251 goroutines \\[chan receive\\] at receive[ +].*, created by "));
    weft_close(c);
    weft_test_until_idle();
}

/* ---- leaks ------------------------------------------------------------------------------ */

/* What judging prints to standard error. */
static int judge(char *out, size_t size, bool quiescent)
{
    int ends[2], before = dup(STDERR_FILENO);
    fflush(stderr);
    weft_check(pipe(ends) == 0);
    dup2(ends[1], STDERR_FILENO);
    int leaks = weft__leaks_judge(quiescent);
    dup2(before, STDERR_FILENO);
    close(ends[1]);
    ssize_t n = read(ends[0], out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    close(before);
    return leaks;
}

static void doze(void) { weft_sleep(weft_background(), 300 * WEFT_MILLISECOND); }

WEFT_TEST(leaks_are_grouped_and_sleepers_are_none)
{
    static char out[8192];
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < 3; i++)
        start_receiver(c);
    weft_go(doze);
    weft_test_until_waiting(3, WEFT_WAIT_CHAN_RECV);
    weft_test_until_waiting(1, WEFT_WAIT_SLEEP);
    weft_check(judge(out, sizeof out, true), ==, 3);
    weft_check(count(out, "goroutine leak: "), ==, 1u);
    weft_check(matches(out, "^goroutine leak: 3 goroutines \\[chan receive\\] at receive[ +]"));
    weft_check(matches(out, "^1 goroutine sleeps or waits "));
    weft_check(!strstr(out, "still ran"));
    weft_check(judge(out, sizeof out, false), ==, 3);
    weft_check(matches(out, "^1 goroutine still ran, ")); /* this one */
    weft_close(c);
    weft_test_until_idle();
    weft_check(judge(out, sizeof out, true), ==, 0);
    weft_check(out, ==, "");
}

WEFT_TEST(the_environment_says_what_leaks_are)
{
    static char out[8192];
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_go(receive, c);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    setenv("WEFT_LEAKS", "off", 1);
    weft_check(judge(out, sizeof out, true), ==, 0);
    weft_check(out, ==, "");
    weft_check(!weft__leaks_fail());
    setenv("WEFT_LEAKS", "fail", 1);
    weft_check(weft__leaks_fail());
    setenv("WEFT_LEAKS", "perhaps", 1);
    weft_check(judge(out, sizeof out, true), ==, 1);
    weft_check(matches(out, "^weft: warning: WEFT_LEAKS=perhaps is none of off, report, fail"));
    weft_check(!weft__leaks_fail());
    weft_close(c);
    weft_test_until_idle();
    setenv("WEFT_LEAKS", "fail", 1);
}

/* ---- panics ------------------------------------------------------------------------------- */

static void fail_twice(void) { weft_panic("the text\n\twith a second line"); }

WEFT_TEST(a_panics_report_names_the_call)
{
    static char room[4096];
    FILE *file = fmemopen(room, sizeof room, "w");
    weft_auto(weft_panic_info, p) = weft_try(fail_twice);
    weft_panic_print(p, file);
    fclose(file);
    weft_check(matches(room, "^panic: the text\n\twith a second line\n\ngoroutine 1 \"main\" "
                             "\\[running\\]:\nfail_twice[ +]"));
}

WEFT_TEST(a_replaced_panic_is_reported_too)
{
    char room[1000];
    struct text t;
    const char *messages[] = {"first", "second"};
    uintptr_t pcs[] = {(uintptr_t)fail_twice + 1};
    weft__text_buffer(&t, room, sizeof room);
    weft__panic_report(&t, NULL, messages, 2, pcs, 1);
    weft__flush(&t);
    weft_check(
        matches(room, "^panic: first\n\tpanic: second\n\nthread \\[running\\]:\nfail_twice[ +]"));
}
