/* SPDX-License-Identifier: MIT */
/* Memory that one goroutine freed and another uses. */
#include <stdlib.h>
#include <weft.h>

static void use(int *n) { printf("%d\n", *n); /* @use */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    int *n = malloc(sizeof *n);
    *n = 1;
    free(n); /* @free */
    weft_wg_go(&wg, use, n);
    weft_wg_wait(&wg);
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * exit: 1
 * stderr:
 *     ...
 *     ==N==ERROR: AddressSanitizer: heap-use-after-free on address 0xX at pc 0xX bp 0xX sp 0xX
 *     READ of size 4 at 0xX thread TN
 *     ...
 *     freed by thread TN here:
 *     ...
 */
