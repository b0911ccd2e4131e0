/* SPDX-License-Identifier: MIT */
/* A goroutine that was given a name has it in the report. */
#include <weft.h>

static int hits;

static void hit(void) { hits++; }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go_with((&(weft_go_opts){.name = "counter"}), hit); /* @named */
    while (weft_num_goroutine() > 1)
        weft_yield();
    hits++;
    return 0;
}

/*
 * flags: -race
 * cc: gcc clang
 * exit: 66
 * stderr:
 *     ...
 *       Thread TN 'goroutine N "main"' (tid=N) created by main thread at:
 *     ...
 *       Thread TN 'goroutine N "counter" created at race_named.c:@named' (tid=N) created by thread TN at:
 *     ...
 */
