/* SPDX-License-Identifier: MIT */
/*
 * A million contained panics in a row: plain ones, nested ones, and ones raised
 * and contained by deferred calls.  Every deferred call runs, every lock is
 * given back, and memory does not grow.
 */
#include "limits.h"

enum { PANICS = 1000000, WARM = 20000, MOST_GROWTH = 1 << 20 };

static weft_mutex mu;
static long deferred;

static void count(int n) { deferred += n; }

static void plain(int i)
{
    weft_defer(count, 1);
    weft_scoped_lock(&mu);
    weft_panic("plain %d", i);
}

static void nested(int i)
{
    weft_defer(count, 1);
    weft_auto(weft_panic_info, p) = weft_try(plain, i);
    REQUIRE(p && strcmp(weft_panic_message(p), "plain") > 0);
    weft_panic("nested %d: %s", i, weft_panic_message(p));
}

static void contains(int i)
{
    weft_auto(weft_panic_info, p) = weft_try(plain, i);
    REQUIRE(p);
    count(1);
}

static void raises(int i)
{
    count(1);
    weft_panic("instead %d", i);
}

/* A deferred call contains another panic while the first goes by. */
static void deferred_contains(int i)
{
    weft_defer(contains, i);
    weft_panic("first %d", i);
}

/* A deferred call's panic takes the place of the first. */
static void deferred_raises(int i)
{
    weft_defer(count, 1);
    weft_defer(raises, i);
    weft_scoped_lock(&mu);
    weft_panic("first %d", i);
}

static void long_message(int i)
{
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weft_defer(count, 2);
    weft_panic("long %d %s", i, text);
}

static const struct {
    void (*fn)(int);
    const char *message;
    long deferred;
} kinds[] = {{plain, "plain ", 1},
             {nested, "nested ", 2},
             {deferred_contains, "first ", 2},
             {deferred_raises, "instead ", 2},
             {long_message, "long ", 2}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void many(int n)
{
    long want = 0;
    deferred = 0;
    for (int i = 0; i < n; i++) {
        int kind = i % KINDS;
        weft_auto(weft_panic_info, p) = weft_try(kinds[kind].fn, i);
        const char *message = p ? weft_panic_message(p) : "";
        size_t length = strlen(kinds[kind].message);
        REQUIRE(strncmp(message, kinds[kind].message, length) == 0);
        REQUIRE(atoi(message + length) == i);
        want += kinds[kind].deferred;
    }
    REQUIRE(deferred == want);
    weft_mutex_lock(&mu); // weft:ignore emptylock is it free again?
    weft_mutex_unlock(&mu);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    many(WARM);
    long before = resident();
    weft_time start = weft_now();
    many(PANICS);
    weft_time end = weft_now();
    verdict(true, "a million contained panics", "%d ns each", (int)((end - start) / PANICS));
    long growth = resident() - before;
    verdict(growth < MOST_GROWTH, "memory after a million panics", "%ld KiB more", growth >> 10);
    return verdicts_failed != 0;
}
