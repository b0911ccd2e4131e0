/* SPDX-License-Identifier: MIT */
/* Tests that handle memory wrongly, and one that does not. */
#include <stdlib.h>
#include <weft.h>

static void *volatile kept;

WEFT_TEST(uses_what_it_freed)
{
    kept = malloc(4);
    free(kept);
    *(volatile char *)kept = 1;
}

WEFT_TEST(forgets_memory)
{
    kept = malloc(40);
    kept = NULL;
}

WEFT_TEST(has_none)
{
    kept = malloc(40);
    free(kept);
}
