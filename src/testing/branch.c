/* SPDX-License-Identifier: MIT */
/*
 * Sub-tests: which one's turn it is.
 *
 * Each sub-test gets a process of its own, as each test does, so that a crash
 * of one says nothing about the next.  A process cannot be divided once it has
 * threads, so the test's body runs again from its beginning for each, and every
 * run enters one sub-test a level: the child counts those that it comes by, and
 * enters the one whose number the parent wrote down.
 *
 * The parent does not know how many there are.  A run that came to its end has
 * counted them; after one that did not, the next number is tried, and a child
 * that never comes by it shows that there is none.
 */
#include <string.h>

#include "base/atomic.h"
#include "testing/testing.h"

void weft__branch_begin(const struct branch *b)
{
    for (unsigned i = 0; i < LEVELS; i++)
        weft__verdict->level[i] = (struct level){.turn = i < b->fixed ? b->turn[i] : 0};
    weft__verdict->depth = 0;
}

bool weft__branch_next(struct branch *b)
{
    const struct verdict *v = weft__verdict;
    unsigned reached = load_acquire(&v->depth);
    unsigned level = b->fixed;
    if (reached >= b->fixed) {
        for (unsigned i = b->fixed; i < reached; i++)
            b->turn[i] = 0;
        level = reached;
        while (level > 0 && v->returned && !v->cut &&
               b->turn[level - 1] + 1 >= v->level[level - 1].seen)
            level--;
    } else if (level > 0) {
        level--; /* there was no such one: the level above has its next turn */
    }
    b->fixed = level;
    if (level == 0)
        return false;
    b->turn[level - 1]++;
    return true;
}
