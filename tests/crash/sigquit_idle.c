/* SPDX-License-Identifier: MIT */
/* The same while nothing runs at all and no thread looks at anything. */
#include <unistd.h>
#include <weft.h>

static void blocked(int fd)
{
    char byte;
    if (read(fd, &byte, 1) < 0) /* @read */
        return;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    weft_wg wg = {0};
    weft_wg_go(&wg, blocked, ends[0]); /* @go */
    (void)weft_sleep(weft_background(), 50 * WEFT_MILLISECOND);
    puts("ready");
    fflush(stdout);
    weft_wg_wait(&wg); /* @wait */
    return 0;
}
/*
 * exit: 2
 * send: QUIT
 * stderr:
 *     SIGQUIT: quit
 *
 *     goroutine N "main" [wg wait]:
 *     weft_main sigquit_idle.c:@wait
 *
 *     goroutine N [running]:
 *     ...
 *     blocked sigquit_idle.c:@read
 *     created by weft_main sigquit_idle.c:@go in goroutine N
 */
