/* SPDX-License-Identifier: MIT */
/* Unlocked twice. */
#include <weft.h>
struct s { weft_mutex mu; weft_rwmutex rw; int n; };

void scoped_and_by_hand(struct s *s)
{
    weft_scoped_lock(&s->mu);
    s->n++;
    weft_mutex_unlock(&s->mu);
} //! unlockunheld
int error_path(struct s *s, int x)
{
    weft_mutex_lock(&s->mu);
    if (x) {
        weft_mutex_unlock(&s->mu);
        puts("error");
    }
    weft_mutex_unlock(&s->mu); //! unlockunheld
    return x;
}
void reader(struct s *s)
{
    weft_rwmutex_rlock(&s->rw);
    int n = s->n;
    weft_rwmutex_runlock(&s->rw);
    printf("%d\n", n);
    weft_rwmutex_runlock(&s->rw); //! unlockunheld
}

int each_way(struct s *s, int x)
{
    weft_mutex_lock(&s->mu);
    if (x) {
        weft_mutex_unlock(&s->mu);
        return -1;
    }
    s->n++;
    weft_mutex_unlock(&s->mu);
    return 0;
}
void again(struct s *s) { for (int i = 0; i < 3; i++) { weft_mutex_lock(&s->mu); s->n++; weft_mutex_unlock(&s->mu); } }
void for_the_caller(struct s *s) { s->n++; weft_mutex_unlock(&s->mu); }
void nested(struct s *s, struct s *t) { weft_scoped_lock(&s->mu); weft_scoped_lock(&t->mu); s->n = t->n; }
