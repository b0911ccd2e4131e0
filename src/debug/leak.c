/* SPDX-License-Identifier: MIT */
/*
 * Goroutines that are left when the first one has returned, and that nothing
 * can wake any more.
 *
 * Those that sleep, wait for a descriptor, are inside a blocking call or have a
 * time limit would wake by themselves; they are mentioned and not counted.
 * WEFT_LEAKS=off|report|fail; fail also turns the exit status into 3.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/report.h"
#include "platform/platform.h"

enum wish { LEAKS_OFF, LEAKS_REPORT, LEAKS_FAIL };

static enum wish wish(bool warn)
{
    const char *text = getenv("WEFT_LEAKS");
    if (!text || !*text || strcmp(text, "report") == 0)
        return LEAKS_REPORT;
    if (strcmp(text, "off") == 0)
        return LEAKS_OFF;
    if (strcmp(text, "fail") == 0)
        return LEAKS_FAIL;
    if (warn)
        dprintf(STDERR_FILENO,
                "weft: warning: WEFT_LEAKS=%.40s is none of off, report, fail; using report\n",
                text);
    return LEAKS_REPORT;
}

bool weft__leaks_fail(void) { return wish(false) == LEAKS_FAIL; }

struct verdict {
    struct text text;
    struct groups leaks;
    size_t by_themselves; /* will wake */
    size_t running;
};

static bool wakes_by_itself(const struct g *g)
{
    return g->wait_reason == WAIT_SLEEP || g->wait_reason == WAIT_IO ||
           g->wait_reason == WAIT_BLOCKING || g->flags & G_FLAG_TIMED;
}

static void scan(struct verdict *v)
{
    size_t n = weft__g_count();
    weft__groups_begin(&v->leaks);
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        uint32_t state = load_relaxed(&g->state);
        if (state == G_DEAD || g->flags & G_FLAG_SYSTEM || g->thread || g->id == 0)
            continue;
        if (state != G_WAITING)
            v->running++;
        else if (wakes_by_itself(g))
            v->by_themselves++;
        else
            weft__groups_add(&v->leaks, g, state);
    }
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static void put_group(struct text *t, const struct group *group)
{
    char since[DURATION_MAX];
    weft__print(t, "goroutine leak: %zu goroutine%s [%s] at ", group->count, plural(group->count),
                weft__wait_word(group->reason));
    weft__put_site(t, group->wait_pc);
    if (*weft__duration(since, weft__now() - group->since))
        weft__print(t, ", %s %s", group->count == 1 ? "for" : "the oldest for", since);
    weft__put(t, "\n\n", 2);
    weft__put_parked(t, group->oldest);
    weft__put(t, "\n", 1);
}

static void put_verdict(void *arg)
{
    struct verdict *v = arg;
    struct text *t = &v->text;
    const struct group *group;
    size_t shown = 0, members = 0;
    if (!t->raw)
        weft__groups_join(&v->leaks);
    for (; shown < GROUPS_SHOWN && (group = weft__groups_next(&v->leaks)); shown++) {
        put_group(t, group);
        members += group->count;
    }
    if (members < v->leaks.members)
        weft__print(t, "goroutine leak: %zu more goroutines in smaller groups\n",
                    v->leaks.members - members);
    if (v->by_themselves > 0)
        weft__print(t, "%zu goroutine%s sleep%s or wait%s for I/O or a time limit; not counted\n",
                    v->by_themselves, plural(v->by_themselves), v->by_themselves == 1 ? "s" : "",
                    v->by_themselves == 1 ? "s" : "");
    if (v->running > 0)
        weft__print(t, "%zu goroutine%s still ran, and might have woken others\n", v->running,
                    plural(v->running));
}

int weft__leaks_judge(bool quiescent)
{
    struct verdict v = {.by_themselves = 0};
    if (wish(true) == LEAKS_OFF)
        return 0;
    scan(&v);
    size_t leaks = v.leaks.members;
    if (quiescent)
        v.running = 0; /* on their last steps, if any */
    if (leaks > 0) {
        weft__flush_stdout();
        weft__text_fd(&v.text, STDERR_FILENO);
        weft__with_symbols(&v.text, put_verdict, &v);
        weft__flush(&v.text);
    }
    weft__groups_end(&v.leaks);
    return leaks > INT32_MAX ? INT32_MAX : (int)leaks;
}
