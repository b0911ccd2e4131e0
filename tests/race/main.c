/* SPDX-License-Identifier: MIT */
/*
 * Runs the pairs: prints nothing and exits with 0 when all is as it must be.
 *
 *     pairs list                  the names
 *     pairs ROUNDS race NAME      one half of a pair, so many times in this process
 *
 * A round of race_NAME() is right when `x` was reported, one of norace_NAME()
 * when nothing was.  A report of anything else is wrong in both.
 */
#include "pairs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int *planted;
atomic_int told;

static struct pair *pairs;
static int reports, elsewhere;
static struct {
    const struct pair *pair;
    bool race;
    int rounds, missed, false_reports;
} job;

void pair_add(struct pair *p)
{
    struct pair **at = &pairs;
    while (*at && strcmp((*at)->name, p->name) < 0)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
}

void tell(int step) { atomic_store_explicit(&told, step, memory_order_relaxed); }

void add_told(void) { atomic_fetch_add_explicit(&told, 1, memory_order_relaxed); }

void until_told(int step)
{
    while (atomic_load_explicit(&told, memory_order_relaxed) < step)
        weft_yield();
}

/* The sanitizer calls this for each report; which address it is about is in its first access. */
int __tsan_get_report_mop(void *report, unsigned long index, int *tid, void **address, int *size,
                          int *write, int *atomic, void **trace, unsigned long trace_size);
__attribute__((no_sanitize("thread"))) void __tsan_on_report(void *report);
__attribute__((no_sanitize("thread"))) void __tsan_on_report(void *report)
{
    void *address = NULL, *trace[1];
    int tid, size, write, is_atomic;
    if (__tsan_get_report_mop(report, 0, &tid, &address, &size, &write, &is_atomic, trace, 1) &&
        (uintptr_t)address - (uintptr_t)planted < sizeof *planted)
        reports++;
    else
        elsewhere++;
}

static void round_of(void)
{
    planted = malloc(sizeof *planted);
    x = 0;
    tell(0);
    reports = elsewhere = 0;
    (job.race ? job.pair->race : job.pair->norace)();
    if (job.race && reports == 0)
        job.missed++;
    if (elsewhere > 0 || (!job.race && reports > 0))
        job.false_reports++;
    free(planted);
}

static int rounds(void)
{
    for (int i = 0; i < job.rounds; i++)
        round_of();
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (struct pair *p = pairs; p; p = p->next)
            puts(p->name);
        return 0;
    }
    if (argc == 4) {
        job.rounds = atoi(argv[1]);
        job.race = strcmp(argv[2], "race") == 0;
        for (struct pair *p = pairs; p; p = p->next)
            if (strcmp(p->name, argv[3]) == 0)
                job.pair = p;
    }
    if (job.rounds < 1 || !job.pair) {
        fprintf(stderr, "usage: pairs list | pairs ROUNDS race|norace NAME\n");
        return 2;
    }
    if (job.pair->plain)
        rounds();
    else
        weft_run(rounds);
    if (job.missed > 0)
        printf("missed in %d of %d rounds\n", job.missed, job.rounds);
    if (job.false_reports > 0)
        printf("false reports in %d of %d rounds\n", job.false_reports, job.rounds);
    fflush(stdout);
    _exit(job.missed + job.false_reports > 0);
}
