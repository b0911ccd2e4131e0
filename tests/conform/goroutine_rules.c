/* SPDX-License-Identifier: MIT */
/* Goroutines: starting, ending, yielding, pinning, counting; wait groups; the mutex. */
#define _GNU_SOURCE
#include "rules.h"
#include <sys/syscall.h>
#include <unistd.h>

static long thread_id(void) { return syscall(SYS_gettid); }

/* ---- starting ------------------------------------------------------------------------------------- */

static long long seen[7];
static void take_six(int a, long b, const char *c, unsigned char d, short e, uint64_t f)
{
    seen[0] = a, seen[1] = b, seen[2] = c[0], seen[3] = d, seen[4] = e, seen[5] = (long long)f;
    seen[6] = 1;
}
static int returns_int(int a) { return a; }
static void takes_none(void) { seen[6]++; }

/* Spec (go statements): "The function value and parameters are evaluated as usual in the calling
 * goroutine", "when the function returns, its goroutine also terminates.  If the function has any
 * return values, they are discarded when the function completes." */
WEFT_TEST(arguments_arrive)
{
    weft_go(take_six, -1, -2L, "text", (unsigned char)255, (short)-4, UINT64_MAX - 1);
    weft_test_until_idle();
    weft_check(seen[6], ==, 1);
    weft_check(seen[0], ==, -1);
    weft_check(seen[1], ==, -2);
    weft_check(seen[2], ==, 't');
    weft_check(seen[3], ==, 255);
    weft_check(seen[4], ==, -4);
    weft_check(seen[5], ==, (long long)(UINT64_MAX - 1));
    weft_go(returns_int, 3);
    weft_go(takes_none);
    weft_test_until_idle();
    weft_check(seen[6], ==, 2);
    weft_check(weft_num_goroutine(), ==, 1);
}

static void set(int *at, int v) { *at = v; }

WEFT_TEST(arguments_are_evaluated_at_the_go_statement)
{
    int at[10], i;
    weft_wg wg = {0};
    for (i = 0; i < 10;) {
        weft_wg_go(&wg, set, &at[i], i);
        i++;
    }
    int n = 0;
    weft_wg_go(&wg, set, &(int){0}, n++);
    weft_check(n, ==, 1);
    weft_wg_wait(&wg);
    for (i = 0; i < 10; i++)
        weft_check(at[i], ==, i);
}

static int started_by;
static atomic_bool has_started;
static void check_written(void)
{
    weft_check(started_by, ==, 42);
    has_started = true;
}

/* Memory model: "The go statement that starts a new goroutine is synchronized before the start of
 * the goroutine's execution." */
WEFT_TEST(what_the_starter_wrote_is_seen)
{
    for (int i = 0; i < 2000; i++) {
        has_started = false;
        started_by = 42;
        weft_go(check_written);
        while (!has_started)
            weft_yield();
        started_by = 0;
    }
}

WEFT_TEST(functions_may_be_values)
{
    void (*f)(int *, int) = set;
    int at = 0;
    weft_wg wg = {0};
    weft_wg_go(&wg, f, &at, 7);
    weft_wg_wait(&wg);
    weft_check(at, ==, 7);
}

static void recurse(int depth, weft_wg *wg)
{
    volatile char pad[1024];
    pad[depth % 1024] = (char)depth;
    if (depth > 0)
        recurse(depth - 1, wg);
    weft_check(pad[depth % 1024] == (char)depth);
}

static void deep(int depth, weft_wg *wg)
{
    recurse(depth, wg);
    weft_wg_done(wg);
}

WEFT_TEST(stacks_hold_what_they_promise)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 2);
    weft_go(deep, 180, &wg); /* of 256 KiB */
    weft_go_with(&(weft_go_opts){.name = "deep", .stack_size = 4 << 20}, deep, 3000, &wg);
    weft_wg_wait(&wg);
}

static void count_down(unit_chan_rx *gate, atomic_int *n)
{
    weft_recv(gate, NULL);
    atomic_fetch_sub(n, 1);
}

