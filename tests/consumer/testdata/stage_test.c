/* SPDX-License-Identifier: MIT */
/* A user's file of tests: one that passes and one that must fail. */
#include <weft.h>

#include "stage.h"

WEFT_TEST(adds_up)
{
    weft_check(add_up(0), ==, 0);
    weft_check(add_up(100), ==, 5050);
}

WEFT_TEST(fails) { weft_check(add_up(2), ==, 4); }
