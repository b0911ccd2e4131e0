/* SPDX-License-Identifier: MIT */
/*
 * Failures on purpose: WEFT_FAULT=mmap=3,thread=2+ makes the third mapping of
 * the process fail and every thread creation from the second on, as they would
 * when memory or threads run out.  The kinds are mmap, thread, commit, guard,
 * epoll, eventfd, pidfd and fiber, which a race detector makes for a goroutine;
 * a plus sign means that it goes on failing.  The first failure of a kind is
 * said on standard error, so that a test knows whether it got that far.
 *
 * Only for tests of weft itself; each named call costs a predictable branch.
 */
#ifndef WEFT_SRC_FAULT_H
#define WEFT_SRC_FAULT_H

#include <stdbool.h>

enum fault {
    FAULT_MMAP,
    FAULT_THREAD,
    FAULT_COMMIT,
    FAULT_GUARD,
    FAULT_EPOLL,
    FAULT_EVENTFD,
    FAULT_PIDFD,
    FAULT_FIBER,
    FAULT_KINDS
};

extern bool weft__faults_on;
bool weft__fault_now(enum fault kind);
/* weft__fault_init - read WEFT_FAULT, once; what it does not understand ends the process. */
void weft__fault_init(void);

static inline bool weft__fault(enum fault kind)
{
    return __builtin_expect(weft__faults_on, 0) && weft__fault_now(kind);
}

#endif /* WEFT_SRC_FAULT_H */