/* Package runtime: "NumGoroutine returns the number of goroutines that currently exist." */
WEFT_TEST(num_goroutine_counts_those_that_exist)
{
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    atomic_int n = 100;
    weft_check(weft_num_goroutine(), ==, 1);
    for (int i = 0; i < 100; i++) {
        weft_go(count_down, weft_rx(gate), &n);
        weft_check(weft_num_goroutine(), ==, i + 2);
    }
    weft_test_until_waiting(100, WEFT_WAIT_CHAN_RECV);
    weft_check(weft_num_goroutine(), ==, 101);
    weft_close(gate);
    weft_test_until_idle();
    weft_check(n, ==, 0);
    weft_check(weft_num_goroutine(), ==, 1);
}

static uint64_t ids[1000];
static void note_id(int i) { ids[i] = weft_goroutine_id(); }

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

WEFT_TEST(goroutine_numbers_are_unique)
{
    weft_wg wg = {0};
    for (int i = 0; i < 1000; i++)
        weft_wg_go(&wg, note_id, i);
    weft_wg_wait(&wg);
    qsort(ids, 1000, sizeof *ids, by_value);
    weft_check(ids[0] > 0);
    for (int i = 1; i < 1000; i++)
        weft_check(ids[i] != ids[i - 1]);
}

/* ---- taking turns ------------------------------------------------------------------------------------ */

static atomic_int turns[3];
static void take_turns(int i, int rounds)
{
    for (int r = 0; r < rounds; r++) {
        turns[i]++;
        weft_yield();
    }
}

/* Package runtime: "Gosched yields the processor, allowing other goroutines to run.  It does not
 * suspend the current goroutine, so execution resumes automatically." */
WEFT_TEST(yield_lets_others_run)
{
    weft_procs(1);
    weft_go(take_turns, 0, 1000);
    weft_go(take_turns, 1, 1000);
    /* On one processor each gets a turn while this one waits for its own.  Rarely
     * the kernel takes the core away for so long that another thread steps in. */
    int fair = 0, a = 0, b = 0;
    for (int r = 0; r < 800; r++) {
        int before_a = a, before_b = b;
        a = turns[0], b = turns[1];
        fair += a - before_a <= 2 && b - before_b <= 2;
        weft_yield();
    }
    weft_check(fair, >=, 720);
    weft_check(a > 100 && b > 100);
    weft_test_until_idle();
    weft_check(turns[0] + turns[1], ==, 2000);
}

static atomic_bool enough;
static void hand_over(int_chan *c, int_chan *d)
{
    int v = 0;
    while (!enough) {
        weft_send(c, v);
        weft_recv(d, &v);
    }
    weft_close(c);
}
static void hand_back(int_chan *c, int_chan *d)
{
    weft_range (v, c)
        weft_send(d, v);
}
static void say_enough(void) { enough = true; }

/* weft: "no runnable goroutine waits for ever", though two keep handing the processor to each
 * other. */
WEFT_TEST(hand_over_does_not_starve_the_queue)
{
    weft_procs(1);
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_auto(int_chan, d) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, hand_over, c, d);
    weft_wg_go(&wg, hand_back, c, d);
    weft_yield();
    weft_go(say_enough);
    weft_wg_wait(&wg);
    weft_check(enough);
}

static void compute_until(atomic_bool *flag)
{
    while (!*flag)
        ;
}
static void raise_flag(atomic_bool *flag) { *flag = true; }

/* weft: "A goroutine that ... computes for long does not stop the others." */
WEFT_TEST(a_computing_goroutine_does_not_stop_the_others)
{
    weft_procs(1);
    atomic_bool flag = false;
    weft_wg wg = {0};
    weft_wg_go(&wg, compute_until, &flag);
    weft_wg_go(&wg, raise_flag, &flag);
    weft_wg_wait(&wg);
}

static void block_until(int fd)
{
    char byte;
    ssize_t n = read(fd, &byte, 1);
    weft_check(n, ==, 1);
}
static void write_byte(int fd)
{
    ssize_t n = write(fd, "x", 1);
    weft_check(n, ==, 1);
}

