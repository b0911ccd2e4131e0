/* SPDX-License-Identifier: MIT */
/* Between the files of this folder. */
#ifndef WEFT_SRC_IO_IMPL_H
#define WEFT_SRC_IO_IMPL_H

#include <stdint.h>
#include <sys/types.h>

#include "weft/base.h"

/*
 * weft__fd_wait - wait until @fd, in the life that weft__fd_life() told before
 * it was tried, is ready for one of @events; the events, or an error.  -EPERM:
 * this kind is always ready.  -EAGAIN: an owned one may be ready, to be tried
 * again.  @pc: the user's call.
 */
int weft__fd_wait(weft_ctx *ctx, int fd, uint32_t life, uint32_t events, uintptr_t pc);

/* weft__blocking - weft_blocking() for a call made at @pc. */
uintptr_t weft__blocking(uintptr_t pc, weft_impl_fn fn, unsigned n, const uintptr_t *args);

/* weft__is_nonblocking - 1, 0, or a negative errno value. */
int weft__is_nonblocking(int fd);

#endif /* WEFT_SRC_IO_IMPL_H */
