/* SPDX-License-Identifier: MIT */
/* Orders of locks: fields, through callees, reader locks, and what keeps others out. */
#include <weft.h>

struct account { weft_mutex mu; long n; };
struct bank { weft_mutex mu; weft_rwmutex index; struct account *list[4]; };
struct cache { weft_mutex mu; int n; };

void audit(struct bank *b) { weft_scoped_lock(&b->mu); weft_scoped_lock(&b->list[0]->mu); b->list[0]->n++; }
void move(struct bank *b, struct account *a) { weft_scoped_lock(&a->mu); weft_scoped_lock(&b->mu); a->n--; } //! lockorder

static struct cache cache;
static void drop(void) { weft_scoped_lock(&cache.mu); cache.n--; }
static void deep_drop(void) { drop(); }
void refresh(struct bank *b) { weft_scoped_wlock(&b->index); deep_drop(); }
void rebuild(struct bank *b)
{
    weft_mutex_lock(&cache.mu);
    weft_rwmutex_rlock(&b->index); //! lockorder
    cache.n++;
    weft_rwmutex_runlock(&b->index);
    weft_mutex_unlock(&cache.mu);
}

static weft_mutex first, second;
static int n;
void forth(void) { weft_mutex_lock(&first); weft_mutex_lock(&second); n++; weft_mutex_unlock(&second); weft_mutex_unlock(&first); }
void back(weft_ctx *ctx)
{
    weft_scoped_lock(&second);
    if (weft_mutex_lock_ctx(ctx, &first) == 0) { //! lockorder
        n--;
        weft_mutex_unlock(&first);
    }
}

static weft_mutex gate, left, right;
static int m;
void gated(void) { weft_scoped_lock(&gate); weft_scoped_lock(&left); weft_scoped_lock(&right); m++; }
void gated_too(void) { weft_scoped_lock(&gate); weft_scoped_lock(&right); weft_scoped_lock(&left); m++; }
struct pair { weft_mutex a, b; int n; };
void same_order(struct pair *p) { weft_scoped_lock(&p->a); weft_scoped_lock(&p->b); p->n++; }
void again(struct pair *p) { weft_scoped_lock(&p->a); { weft_scoped_lock(&p->b); p->n--; } p->n++; }
void one_after_other(struct pair *p) { { weft_scoped_lock(&p->b); p->n++; } weft_scoped_lock(&p->a); p->n++; }
void tries(struct pair *p)
{
    weft_scoped_lock(&p->b);
    if (weft_mutex_try_lock(&p->a)) {
        p->n++;
        weft_mutex_unlock(&p->a);
    }
}
void two_of_a_kind(struct account *a, struct account *b)
{
    struct account *x = a < b ? a : b, *y = a < b ? b : a;
    weft_scoped_lock(&x->mu);
    weft_scoped_lock(&y->mu);
    x->n += y->n;
}
