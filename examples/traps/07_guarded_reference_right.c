/* SPDX-License-Identifier: MIT */
/*
 * Right: what leaves the lock is a copy.
 *
 * The caller brings the room for it, so that nothing must be freed.
 */
#include <weft.h>

#include <string.h>

struct store {
    weft_mutex mu;
    int n;
    int items[100]; /* guarded by mu */
};

static void add(struct store *s, int item)
{
    weft_scoped_lock(&s->mu);
    s->items[s->n++] = item;
}

static void double_all(struct store *s)
{
    weft_scoped_lock(&s->mu);
    for (int i = 0; i < s->n; i++)
        s->items[i] *= 2;
}

static int get_all(struct store *s, int items[100])
{
    weft_scoped_lock(&s->mu);
    memcpy(items, s->items, (size_t)s->n * sizeof *items);
    return s->n;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static struct store s;
    weft_wg wg = {0};
    for (int i = 1; i <= 100; i++)
        add(&s, i);

    int items[100], sum = 0;
    int n = get_all(&s, items); /* 1 to 100 */
    weft_wg_go(&wg, double_all, &s);
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    for (int i = 0; i < n; i++)
        sum += items[i];
    weft_wg_wait(&wg);
    printf("sum %d\n", sum);
    return 0;
}

/*
 * Run: weft run -race 07_guarded_reference_right.c
 * Exit: 0
 * Prints:
 *     sum 5050
 */
