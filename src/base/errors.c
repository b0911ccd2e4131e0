/* SPDX-License-Identifier: MIT */
/* errno made safe for goroutines, the texts of errors, the version. */
#define _GNU_SOURCE
#include <string.h>

#include "sanitize/sanitize.h"
#include "weft/base.h"

/*
 * libc's getter, which its own header declares const: here it is called anew
 * for each use, and returns the current thread's.  Goroutines that use errno on
 * the same thread do so one after the other, which a race detector must be told.
 */
noinline int *weft_impl_errno(void)
{
    __asm__ volatile("" ::: "memory");
    int *at = __errno_location();
    hb_acquire(at);
    hb_release(at);
    return at;
}

const char *weft_version(void) { return WEFT_VERSION; }

const char *weft_strerror(int err)
{
    const char *text = strerrordesc_np(err < 0 ? -err : err);
    return text ? text : "unknown error";
}
