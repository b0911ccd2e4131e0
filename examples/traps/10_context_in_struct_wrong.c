/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a service keeps a context in its struct.
 *
 * A context belongs to one request. The one that the first request left behind has ended when the
 * second comes, and its memory is gone too.
 */
#include <weft.h>

struct service {
    weft_ctx *ctx; /* whose? */
};

static int fetch(struct service *s, int id)
{
    (void)id;
    return weft_sleep(s->ctx, WEFT_MILLISECOND);
}

static void serve(struct service *s, int id)
{
    weft_auto(weft_ctx, request) = weft_ctx_with_timeout(weft_background(), 10 * WEFT_SECOND);
    if (!s->ctx)
        s->ctx = request;
    int err = fetch(s, id);
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
 * Run: weft run 10_context_in_struct_wrong.c
 * Exit: 2
 * Prints:
 *     request 1: served
 * weft says:
 *     panic: use of a context after its last reference was dropped
 *             it was dropped at serve 10_context_in_struct_wrong.c:22
 *
 *     goroutine 1 "main" [running]:
 *     fetch 10_context_in_struct_wrong.c:17
 *     serve 10_context_in_struct_wrong.c:25
 *     weft_main 10_context_in_struct_wrong.c:34
 * clang says:
 *     panic: use of a context after its last reference was dropped
 *             it was dropped at serve 10_context_in_struct_wrong.c:27
 *
 *     goroutine 1 "main" [running]:
 *     fetch 10_context_in_struct_wrong.c:17
 *     serve 10_context_in_struct_wrong.c:25
 *     weft_main 10_context_in_struct_wrong.c:34
 *
 * Had the struct kept a reference of its own, with weft_ctx_ref(), every request after the first
 * would be "Operation canceled" and weft would say nothing. To find the field itself is for weft
 * vet, which is still to come.
 */
