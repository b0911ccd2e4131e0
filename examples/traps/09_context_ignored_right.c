/* SPDX-License-Identifier: MIT */
/*
 * Right: what waits takes a context, first, and hands it on to whatever waits for it.
 *
 * The deadline set at the top ends the wait at the bottom.
 */
#include <weft.h>

static int query_user(weft_ctx *ctx, int id)
{
    (void)id;
    return weft_sleep(ctx, WEFT_SECOND); /* a slow database */
}

static int fetch_user(weft_ctx *ctx, int id) { return query_user(ctx, id); }

static int handle(weft_ctx *ctx, int id)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, 50 * WEFT_MILLISECOND);
    return fetch_user(limited, id);
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
 * Run: weft run 09_context_ignored_right.c
 * Exit: 0
 * Prints:
 *     Connection timed out, in time
 */
