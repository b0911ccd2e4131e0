/* SPDX-License-Identifier: MIT */
/* Valgrind has nothing to say about stacks that are switched, used again, and left by panics. */
#include <stdlib.h>
#include <string.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);

static int deep(int n)
{
    char local[2000];
    memset(local, n, sizeof local);
    return n > 0 ? deep(n - 1) : local[5];
}

static void work(int_chan *c, int i)
{
    int *mine = malloc(sizeof *mine);
    *mine = i + deep(20);
    weft_send(c, *mine);
    weft_yield();
    free(mine);
}

static void fail(void)
{
    if (deep(5) == 0)
        weft_panic("as planned");
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    int sum = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++)
            weft_wg_go(&wg, work, c, i);
        for (int i = 0; i < 50; i++) {
            int v;
            weft_recv(c, &v);
            sum += v;
        }
        weft_wg_wait(&wg);
        weft_panic_info_free(weft_try(fail));
    }
    weft_go_with((&(weft_go_opts){.stack_size = 1 << 20}), work, c, 0);
    weft_recv(c, NULL);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
    weft_sleep(ctx, WEFT_MINUTE);
    printf("%d\n", sum);
    return 0;
}

/*
 * run: valgrind --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
 * exit: 0
 * stdout:
 *     3675
 * stderr:
 *     ...
 *     ==N== ERROR SUMMARY: 0 errors from 0 contexts (suppressed: 0 from 0)
 */
