/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a function locks, and returns a pointer to what the lock guards.
 *
 * The lock is free again when the function has returned, and only then the caller reads.
 */
#include <weft.h>

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

static const int *get_all(struct store *s, int *n)
{
    weft_scoped_lock(&s->mu);
    *n = s->n;
    return s->items; /* leads past the lock */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static struct store s;
    weft_wg wg = {0};
    for (int i = 1; i <= 100; i++)
        add(&s, i);

    int n, sum = 0;
    const int *items = get_all(&s, &n); /* 1 to 100 */
    weft_wg_go(&wg, double_all, &s);
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    for (int i = 0; i < n; i++)
        sum += items[i]; /* whatever they are by now */
    weft_wg_wait(&wg);
    printf("sum %d\n", sum);
    return 0;
}

/*
 * Run: weft run -race 07_guarded_reference_wrong.c
 * Exit: 66
 * Prints:
 *     sum 10100
 * weft says:
 *     ==================
 *     WARNING: ThreadSanitizer: data race (pid=...)
 *       ... of size 4 at 0x... by thread T...:
 *         #0 weft_main .../07_guarded_reference_wrong.c:48...
 *     ...
 *       Previous write of size 4 at 0x... by thread T...:
 *         #0 double_all .../07_guarded_reference_wrong.c:25...
 *     ...
 *       Thread T... 'goroutine 65 created at 07_guarded_reference_wrong.c:45' ...
 *     ...
 *     SUMMARY: ThreadSanitizer: data race .../07_guarded_reference_wrong.c:48... in weft_main
 *     ...
 */
