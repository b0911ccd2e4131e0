/* SPDX-License-Identifier: MIT */
#include <weft.h>
static void bad(weft_wg *wg, int fd) { if (fd < 0) return; weft_yield(); weft_wg_done(wg); } //! wgdone
static void good(weft_wg *wg, int fd) { weft_defer(weft_wg_done, wg); if (fd < 0) return; weft_yield(); }
void f(weft_wg *wg, int fd) { weft_wg_add(wg, 2); weft_go(bad, wg, fd); weft_go(good, wg, fd); weft_wg_wait(wg); }
