/* SPDX-License-Identifier: MIT */
/*
 * Waiting on many descriptors, by epoll.
 *
 * All registrations are edge-triggered, and those that are armed for a wait are
 * one-shot: an event that nobody asked for wakes no thread.  Arming a registration again makes the kernel look at
 * the descriptor, so readiness that came in between is reported.
 *
 * The kernel drops a registration when the last descriptor of the file is
 * closed, whoever closes it.  So what we know of registrations is a guess, and
 * ENOENT or EEXIST say what is true.
 *
 * The interrupt is an eventfd, level-triggered: a thread that only looks leaves
 * it as it is, and the one that waits still sees it.
 *
 * The system calls are made directly.  A race detector takes epoll_ctl() and
 * epoll_wait() for an order between all threads that use the set; the order
 * that a program may rely on comes with the data (docs/memory-model.md).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "platform/fault.h"
#include "platform/platform.h"
#include "platform/poll.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI &&
                   EPOLLERR == POLLERR && EPOLLHUP == POLLHUP && EPOLLRDHUP == 0x2000,
               "epoll's events are poll's");

#define INTERRUPT_KEY UINT64_MAX
enum { BATCH = 128 };

static int set = -1, interrupt = -1;
static bool no_pwait2; /* the kernel, or an emulator, lacks it */

static int control(int op, int fd, uint64_t key, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = key};
    return syscall(SYS_epoll_ctl, set, op, fd, &e) == 0 ? 0 : -errno;
}

static int open_set(void)
{
    if (weft__fault(FAULT_EPOLL))
        return -EMFILE;
    set = epoll_create1(EPOLL_CLOEXEC);
    return set < 0 ? -errno : 0;
}

static int open_interrupt(void)
{
    if (weft__fault(FAULT_EVENTFD))
        return -EMFILE;
    interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return interrupt < 0 ? -errno : control(EPOLL_CTL_ADD, interrupt, INTERRUPT_KEY, EPOLLIN);
}

int weft__poll_open(void)
{
    int err = open_set();
    if (err == 0)
        err = open_interrupt();
    if (err != 0)
        weft__poll_close();
    return err;
}

void weft__poll_close(void)
{
    if (interrupt >= 0)
        close(interrupt);
    if (set >= 0)
        close(set);
    set = interrupt = -1;
}

static int add(int fd, uint64_t key, uint32_t events, bool known)
{
    int err = control(known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, key, events);
    if (err == (known ? -ENOENT : -EEXIST))
        err = control(known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, key, events);
    return err;
}

int weft__poll_arm(int fd, uint64_t key, uint32_t events, bool known)
{
    return add(fd, key, events | EPOLLET | EPOLLONESHOT, known);
}

int weft__poll_watch(int fd, uint64_t key, bool known)
{
    return add(fd, key, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET, known);
}

void weft__poll_forget(int fd) { control(EPOLL_CTL_DEL, fd, 0, 0); }

static int wait_for(struct epoll_event *e, int n, int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    if (ns <= 0)
        return (int)syscall(SYS_epoll_pwait, set, e, n, ns < 0 ? -1 : 0, NULL, (size_t)8);
    if (!load_relaxed(&no_pwait2)) {
        int got = (int)syscall(SYS_epoll_pwait2, set, e, n, &t, NULL, (size_t)8);
        if (got >= 0 || errno != ENOSYS)
            return got;
        store_relaxed(&no_pwait2, true);
    }
    struct pollfd p = {.fd = set, .events = POLLIN};
    if (syscall(SYS_ppoll, &p, 1, &t, NULL, (size_t)8) < 0)
        return -1;
    return (int)syscall(SYS_epoll_pwait, set, e, n, 0, NULL, (size_t)8);
}

int weft__poll_wait(struct poll_event *out, int n, int64_t timeout_ns)
{
    struct epoll_event e[BATCH];
    int got = wait_for(e, n < BATCH ? n : BATCH, timeout_ns), count = 0;
    for (int i = 0; i < got; i++) {
        if (e[i].data.u64 != INTERRUPT_KEY) {
            out[count++] = (struct poll_event){e[i].data.u64, e[i].events};
            continue;
        }
        uint64_t value;
        if (timeout_ns != 0 && syscall(SYS_read, interrupt, &value, sizeof value) < 0)
            continue; /* somebody else's leftover */
    }
    return count;
}

void weft__poll_interrupt(void)
{
    uint64_t one = 1;
    if (syscall(SYS_write, interrupt, &one, sizeof one) < 0)
        return; /* so many are pending that one more makes no difference */
}
