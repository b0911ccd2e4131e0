/* SPDX-License-Identifier: MIT */
/* A wild pointer in a goroutine: reported, and then the signal does what it would have done. */
#include <weft.h>

static volatile int *wild = (volatile int *)8;

static void crash(void) { *wild = 1; /* @crash */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("printed before");
    weft_go(crash); /* @go */
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
    return 0;
}
/*
 * exit: 139
 * stdout:
 *     printed before
 * stderr:
 *     fatal error: segmentation fault at address 0xX
 *
 *     goroutine N [running]:
 *     crash segfault.c:@crash
 *     created by weft_main segfault.c:@go in goroutine N
 *     ...
 */
