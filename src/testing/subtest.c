/* SPDX-License-Identifier: MIT */
/* In a test's own process: sub-tests, of which each run enters the one whose turn it is. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/atomic.h"
#include "testing/testing.h"

/* How many levels this run is inside of.  Only the test's own goroutine enters. */
static uint32_t inside;

/* As Go does: a name is one word, so that it can stand in a line and in a command. */
static void copy_name(char *to, const char *from)
{
    size_t n = 0;
    for (; *from && n + 1 < LEVEL_NAME; from++)
        to[n++] = isspace((unsigned char)*from) || iscntrl((unsigned char)*from) ? '_' : *from;
    to[n] = '\0';
    if (n == 0)
        strcpy(to, "_");
}

static bool enter(const char *file, int line, const char *name)
{
    char word[LEVEL_NAME];
    struct verdict *v = weft__verdict;
    if (inside == LEVELS)
        weft_impl_test_fail(true, file, line, "sub-tests are more than %d deep", LEVELS);
    copy_name(word, name);
    if (!weft__test_matches(inside + 1, word))
        return false;
    struct level *level = &v->level[inside];
    if (level->seen++ != level->turn)
        return false;
    strcpy(level->name, word);
    inside++;
    /* release [verdict.depth]: the parent reads it to see which names stand there. */
    if (inside > v->depth)
        store_release(&v->depth, inside);
    return true;
}

bool weft_impl_subtest_enter(const char *file, int line, const char *name)
{
    return enter(file, line, name ? name : "");
}

bool weft_impl_subtest_enterf(const char *file, int line, const char *fmt, ...)
{
    char name[LEVEL_NAME];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    return enter(file, line, name);
}

void weft_impl_subtest_leave(weft_impl_subtest *subtest)
{
    if (!subtest->entered)
        return;
    inside--;
    /* By return, perhaps: then those behind it were not counted. */
    weft__verdict->cut |= !subtest->through;
}
