/* SPDX-License-Identifier: MIT */
/* An overrun of an array on a goroutine's stack. */
#include <string.h>
#include <weft.h>

WEFT_CHAN(gate, weft_unit);

static void overrun(gate *g, int n)
{
    char small[16];
    weft_recv(g, NULL);          /* it has been switched away from and back */
    memset(small, 1, (size_t)n); /* @overrun */
    printf("%d\n", small[3]);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(gate, g) = weft_make(gate, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, overrun, g, 17);
    weft_send(g, (weft_unit){});
    weft_wg_wait(&wg);
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * exit: 1
 * stderr:
 *     ...
 *     ==N==ERROR: AddressSanitizer: stack-buffer-overflow on address 0xX at pc 0xX bp 0xX sp 0xX
 *     WRITE of size 17 at 0xX thread TN
 *     ...
 */
