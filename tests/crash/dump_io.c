/* SPDX-License-Identifier: MIT */
/* What a dump says of goroutines that wait for the world outside. */
#include <stdlib.h>
#include <unistd.h>
#include <weft.h>

static int fd[2];

static void read_it(void)
{
    char c;
    weft_read(weft_background(), fd[0], &c, 1); /* @read */
}

static int block(void) { return pause(); }

static void call(void)
{
    weft_blocking(block); /* @call */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (pipe(fd) != 0 || dup2(fd[0], 77) != 77)
        return 1;
    fd[0] = 77;
    weft_go(read_it); /* @one */
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_go(call); /* @two */
    weft_test_until_waiting(1, WEFT_WAIT_BLOCKING);
    weft_dump(stdout); /* @dump */
    fflush(stdout);
    _exit(0);
}
/*
 * exit: 0
 * stdout:
 *
 *     goroutine N "main" [running]:
 *     weft_main dump_io.c:@dump
 *
 *     goroutine N [IO wait]:
 *     read_it dump_io.c:@read
 *             descriptor 77
 *     created by weft_main dump_io.c:@one in goroutine N
 *
 *     goroutine N [blocking call]:
 *     call dump_io.c:@call
 *     created by weft_main dump_io.c:@two in goroutine N
 * stderr:
 */
