/* SPDX-License-Identifier: MIT */
/* Memory that a goroutine lost is. */
#include <stdlib.h>
#include <weft.h>

static int *volatile last;

static void lose(void) { last = malloc(400); /* @lose */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 20; i++)
        weft_wg_go(&wg, lose);
    weft_wg_wait(&wg);
    last = NULL;
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * exit: 1
 * stderr:
 *     ...
 *     ==N==ERROR: LeakSanitizer: detected memory leaks
 *     ...
 */
