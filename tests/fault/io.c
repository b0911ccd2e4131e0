/* SPDX-License-Identifier: MIT */
/*
 * Waits for descriptors, and calls on the blocking pool.  A wait that could not
 * be had is tried once more, and later ones must not suffer.
 */
#include "fault.h"

enum { PIPES = 4, ROUNDS = 5 };

static int pipes[PIPES][2];

static int read_one(int i, char *c)
{
    int r = (int)weft_read(weft_background(), pipes[i][0], c, 1);
    if (r < 0)
        r = (int)weft_read(weft_background(), pipes[i][0], c, 1);
    return r;
}

static int reader(int i)
{
    char c;
    for (int k = 0; k < ROUNDS; k++) {
        int r = read_one(i, &c);
        if (r < 0)
            return r;
        REQUIRE(r == 1 && c == 'a' + k);
    }
    return 0;
}

static ssize_t write_one(int i, int k)
{
    char c = (char)('a' + k);
    return write(pipes[i][1], &c, 1);
}

static int writer(int i)
{
    for (int k = 0; k < ROUNDS; k++)
        REQUIRE(weft_blocking(write_one, i, k) == 1);
    return 0;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(weft_group, g) = weft_group_new(weft_background());
    for (int i = 0; i < PIPES; i++) {
        REQUIRE(pipe(pipes[i]) == 0);
        weft_group_go(g, reader, i);
    }
    weft_sleep(weft_background(), WEFT_MILLISECOND);
    for (int i = 0; i < PIPES; i++)
        weft_group_go(g, writer, i);
    int err = weft_group_wait(g);
    if (err != 0) {
        fprintf(stderr, "weft_read: %s\n", weft_strerror(err));
        return 3;
    }
    puts("ok");
    return 0;
}
