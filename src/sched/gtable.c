/* SPDX-License-Identifier: MIT */
/* The table of goroutine records: a reservation that is committed as it fills. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/lock.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/g.h"

enum { COMMIT_RECORDS = 16384 };
#define MAX_RECORDS ((size_t)16 << 20)
#define MIN_RECORDS ((size_t)64 << 10)

/* lock guards: all but base, which is fixed; used is also read without it. */
static struct {
    struct lock lock;
    struct g *base;
    size_t used, committed, limit;
} table;

static bool commit_more(void)
{
    struct g *at = table.base + table.committed;
    if (table.committed == table.limit ||
        weft__mem_commit(at, COMMIT_RECORDS * sizeof(struct g)) != 0)
        return false;
    weft__san_root(at, COMMIT_RECORDS * sizeof(struct g));
    table.committed += COMMIT_RECORDS;
    return true;
}

int weft__gtable_init(void)
{
    for (table.limit = MAX_RECORDS; table.limit >= MIN_RECORDS; table.limit /= 2)
        if ((table.base = weft__mem_reserve(table.limit * sizeof(struct g), "weft goroutines")))
            break;
    /* The first goroutine is certain to get a record: only now can we still say no. */
    if (table.base && commit_more())
        return 0;
    weft__gtable_fini();
    return -ENOMEM;
}

void weft__gtable_fini(void)
{
    if (!table.base)
        return;
    for (size_t i = 0; i < table.committed; i += COMMIT_RECORDS)
        weft__san_unroot(table.base + i, COMMIT_RECORDS * sizeof(struct g));
    weft__mem_unmap(table.base, table.limit * sizeof(struct g));
    bytes_zero(&table, sizeof table);
}

struct g *weft__g_grow(unsigned n)
{
    struct g *list = NULL;
    weft__lock(&table.lock);
    for (unsigned i = 0; i < n; i++) {
        if (table.used == table.committed && !commit_more())
            break;
        struct g *g = &table.base[table.used];
        g->link = list;
        list = g;
        /* release [gtable.used]: readers see committed memory below it. */
        store_release(&table.used, table.used + 1);
    }
    weft__unlock(&table.lock);
    return list;
}

size_t weft__g_count(void) { return load_acquire(&table.used); /* acquire [gtable.used] */ }

struct g *weft__g_at(size_t index) { return &table.base[index]; }
