/* SPDX-License-Identifier: MIT */
/* A test with a data race, and one without. */
#include <weft.h>

static int hits;

static void hit(void) { hits++; }

WEFT_TEST(races)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, hit);
    weft_wg_go(&wg, hit);
    weft_wg_wait(&wg);
}

WEFT_TEST(has_none)
{
    for (int i = 0; i < 2; i++) {
        weft_wg wg = {0};
        weft_wg_go(&wg, hit);
        weft_wg_wait(&wg);
    }
    weft_check(hits == 2);
}
