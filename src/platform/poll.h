/* SPDX-License-Identifier: MIT */
/*
 * What an operating system must offer for waiting on many descriptors at once.
 * linux/epoll.c offers it by epoll; anything that can report a descriptor once
 * for each time it was asked to will do, io_uring's poll for example.
 *
 * There is one set of watched descriptors in the process.  Arming asks for one
 * report; after it the descriptor is silent until it is armed anew.  A
 * descriptor that is ready already when it is armed is reported at once, so
 * nothing is lost between a try that failed and the wait.  Watching asks for a
 * report of each change.  A closed descriptor is no longer in the set.
 *
 * Events are poll(2)'s: POLLIN, POLLOUT, POLLPRI, POLLRDHUP; POLLERR and
 * POLLHUP are always reported.
 *
 * Calls return 0 or a count, or a negative errno value.
 */
#ifndef WEFT_SRC_POLL_H
#define WEFT_SRC_POLL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct poll_event {
    uint64_t key; /* as given when it was armed */
    uint32_t events;
};

int weft__poll_open(void);
void weft__poll_close(void);

/*
 * weft__poll_arm - report @fd once, when one of @events is there, as @key.
 *
 * Replaces what was asked for before.  @known: it was armed earlier, as far as
 * the caller knows; being wrong costs a system call.  -EPERM: such descriptors
 * are always ready, as regular files are.
 */
int weft__poll_arm(int fd, uint64_t key, uint32_t events, bool known);
/* weft__poll_watch - report @fd each time that any event comes up, until it is
 * closed or forgotten; what is there already is reported at once. */
int weft__poll_watch(int fd, uint64_t key, bool known);
/* weft__poll_forget - watch it no longer; it is about to be closed. */
void weft__poll_forget(int fd);

/*
 * weft__poll_wait - up to @n reports; waits for the first no longer than
 * @timeout_ns (0: not at all; < 0: without limit).
 *
 * Any number of threads may ask without waiting, and one may wait;
 * weft__poll_interrupt() makes that one return, or the next that would wait.
 */
int weft__poll_wait(struct poll_event *out, int n, int64_t timeout_ns);
void weft__poll_interrupt(void);

#endif /* WEFT_SRC_POLL_H */
