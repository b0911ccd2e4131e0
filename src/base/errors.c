/* SPDX-License-Identifier: MIT */
/* errno made safe for goroutines, the texts of errors, the version. */
#define _GNU_SOURCE
#include <string.h>

#include "base/atomic.h"
#include "weft/base.h"

/*
 * libc's getter, which its own header declares const: here it is called anew
 * for each use, and returns the current thread's.
 */
noinline int *weft_impl_errno(void)
{
    __asm__ volatile("" ::: "memory");
    return __errno_location();
}

const char *weft_version(void) { return WEFT_VERSION; }

const char *weft_strerror(int err)
{
    const char *text = strerrordesc_np(err < 0 ? -err : err);
    return text ? text : "unknown error";
}
