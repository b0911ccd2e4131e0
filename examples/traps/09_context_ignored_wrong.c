/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a function that waits takes no context, so whoever calls it cannot stop it.
 *
 * The client gives its request 50 ms. The query takes a second, and nothing tells it that nobody
 * wants the answer any more.
 */
#include <weft.h>

static int query_user(weft_ctx *ctx, int id)
{
    (void)id;
    return weft_sleep(ctx, WEFT_SECOND); /* a slow database */
}

static int fetch_user(int id)
{
    return query_user(weft_background(), id); /* the caller's context ends here */
}

static int handle(weft_ctx *ctx, int id)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, 50 * WEFT_MILLISECOND);
    int err = fetch_user(id); /* limited goes nowhere */
    return err ? err : weft_ctx_err(limited);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_time start = weft_now();
    int err = handle(weft_background(), 7);
    printf("%s, %s\n", weft_strerror(err),
           weft_now() - start < WEFT_SECOND / 2 ? "in time" : "and far too late");
    return 0;
}

/*
 * Run: weft run 09_context_ignored_wrong.c
 * Exit: 0
 * Prints:
 *     Connection timed out, and far too late
 *
 * At run time weft has nothing to say: the program does what it was told. To find a function that
 * leaves out its caller's context is for weft vet, which is still to come.
 */
