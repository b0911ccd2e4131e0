/* SPDX-License-Identifier: MIT */
/* Data with a lock, declared and not: other fields, makers, callers that hold it, other locks. */
#include <stdlib.h>
#include <weft.h>

struct account {
    weft_mutex mu;
    long balance WEFT_GUARDED_BY(mu);
    int id;
};
void deposit(struct account *a, long n) { weft_scoped_lock(&a->mu); a->balance += n; }
long peek(struct account *a) { return a->balance; } //! guardedby
int identity(struct account *a) { return a->id; }
static void add_locked(struct account *a, long n) WEFT_REQUIRES(&a->mu);
static void add_locked(struct account *a, long n) { a->balance += n; }
void twice(struct account *a, long n) { weft_scoped_lock(&a->mu); add_locked(a, n); add_locked(a, n); }
void without(struct account *a, long n) { add_locked(a, n); } //! guardedby
static void helper(struct account *a) { a->balance = 0; }
void clear(struct account *a) { weft_scoped_lock(&a->mu); helper(a); }
struct account *account_new(long n)
{
    struct account *a = calloc(1, sizeof *a);
    if (a)
        a->balance = n;
    return a;
}

static weft_mutex table_mu;
static int table[16], entries;
void add(int v) { weft_scoped_lock(&table_mu); table[entries++] = v; }
int last(void) { weft_scoped_lock(&table_mu); return table[entries - 1]; }
void drop(void) { weft_mutex_lock(&table_mu); entries--; weft_mutex_unlock(&table_mu); }
int count(void) { return entries; } //! guardedby

static weft_rwmutex rw;
static long hits WEFT_GUARDED_BY(rw);
void hit(void) { weft_scoped_wlock(&rw); hits++; }
long get_hits(void) { weft_scoped_rlock(&rw); return hits; }
void spoil(void) { hits = 0; } //! guardedby

static weft_mutex mu;
static long total;
static void locked(long n) { weft_scoped_lock(&mu); total += n; }
static void careless(long n) { total += n; } //! guardedby
long sum(int n)
{
    weft_wg wg = {0};
    for (int i = 0; i < n; i++)
        weft_wg_go(&wg, locked, i);
    weft_wg_go(&wg, careless, n);
    weft_wg_wait(&wg);
    return total;
}

struct two {
    weft_mutex a, b;
    int n;
};
void under_a(struct two *t) { weft_scoped_lock(&t->a); t->n++; }
void under_b(struct two *t) { weft_scoped_lock(&t->b); t->n++; }
void also_a(struct two *t) { weft_scoped_lock(&t->a); t->n--; }
