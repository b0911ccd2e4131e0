/* SPDX-License-Identifier: MIT */
/*
 * weft.h - Go's concurrency for C: everything in one line.
 *
 *     #include <weft.h>
 *
 *     WEFT_CHAN(int_chan, int);
 *
 *     static void square(int_chan_tx *out, int n) { weft_send(out, n * n); }
 *
 *     int weft_main(int argc, char **argv)
 *     {
 *         (void)argc, (void)argv;
 *         weft_auto(int_chan, c) = weft_make(int_chan, 0);
 *         weft_go(square, weft_tx(c), 12);
 *         int v;
 *         weft_recv(c, &v);
 *         printf("%d\n", v);
 *         return 0;
 *     }
 *
 * Each header under weft/ holds one idea and is its manual.
 */
#ifndef WEFT_H
#define WEFT_H

#include "weft/base.h"
#include "weft/annotate.h"
#include "weft/panic.h"
#include "weft/go.h"
#include "weft/chan.h"
#include "weft/time.h"
#include "weft/context.h"
#include "weft/select.h"
#include "weft/sync.h"
#include "weft/group.h"
#include "weft/flight.h"
#include "weft/io.h"
#include "weft/net.h"
#include "weft/blocking.h"
#include "weft/signal.h"
#include "weft/exec.h"
#include "weft/debug.h"
#include "weft/test.h"

#endif /* WEFT_H */
