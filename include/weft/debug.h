/* SPDX-License-Identifier: MIT */
/*
 * weft/debug.h - see what every goroutine is doing.
 *
 * SIGQUIT (Ctrl-\) prints all goroutines to standard error and ends the
 * program with status 2, as in Go.
 */
#ifndef WEFT_DEBUG_H
#define WEFT_DEBUG_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

/**
 * weft_dump - write every goroutine to a stream: what it waits for, for how
 * long, its stack, where it was created.  The program goes on.
 *
 * Call in: anywhere but a signal handler.
 */
WEFT_API void weft_dump(FILE *out);

WEFT_END_DECLS

#endif /* WEFT_DEBUG_H */
