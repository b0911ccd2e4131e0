/* SPDX-License-Identifier: MIT */
/* Memory that only a goroutine which still waits holds is not lost. */
#include <stdlib.h>
#include <weft.h>

WEFT_CHAN(gate, weft_unit);

static void hold(gate *g)
{
    int *volatile mine = malloc(400);
    *mine = 1;
    weft_recv(g, NULL);
    free(mine);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static gate *g;
    g = weft_make(gate, 0);
    for (int i = 0; i < 20; i++)
        weft_go(hold, g);
    weft_test_until_waiting(20, WEFT_WAIT_CHAN_RECV);
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * env: WEFT_LEAKS=off
 * exit: 0
 * stderr:
 */
