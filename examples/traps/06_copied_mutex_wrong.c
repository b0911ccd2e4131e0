/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a struct that holds a mutex is passed by value.
 *
 * The copy has a mutex of its own, in whatever state the original's was: it guards nothing that the
 * original guards, and a copy of a locked one would never be unlocked.
 */
#include <weft.h>

struct counter {
    weft_mutex mu;
    int n;
};

static void add(struct counter *c, int n)
{
    weft_scoped_lock(&c->mu);
    c->n += n;
}

static int value(struct counter c) /* by value: copies the mutex */
{
    weft_scoped_lock(&c.mu);
    return c.n;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct counter c = {0};
    add(&c, 1);
    printf("%d\n", value(c));
    return 0;
}

/*
 * Run: weft run 06_copied_mutex_wrong.c
 * Exit: 2
 * weft says:
 *     panic: mutex was copied after its first use
 *             the original was last locked at add 06_copied_mutex_wrong.c:17
 *
 *     goroutine 1 "main" [running]:
 *     value 06_copied_mutex_wrong.c:23
 *     weft_main 06_copied_mutex_wrong.c:32
 */
