/* SPDX-License-Identifier: MIT */
/* Waits for descriptors and blocking calls are no deadlock, and once they are over it is found. */
#include <unistd.h>
#include <weft.h>

WEFT_CHAN(unit_chan, weft_unit);

static int pipe_ends[2];

static int write_later(void)
{
    usleep(50 * 1000);
    return write(pipe_ends[1], "x", 1) == 1 ? usleep(50 * 1000) : -1;
}

static void read_it(unit_chan_rx *never)
{
    char c;
    if (weft_read(weft_background(), pipe_ends[0], &c, 1) != 1)
        weft_panic("nothing came");
    weft_recv(never, NULL); /* @read */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    unit_chan *never = weft_make(unit_chan, 0); /* @made */
    if (pipe(pipe_ends) != 0)
        return 1;
    weft_go(read_it, weft_rx(never)); /* @go */
    if (weft_blocking(write_later) != 0)
        return 1;
    weft_recv(never, NULL); /* @wait */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [chan receive]:
 *     weft_main deadlock_after_io.c:@wait
 *             channel made at weft_main deadlock_after_io.c:@made, capacity 0
 *
 *     goroutine N [chan receive]:
 *     read_it deadlock_after_io.c:@read
 *             channel made at weft_main deadlock_after_io.c:@made, capacity 0
 *     created by weft_main deadlock_after_io.c:@go in goroutine N
 */
