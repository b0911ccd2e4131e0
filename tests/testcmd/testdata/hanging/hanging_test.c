/* SPDX-License-Identifier: MIT */
/* Tests that come to no end: their goroutines are shown, and the next one runs. */
#include <weft.h>

static void sleeps(void) { (void)weft_sleep(weft_background(), WEFT_HOUR); }

WEFT_TEST(takes_too_long)
{
    weft_go(sleeps);
    sleeps();
}

static void computes(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

WEFT_TEST(computes_for_ever) { computes(); }
