/* SPDX-License-Identifier: MIT */
/*
 * weft_run from a main() of one's own, again and again: it "returns the
 * function's int", and "leaves nothing behind": no thread, no mapping, no
 * descriptor, no signal handler.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);

static int entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* Mappings that carry weft's name; the header pool of channels stays for ever, and has none. */
static int mappings(void)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    int n = 0;
    while (f && fgets(line, sizeof line, f))
        n += strstr(line, "weft goroutines") || strstr(line, "weft stack") ||
             strstr(line, "weft signal");
    if (f)
        fclose(f);
    return n;
}

static void add(int_chan_tx *c, int n) { weft_send(c, n); }

static int sum_upto(int n)
{
    weft_auto(int_chan, c) = weft_make(int_chan, n % 3);
    for (int i = 1; i <= n; i++)
        weft_go(add, weft_tx(c), i);
    int sum = 0;
    for (int i = 1; i <= n; i++) {
        int v;
        weft_recv(c, &v);
        sum += v;
    }
    return sum;
}

static int wait_for_timer(int ms)
{
    weft_auto(weft_timer, left_armed) = weft_timer_new(WEFT_HOUR);
    weft_procs(5);
    return weft_sleep(weft_background(), ms * WEFT_MILLISECOND) - 1;
}

static atomic_int outcome;
static void contained(void) { weft_panic("x"); }
static int contains(void)
{
    weft_auto(weft_panic_info, p) = weft_try(contained);
    return p ? 40 : 0;
}

static int with_threads(int n);
static void *run_in_thread(void *arg)
{
    outcome = weft_run(sum_upto, *(int *)arg);
    return NULL;
}

static int with_threads(int n)
{
    pthread_t t;
    if (pthread_create(&t, NULL, run_in_thread, &n) != 0 || pthread_join(t, NULL) != 0)
        return -1;
    return outcome;
}

static void fail(const char *what, int n)
{
    printf("%s: %d\n", what, n);
    exit(1);
}

int main(void)
{
    if (weft_run(sum_upto, 1) != 1) /* libraries have set themselves up now */
        fail("first run", 0);
    int threads = entries("/proc/self/task"), files = entries("/proc/self/fd"), maps = mappings();
    if (maps != 0)
        fail("mappings left", maps);
    for (int i = 0; i < 100; i++) {
        int r = weft_run(sum_upto, i);
        if (r != i * (i + 1) / 2)
            fail("wrong result", r);
    }
    int r = weft_run(wait_for_timer, 3);
    if (r != -1)
        fail("wrong result of the timer", r);
    r = weft_run(contains);
    if (r != 40)
        fail("wrong result of the panic", r);
    r = with_threads(100);
    if (r != 5050)
        fail("wrong result in a thread", r);
    if (entries("/proc/self/task") != threads)
        fail("threads left", entries("/proc/self/task") - threads);
    if (entries("/proc/self/fd") != files)
        fail("descriptors left", entries("/proc/self/fd") - files);
    if (mappings() != 0)
        fail("mappings left", mappings());
    struct sigaction action;
    sigaction(SIGQUIT, NULL, &action);
    if (action.sa_handler != SIG_DFL)
        fail("a handler is left for signal", SIGQUIT);
    sigaction(SIGSEGV, NULL, &action);
    if (action.sa_handler != SIG_DFL)
        fail("a handler is left for signal", SIGSEGV);
    puts("nothing left");
    return 0;
}
/*
 * exit: 0
 * procs: 1 2 8
 * env: WEFT_LEAKS=fail
 * stdout:
 *     nothing left
 * stderr:
 */
