/* SPDX-License-Identifier: MIT */
/* A mutex that was copied with the struct that holds it. */
#include <weft.h>

struct counter {
    weft_mutex mu;
    int n;
};

static int next(struct counter c)
{
    weft_scoped_lock(&c.mu); /* @copy */
    return ++c.n;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct counter c = {0};
    weft_mutex_lock(&c.mu); /* @original */
    weft_mutex_unlock(&c.mu);
    printf("%d\n", next(c)); /* @call */
    return 0;
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     panic: mutex was copied after its first use
 *     	the original was last locked at weft_main copied_mutex.c:@original
 *
 *     goroutine N "main" [running]:
 *     next copied_mutex.c:@copy
 *     weft_main copied_mutex.c:@call
 */
