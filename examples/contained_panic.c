/* SPDX-License-Identifier: MIT */
/*
 * contained_panic - a server's rule: one bad request must not take the others down.
 *
 * weft_try() runs a function and returns its panic, or NULL.  On the way the panic runs what the
 * frames it leaves had deferred, so the lock is free again for the next request; no compiler flag
 * is needed for that.
 */
#include <weft.h>

static weft_mutex mu; /* guards served */
static int served;

static void handle(int request)
{
    weft_mutex_lock(&mu);
    weft_defer(weft_mutex_unlock, &mu);
    if (request == 2)
        weft_panic("request %d makes no sense", request);
    served++;
    printf("request %d: done\n", request);
}

static void serve(int request)
{
    weft_auto(weft_panic_info, p) = weft_try(handle, request);
    if (p)
        printf("request %d: %s\n", request, weft_panic_message(p));
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (int request = 1; request <= 3; request++) {
        weft_wg wg = {0};
        weft_wg_go(&wg, serve, request);
        weft_wg_wait(&wg);
    }
    printf("%d of 3 served\n", served);
    return 0;
}

/*
 * Prints:
 *     request 1: done
 *     request 2: request 2 makes no sense
 *     request 3: done
 *     2 of 3 served
 */
