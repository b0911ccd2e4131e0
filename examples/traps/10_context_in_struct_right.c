/* SPDX-License-Identifier: MIT */
/*
 * Right: each call is given the context of the request that it works for.
 *
 * The struct holds what belongs to the service: connections, settings.
 */
#include <weft.h>

struct service {
    int served;
};

static int fetch(weft_ctx *ctx, struct service *s, int id)
{
    (void)id;
    int err = weft_sleep(ctx, WEFT_MILLISECOND);
    s->served += err == 0;
    return err;
}

static void serve(struct service *s, int id)
{
    weft_auto(weft_ctx, request) = weft_ctx_with_timeout(weft_background(), 10 * WEFT_SECOND);
    int err = fetch(request, s, id);
    printf("request %d: %s\n", id, err ? weft_strerror(err) : "served");
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct service s = {0};
    serve(&s, 1);
    serve(&s, 2);
    return 0;
}

/*
 * Run: weft run 10_context_in_struct_right.c
 * Exit: 0
 * Prints:
 *     request 1: served
 *     request 2: served
 */
