/* SPDX-License-Identifier: MIT */
/*
 * Right: what holds a mutex is passed by pointer.
 *
 * So it is for every type of weft/sync.h. A struct of zero bytes, not used yet, may be copied.
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

static int value(struct counter *c)
{
    weft_scoped_lock(&c->mu);
    return c->n;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct counter c = {0};
    add(&c, 1);
    printf("%d\n", value(&c));
    return 0;
}

/*
 * Run: weft run 06_copied_mutex_right.c
 * Exit: 0
 * Prints:
 *     1
 */