/* weft: "A goroutine that blocks its thread in a system call ... does not stop the others." */
WEFT_TEST(a_blocked_thread_does_not_stop_the_others)
{
    weft_procs(1);
    int ends[2], r = pipe(ends);
    weft_check(r == 0);
    weft_wg wg = {0};
    for (int i = 0; i < 3; i++)
        weft_wg_go(&wg, block_until, ends[0]);
    for (int i = 0; i < 3; i++)
        weft_wg_go(&wg, write_byte, ends[1]);
    weft_wg_wait(&wg);
    close(ends[0]);
    close(ends[1]);
}

/* Package runtime: "GOMAXPROCS sets the maximum number of CPUs that can be executing simultaneously
 * and returns the previous setting.  If n < 1, it does not change the current setting." */
WEFT_TEST(procs_can_be_asked_and_set)
{
    int before = weft_procs(0);
    weft_check(before >= 1);
    weft_check(weft_procs(-3), ==, before);
    weft_check(weft_procs(3), ==, before);
    weft_check(weft_procs(1), ==, 3);
    weft_check(weft_procs(0), ==, 1);
    weft_check(weft_procs(100000), ==, 1);
    weft_check(weft_procs(before), ==, 256);
}

static void ring_step(int_chan *in, int_chan *out)
{
    weft_range (v, in)
        weft_send(out, v + 1);
    weft_close(out);
}

WEFT_TEST(procs_may_change_at_any_time)
{
    enum { RING = 20, ROUNDS = 200 };
    int_chan *c[RING + 1];
    for (int i = 0; i <= RING; i++)
        c[i] = weft_make(int_chan, i % 3);
    weft_wg wg = {0};
    for (int i = 0; i < RING; i++)
        weft_wg_go(&wg, ring_step, c[i], c[i + 1]);
    for (int r = 0; r < ROUNDS; r++) {
        weft_procs(1 + r % 7);
        weft_send(c[0], r);
        int v;
        weft_recv(c[RING], &v);
        weft_check(v, ==, r + RING);
    }
    weft_close(c[0]);
    weft_wg_wait(&wg);
    for (int i = 0; i <= RING; i++)
        weft_unref(c[i]);
}

/* ---- staying on a thread ---------------------------------------------------------------------------------- */

static atomic_bool pinned_thread_used;
static _Atomic long pinned_thread;

static void busy(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        if (thread_id() == pinned_thread)
            pinned_thread_used = true;
        weft_yield();
    }
}

/* Package runtime: "LockOSThread wires the calling goroutine to its current operating system thread.
 * The calling goroutine will always execute in that thread, and no other goroutine will execute in
 * it, until the calling goroutine has made as many calls to UnlockOSThread as to LockOSThread." */
static void stay(void)
{
    weft_pin();
    weft_pin();
    pinned_thread = thread_id();
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, busy, 300);
    for (int i = 0; i < 300; i++) {
        if (i % 3)
            weft_yield();
        else
            (void)weft_sleep(weft_background(), 20 * WEFT_MICROSECOND);
        weft_check(thread_id() == pinned_thread);
        if (i == 200)
            weft_unpin();
    }
    weft_wg_wait(&wg);
    weft_check(thread_id() == pinned_thread);
    weft_check(!pinned_thread_used);
    pinned_thread = 0;
    weft_unpin();
}

WEFT_TEST(a_pinned_goroutine_keeps_its_thread)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, stay);
    weft_wg_wait(&wg);
    weft_unpin(); /* one too many does nothing */
    stay();       /* the first goroutine too */
}

static void pin_and_leave(void)
{
    weft_pin();
    weft_yield();
}

WEFT_TEST(goroutines_may_end_pinned)
{
    weft_wg wg = {0};
    for (int i = 0; i < 100; i++)
        weft_wg_go(&wg, pin_and_leave);
    weft_wg_wait(&wg);
}

static void swap_pinned(int_chan *in, int_chan *out, int rounds)
{
    weft_pin();
    long me = thread_id();
    for (int i = 0; i < rounds; i++) {
        int v;
        weft_recv(in, &v);
        weft_check(thread_id() == me);
        weft_send(out, v + 1);
        weft_check(thread_id() == me);
    }
    weft_unpin();
}

