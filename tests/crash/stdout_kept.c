/* SPDX-License-Identifier: MIT */
/* What a program has printed into a pipe or a file is not lost when a report ends it. */
#include <weft.h>

static void fails(void) { weft_panic("end"); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (int i = 1; i <= 3; i++)
        printf("line %d\n", i);
    printf("and no newline");
    weft_go(fails);
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     line 1
 *     line 2
 *     line 3
 *     and no newline
 * stderr:
 *     panic: end
 *     ...
 */
