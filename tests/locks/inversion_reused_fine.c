/* SPDX-License-Identifier: MIT */
/* New locks where others were: they have no past. */
#include <stdlib.h>
#include <string.h>
#include <weft.h>

struct pair {
    weft_mutex a, b;
    weft_rwmutex c;
};

static void use(struct pair *p, bool forth)
{
    weft_scoped_lock(forth ? &p->a : &p->b);
    weft_scoped_lock(forth ? &p->b : &p->a);
}

static void use_other(struct pair *p, bool forth)
{
    if (forth) {
        weft_scoped_lock(&p->a);
        weft_scoped_wlock(&p->c);
    } else {
        weft_scoped_rlock(&p->c);
        weft_scoped_lock(&p->a);
    }
}

static void on_the_stack(bool forth)
{
    struct pair p = {0};
    use(&p, forth);
    use_other(&p, forth);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct pair *p = malloc(sizeof *p);
    for (int i = 0; i < 1000; i++) {
        memset(p, 0, sizeof *p);
        use(p, i % 2);
        use_other(p, i % 2);
        on_the_stack(i % 2);
    }
    free(p);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 */
