/* SPDX-License-Identifier: MIT */
/* weft_run is called "one call at a time", and outside goroutines: anything else panics. */
#include <weft.h>

static int inner(void) { return 1; }
static int outer(void) { return weft_run(inner); /* @run */ }

int main(void) { return weft_run(outer); }
/*
 * exit: 2
 * stderr:
 *     panic: weft_run: the runtime is running already
 *
 *     goroutine N "main" [running]:
 *     outer run_in_run.c:@run
 *     ...
 */
