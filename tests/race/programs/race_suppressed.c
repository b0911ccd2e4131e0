/* SPDX-License-Identifier: MIT */
/* A file of suppressions, named by WEFT_RACE, keeps a known race quiet. */
#include <weft.h>

static int hits;

static void known(void) { hits++; }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, known);
    weft_wg_go(&wg, known);
    weft_wg_wait(&wg);
    return 0;
}

/*
 * flags: -race
 * cc: gcc clang
 * env: WEFT_RACE=suppressions=suppressed.supp
 * exit: 0
 */
