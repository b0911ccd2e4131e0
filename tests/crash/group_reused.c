/* SPDX-License-Identifier: MIT */
/* A group takes no members after it was waited for. */
#include <weft.h>

static int work(void) { return 0; }

static void more(weft_group *g) { weft_group_go(g, work); /* @more */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    weft_group_go(g, work);
    int err = weft_group_wait(g); /* @wait */
    more(g);                      /* @call */
    return err;
}
/*
 * exit: 2
 * stderr:
 *     panic: weft_group_go: the group is over
 *     	it was waited for at weft_main group_reused.c:@wait
 *
 *     goroutine N "main" [running]:
 *     more group_reused.c:@more
 *     weft_main group_reused.c:@call
 */
