/* SPDX-License-Identifier: MIT */
/*
 * Right: the members of a group stop when one of them fails.
 *
 * Each is given the group's context, which the first error ends, and weft_group_wait() returns that
 * error. The end of the scope waits for the members, so what they point to stays alive.
 */
#include <weft.h>

#include <stdatomic.h>

static atomic_int finished;

static int fetch_user(weft_ctx *ctx, int id)
{
    if (id == 2)
        return -ENOENT;
    int err = weft_sleep(ctx, 100 * WEFT_MILLISECOND);
    if (!err)
        atomic_fetch_add(&finished, 1);
    return err;
}

static int fetch_all(weft_ctx *ctx, int n)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int id = 1; id <= n; id++)
        weft_group_go(g, fetch_user, weft_group_ctx(g), id);
    return weft_group_wait(g);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int err = fetch_all(weft_background(), 4);
    printf("%s; %d others ran to the end\n", weft_strerror(err), finished);
    return 0;
}

/*
 * Run: weft run 14_errors_and_siblings_right.c
 * Exit: 0
 * Prints:
 *     No such file or directory; 0 others ran to the end
 */
