/* SPDX-License-Identifier: MIT */
/* Values with a lock in them: elements, members of members, arguments, returns. */
#include <stdlib.h>
#include <string.h>
#include <weft.h>

typedef struct {
    weft_mutex mu;
    char name[16];
} user;
typedef struct {
    user users[4];
    int count;
} table;
typedef struct node {
    struct node *next;
    weft_once once;
} node;

void element(table *t, user *out) { *out = t->users[t->count]; } //! copylock
user by_return(table *t) { return t->users[0]; } //! copylock
static int take(user u) { return u.name[0]; } //! copylock
int argument(table *t) { return take(t->users[1]); } //! copylock
void whole(table *a, const table *b) { memmove(a, b, sizeof *a); } //! copylock
node unlink_first(node *list) { node first = *list->next; return (node){.next = first.next}; } //! copylock
table *grow(table *t, size_t n) { return realloc(t, n * sizeof *t); } //! copylock
void swap(user *a, user *b) { user t = *a; memcpy(a->name, b->name, 16); memcpy(b->name, t.name, 16); } //! copylock
typedef struct { weft_sem slots; } pool;
void twin(pool *a, pool *b) { a->slots = b->slots; } //! copylock

user *find(table *t, int i) { return &t->users[i]; }
void rename_user(user *u, const char *name) { strncpy(u->name, name, sizeof u->name - 1); }
table *make(void) { return calloc(1, sizeof(table)); }
size_t size(table *t) { return sizeof t->users[0] + sizeof(user); }
void start_afresh(user *u) { *u = (user){.name = "new"}; }
user fresh(void) { return (user){.name = "x"}; }
void use_fresh(void) { user u = fresh(); rename_user(&u, "y"); }
static void ignore_it(table *t) { (void)t->users[0]; (void)*t; }
void call(table *t) { ignore_it(t); }
void names_only(user *a, user *b) { memcpy(a->name, b->name, sizeof a->name); }
node *next(node *n) { return n->next; }
void pointers(user **list, user **from, int n) { memcpy(list, from, (size_t)n * sizeof *list); }
