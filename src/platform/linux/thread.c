/* SPDX-License-Identifier: MIT */
/* Threads, sleeping on a word, and clocks on Linux. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "platform/fault.h"
#include "platform/platform.h"

bool weft__fence_light_is_full;

/*
 * The thread inherits a mask with every signal blocked that a program may want
 * to handle on its own threads; faults and the runtime's own signals stay open.
 */
int weft__thread_start(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack_size)
{
    if (weft__fault(FAULT_THREAD))
        return -EAGAIN;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_size);
    int err = pthread_create(thread, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    return -err;
}

void weft__thread_yield(void) { sched_yield(); }

void weft__thread_sleep(int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

int weft__thread_id(void) { return (int)syscall(SYS_gettid); }

int weft__thread_count(void)
{
    /* A directory's link count is 2 plus its subdirectories: one per thread. */
    struct stat st;
    if (stat("/proc/self/task", &st) != 0 || st.st_nlink < 3)
        return -1;
    return (int)st.st_nlink - 2;
}

void weft__thread_name(const char *name) { prctl(PR_SET_NAME, name); }

long weft__thread_slack(long ns)
{
    long before = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, ns);
    return before;
}

int weft__cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

void weft__futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    struct timespec t = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &t, NULL, 0);
}

void weft__futex_wake(uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        return -1;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t weft__now(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t weft__wall_now(void) { return clock_ns(CLOCK_REALTIME); }

int64_t weft__thread_cpu(pthread_t thread)
{
    clockid_t clock;
    if (pthread_getcpuclockid(thread, &clock) != 0)
        return -1;
    return clock_ns(clock);
}

bool weft__thread_waits(int tid)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return true;
    text[n] = '\0';
    /* "tid (name) state ...": the name may hold anything, also brackets. */
    const char *end = strrchr(text, ')');
    return !(end && end[1] == ' ' && end[2] == 'R');
}

uint64_t weft__random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uint64_t)weft__now() ^ ((uint64_t)getpid() << 32);
    return seed | 1;
}

void weft__fence_heavy(void)
{
    if (weft__fence_light_is_full)
        full_fence();
    else
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* Before main(): a mutex may be used before the runtime starts, and how it is
 * unlocked must not change later. */
__attribute__((constructor)) static void choose_fence(void)
{
    const char *wish = getenv("WEFT_MEMBARRIER");
    bool want = !wish || strcmp(wish, "off") != 0;
    weft__fence_light_is_full =
        !want || syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0;
}

void weft__platform_init(void)
{
    weft__page_size = (size_t)sysconf(_SC_PAGESIZE);
    weft__fault_init();
}
