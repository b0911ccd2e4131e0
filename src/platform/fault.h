/* SPDX-License-Identifier: MIT */
/*
 * Failures on purpose: WEFT_FAULT=mmap=3,thread=2 makes the third mapping and
 * the second thread creation of the process fail, as they would when memory or
 * threads run out.  Only for tests of weft itself; each named call costs a
 * predictable branch.
 */
#ifndef WEFT_SRC_FAULT_H
#define WEFT_SRC_FAULT_H

#include <stdbool.h>

enum fault { FAULT_MMAP, FAULT_THREAD, FAULT_COMMIT, FAULT_GUARD, FAULT_KINDS };

extern bool weft__faults_on;
bool weft__fault_now(enum fault kind);
void weft__fault_init(void);

static inline bool weft__fault(enum fault kind)
{
    return __builtin_expect(weft__faults_on, 0) && weft__fault_now(kind);
}

#endif /* WEFT_SRC_FAULT_H */
