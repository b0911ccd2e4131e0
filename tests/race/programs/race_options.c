/* SPDX-License-Identifier: MIT */
/* WEFT_RACE hands options on to the sanitizer. */
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
 * env: WEFT_RACE=exitcode=5
 * exit: 5
 */