WEFT_TEST(pinned_goroutines_talk_to_each_other)
{
    weft_auto(int_chan, a) = weft_make(int_chan, 0);
    weft_auto(int_chan, b) = weft_make(int_chan, 0);
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, swap_pinned, a, b, 300);
    weft_wg_go(&wg, swap_pinned, b, c, 300);
    for (int i = 0; i < 300; i++) {
        int v;
        weft_send(a, i);
        weft_recv(c, &v);
        weft_check(v, ==, i + 2);
    }
    weft_wg_wait(&wg);
}

/* ---- what belongs to the thread ------------------------------------------------------------------------------ */

/* weft: "errno ... its address is fetched anew at each use": set and read around migrations, each
 * time on the thread of the moment. */
static atomic_long migrations;

static void use_errno(int id)
{
    long before = thread_id();
    for (int i = 0; i < 500; i++) {
        errno = id * 1000 + i;
        weft_check(errno, ==, id * 1000 + i);
        weft_yield();
        if (i % 50 == 0)
            (void)weft_sleep(weft_background(), WEFT_MICROSECOND);
        close(-1); /* libc writes the errno of this thread */
        int err = errno;
        weft_check(err, ==, EBADF);
        long now = thread_id();
        migrations += now != before;
        before = now;
    }
}

WEFT_TEST(errno_is_the_current_threads)
{
    weft_wg wg = {0};
    /* On a busy machine it may take a while until another thread gets to run. */
    for (int round = 0; round < 2000 && (round == 0 || migrations == 0); round++) {
        for (int i = 1; i <= 8; i++)
            weft_wg_go(&wg, use_errno, i);
        weft_wg_wait(&wg);
    }
    if (weft_procs(0) > 1)
        weft_check(migrations > 0);
}

/* ---- wait groups ------------------------------------------------------------------------------------------------ */

static void wait_for(weft_wg *wg, atomic_int *woken)
{
    weft_wg_wait(wg);
    atomic_fetch_add(woken, 1);
}

/* Package sync: "If the counter becomes zero, all goroutines blocked on Wait are released." */
WEFT_TEST(zero_releases_all_who_wait)
{
    weft_wg wg = {0};
    atomic_int woken = 0;
    weft_wg_wait(&wg); /* at zero: at once */
    weft_wg_add(&wg, 2);
    for (int i = 0; i < 10; i++)
        weft_go(wait_for, &wg, &woken);
    weft_test_until_waiting(10, WEFT_WAIT_WG);
    weft_wg_done(&wg);
    weft_test_until_idle();
    weft_check(woken, ==, 0);
    weft_wg_add(&wg, 3); /* not at zero: allowed while others wait */
    weft_wg_add(&wg, -4);
    weft_test_until_idle();
    weft_check(woken, ==, 10);
    weft_wg_wait(&wg);
}

static void too_many_done(void)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_wg_done(&wg);
    weft_wg_done(&wg);
}
static void add_minus(void)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 3);
    weft_wg_add(&wg, -4);
}

/* Package sync: "If the counter goes negative, Add panics." */
WEFT_TEST(negative_counter_panics)
{
    check_panics("negative WaitGroup counter", too_many_done);
    check_panics("negative WaitGroup counter", add_minus);
}

/* Package sync: "If a WaitGroup is reused to wait for several independent sets of events, new Add
 * calls must happen after all previous Wait calls have returned." */
WEFT_TEST(a_wait_group_can_be_used_again)
{
    weft_wg wg = {0};
    int at = 0;
    for (int i = 1; i <= 3000; i++) {
        weft_wg_go(&wg, set, &at, i);
        weft_wg_wait(&wg);
        weft_check(at, ==, i);
    }
}

static void do_done(weft_wg *wg) { weft_wg_done(wg); }

/* weft: "a wait group on the stack may go away as soon as wait returned, though the last done has
 * not". */
static void short_lived(void)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 2);
    weft_go(do_done, &wg);
    weft_go(do_done, &wg);
    weft_wg_wait(&wg);
    memset(&wg, 0xff, sizeof wg);
    __asm__ volatile("" : : "r"(&wg) : "memory");
}

