/* SPDX-License-Identifier: MIT */
/* A contained panic that is raised again reports where it began. */
#include <weft.h>

static void fails(const char *what) { weft_panic("%s", what); /* @panic */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_panic_info *p = weft_try(fails, "kept"); /* @try */
    printf("contained %s\n", weft_panic_message(p));
    weft_panic_again(p);
}
/*
 * exit: 2
 * stdout:
 *     contained kept
 * stderr:
 *     panic: kept
 *
 *     goroutine N "main" [running]:
 *     fails panic_again.c:@panic
 *     weft_main panic_again.c:@try
 */
