/* SPDX-License-Identifier: MIT */
/*
 * Wrong: with a wait group, the error of one goroutine stops nobody else.
 *
 * The second of four fetches fails at once. The others go on to the end for a result that is thrown
 * away. And an error variable that they share has to be guarded by hand.
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

struct fetches {
    weft_mutex mu;
    int err; /* guarded by mu */
};

static void fetch(weft_ctx *ctx, struct fetches *f, int id)
{
    int err = fetch_user(ctx, id);
    weft_scoped_lock(&f->mu);
    if (err && !f->err)
        f->err = err;
}

static int fetch_all(weft_ctx *ctx, int n)
{
    struct fetches f = {0};
    weft_wg wg = {0};
    for (int id = 1; id <= n; id++)
        weft_wg_go(&wg, fetch, ctx, &f, id);
    weft_wg_wait(&wg);
    return f.err;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int err = fetch_all(weft_background(), 4);
    printf("%s; %d others ran to the end\n", weft_strerror(err), finished);
    return 0;
}

/*
 * Run: weft run 14_errors_and_siblings_wrong.c
 * Exit: 0
 * Prints:
 *     No such file or directory; 3 others ran to the end
 *
 * At run time weft has nothing to say, and neither will weft vet: it may be what was meant.
 */
