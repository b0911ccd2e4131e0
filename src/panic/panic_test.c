/* SPDX-License-Identifier: MIT */
/* The lists that a goroutine keeps: as long as its scopes and tries, never longer. */
#define _GNU_SOURCE
#include "weft/panic.h"

#include <stdlib.h>
#include <string.h>

#include "sched/park.h"
#include "weft/go.h"
#include "weft/sync.h"
#include "weft/test.h"

static int depth(void)
{
    int n = 0;
    for (struct weft_impl_scope *s = weft__current()->scopes; s; s = s->prev)
        n++;
    return n;
}

static int tries(void)
{
    int n = 0;
    for (struct try_frame *t = weft__current()->tries; t; t = t->outer)
        n++;
    return n;
}

static void nothing(void) {}
static void fails(void) { weft_panic("x"); }

static void check_depth(int scopes, int tries_wanted)
{
    weft_check(depth(), ==, scopes);
    weft_check(tries(), ==, tries_wanted);
}

static void nested(int base)
{
    check_depth(base, 1);
    weft_defer(check_depth, base, 1);
    weft_defer(nothing);
    check_depth(base + 2, 1);
    {
        weft_auto(weft_panic_info, p) = weft_try(fails);
        check_depth(base + 3, 1);
    }
    check_depth(base + 2, 1);
    weft_panic("out");
}

WEFT_TEST(records_are_taken_off_before_they_run)
{
    int base = depth();
    for (int i = 0; i < 1000; i++) {
        weft_panic_info *p = weft_try(nested, base);
        weft_check(weft_panic_message(p), ==, "out");
        weft_panic_info_free(p);
        check_depth(base, 0);
        weft_check(weft__current()->panic == NULL);
    }
}

/* A goroutine that inherits a record of one that was cut short starts with empty lists. */
static void leaves_much(void)
{
    weft_defer(nothing);
    weft_defer(nothing);
    weft_defer(weft_panic_info_free, NULL);
    weft_goexit();
}

static void starts_empty(void)
{
    check_depth(0, 0);
    weft_check(weft__current()->panic == NULL);
}

WEFT_TEST(goroutines_start_with_empty_lists)
{
    weft_wg wg = {0};
    for (int i = 0; i < 200; i++) {
        weft_wg_go(&wg, leaves_much);
        weft_wg_wait(&wg);
        weft_wg_go(&wg, starts_empty);
        weft_wg_wait(&wg);
    }
}

WEFT_TEST(a_panic_remembers_where_it_was_raised)
{
    weft_auto(weft_panic_info, p) = weft_try(fails);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    weft_check(f != NULL);
    weft_panic_print(p, f);
    fclose(f);
    weft_check(strstr(text, "panic: x\n") == text);
    weft_check(strstr(text, "\nfails") != NULL);
    free(text);
}
