/* SPDX-License-Identifier: MIT */
/* Pointers that lead past a lock: elements, members, one of two ways, out of a global. */
#include <weft.h>

struct config {
    int port;
    char host[32];
};
struct store {
    weft_mutex mu;
    weft_rwmutex rw;
    int items[8], n;
    struct config config;
    struct config *list;
};

char *host(struct store *s) { weft_scoped_lock(&s->mu); return s->config.host; } //! guardescape
struct config *config(struct store *s) { weft_scoped_rlock(&s->rw); return &s->config; } //! guardescape
int *find(struct store *s, int what)
{
    weft_scoped_lock(&s->mu);
    for (int i = 0; i < s->n; i++)
        if (s->items[i] == what)
            return &s->items[i]; //! guardescape
    return NULL;
}
int *by_hand(struct store *s, int i)
{
    weft_mutex_lock(&s->mu);
    int *p = &s->items[i]; //! guardescape
    weft_mutex_unlock(&s->mu);
    return p;
}

int value(struct store *s, int i) { weft_scoped_lock(&s->mu); return s->items[i]; }
struct config copy(struct store *s) { weft_scoped_lock(&s->mu); return s->config; }
struct store *itself(struct store *s) { weft_scoped_lock(&s->mu); s->n++; return s; }
struct config *elsewhere(struct store *s) { weft_scoped_lock(&s->mu); return s->list; }
int *unlocked(struct store *s) { return s->items; }
int *item_lock(struct store *s, int i) { weft_mutex_lock(&s->mu); return &s->items[i]; }
void item_unlock(struct store *s) { weft_mutex_unlock(&s->mu); }
const char *constant(struct store *s) { weft_scoped_lock(&s->mu); return s->n ? "some" : "none"; }