WEFT_TEST(a_wait_group_may_go_away_after_wait)
{
    for (int i = 0; i < 5000; i++)
        short_lived();
}

static void exit_in_group(atomic_int *n)
{
    atomic_fetch_add(n, 1);
    weft_goexit();
}

/* weft: "count it done when it returns or calls weft_goexit()". */
WEFT_TEST(goexit_counts_as_done)
{
    weft_wg wg = {0};
    atomic_int n = 0;
    for (int i = 0; i < 100; i++)
        weft_wg_go(&wg, exit_in_group, &n);
    weft_wg_wait(&wg);
    weft_check(n, ==, 100);
}

static void use_copy(void)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_wg copy = wg; // weft:ignore copylock the copy is to panic
    weft_wg_done(&wg);
    weft_wg_done(&copy);
}

/* Package sync: "A WaitGroup must not be copied after first use." */
WEFT_TEST(a_copied_wait_group_panics) { check_panics("wait group was copied", use_copy); }

/* ---- the mutex ----------------------------------------------------------------------------------------------------- */

static weft_mutex mu;
static long counter;

static void count_locked(int n)
{
    for (int i = 0; i < n; i++) {
        weft_mutex_lock(&mu);
        long v = counter;
        if (i % 64 == 0)
            weft_yield(); /* held across a switch */
        counter = v + 1;
        weft_mutex_unlock(&mu);
    }
}

/* Memory model: "For any sync.Mutex or sync.RWMutex variable l and n < m, call n of l.Unlock() is
 * synchronized before call m of l.Lock() returns." */
WEFT_TEST(the_mutex_lets_one_in_at_a_time)
{
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, count_locked, 5000);
    weft_wg_wait(&wg);
    weft_check(counter, ==, 40000);
}

static void unlock_it(void) { weft_mutex_unlock(&mu); }

/* Package sync: "A locked Mutex is not associated with a particular goroutine.  It is allowed for
 * one goroutine to lock a Mutex and then arrange for another goroutine to unlock it." */
WEFT_TEST(another_goroutine_may_unlock)
{
    for (int i = 0; i < 100; i++) {
        weft_mutex_lock(&mu);
        weft_wg wg = {0};
        weft_wg_go(&wg, unlock_it);
        weft_wg_wait(&wg);
        weft_mutex_lock(&mu); // weft:ignore emptylock is it free?
        weft_mutex_unlock(&mu);
    }
}

static atomic_bool hog_stops;
static void hog(void)
{
    while (!hog_stops) {
        weft_mutex_lock(&mu);
        for (volatile int i = 0; i < 2000; i++)
            ;
        weft_mutex_unlock(&mu);
    }
}

/* Package sync: in starvation mode "ownership of the mutex is directly handed off from the unlocking
 * goroutine to the waiter": a goroutine that locks again and again does not keep it for ever. */
WEFT_TEST(a_greedy_goroutine_does_not_starve_another)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, hog);
    for (int i = 0; i < 50; i++) {
        weft_mutex_lock(&mu); // weft:ignore emptylock for others to see
        weft_mutex_unlock(&mu);
        weft_yield();
    }
    hog_stops = true;
    weft_wg_wait(&wg);
}

static void lock_copy(void)
{
    static struct {
        weft_mutex mu;
    } a, b;
    weft_mutex_lock(&a.mu); // weft:ignore emptylock used once
    weft_mutex_unlock(&a.mu);
    b = a; // weft:ignore copylock the copy is to panic
    weft_mutex_lock(&b.mu);
}

WEFT_TEST(a_copied_mutex_panics) { check_panics("mutex was copied", lock_copy); }

static void locker(void) { weft_mutex_lock(&mu); }

WEFT_TEST(a_goroutine_that_waits_for_the_mutex_shows)
{
    weft_mutex_lock(&mu);
    weft_go(locker);
    weft_test_until_waiting(1, WEFT_WAIT_MUTEX);
    weft_mutex_unlock(&mu);
    weft_test_until_idle();
}
