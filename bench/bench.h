/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what every workload program in C shares: the clock, the command
 * line and the line of results.
 *
 * A program holds one subject and is called as PROGRAM ROW COUNT.  It runs the
 * row once small to warm up, once in full, and prints one line for
 * bench/harness to read:
 *
 *     row=roundtrip ops=1000000 ns_per_op=61.3 checksum=500000500000
 *
 * The checksum is made of the values that went through the workload, so a
 * runtime that lost, doubled or skipped work cannot agree with another one.
 * Only libc is used here: twins that know nothing of weft include this too.
 */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_result {
    uint64_t ops;       /* ns_per_op is the time divided by this */
    int64_t elapsed_ns; /* the work alone, without setting up */
    uint64_t checksum;
    char more[160]; /* further "key=value" of this row, or empty */
};

struct bench_row {
    const char *name;
    struct bench_result (*run)(uint64_t count);
    struct bench_result (*run_with)(uint64_t count, const int *with); /* or this, told more */
    int with[3];
    bool cold; /* no warm-up: the row measures what a first run would leave behind, or its count
                  is no number of operations */
};

/* bench_work - something to do that takes about a nanosecond a step, in every language the same:
 * each step needs the one before, and no compiler knows a short cut (for a * x + c one does). */
static inline uint64_t bench_work(uint64_t seed, int steps)
{
    for (int i = 0; i < steps; i++)
        seed = (seed ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    return seed >> 33;
}

/* bench_random - the next of a sequence of numbers that is the same in every language. */
static inline uint64_t bench_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static inline int bench_compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* bench_lateness - sort n times and describe them, in microseconds. */
static inline void bench_lateness(struct bench_result *r, int64_t *late_ns, size_t n)
{
    qsort(late_ns, n, sizeof *late_ns, bench_compare_int64);
    snprintf(r->more, sizeof r->more, "p50_us=%.1f p99_us=%.1f p999_us=%.1f",
             (double)late_ns[n / 2] / 1e3, (double)late_ns[n * 99 / 100] / 1e3,
             (double)late_ns[n * 999 / 1000] / 1e3);
}

static inline int64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* bench_resident_bytes - this process's resident memory (VmRSS); ends the program if unknown. */
static inline int64_t bench_resident_bytes(void)
{
    char line[256];
    long long kib = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lld kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    if (kib < 0) {
        fprintf(stderr, "bench: /proc/self/status: no VmRSS there\n");
        exit(1);
    }
    return (int64_t)kib * 1024;
}

static inline struct bench_result bench_run(const struct bench_row *row, uint64_t count)
{
    return row->run ? row->run(count) : row->run_with(count, row->with);
}

static inline const struct bench_row *bench_find(const struct bench_row *rows, size_t n,
                                                 const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static inline int bench_bad_usage(const char *program, const char *why, const char *what,
                                  const struct bench_row *rows, size_t n)
{
    fprintf(stderr, "%s: %s '%s'; usage: %s ROW COUNT, rows:", program, why, what, program);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, " %s", rows[i].name);
    fputc('\n', stderr);
    return 2;
}

/* bench_main - run the row that the command line names and print its line. */
static inline int bench_main(int argc, char **argv, const struct bench_row *rows, size_t n)
{
    if (argc != 3)
        return bench_bad_usage(argv[0], "wrong number of arguments after", argv[0], rows, n);
    const struct bench_row *row = bench_find(rows, n, argv[1]);
    if (!row)
        return bench_bad_usage(argv[0], "no row", argv[1], rows, n);
    char *end;
    uint64_t count = strtoull(argv[2], &end, 10);
    if (argv[2][0] < '0' || argv[2][0] > '9' || *end || count == 0)
        return bench_bad_usage(argv[0], "not a count above zero:", argv[2], rows, n);

    if (!row->cold)
        bench_run(row, count / 10 + 1);
    struct bench_result r = bench_run(row, count);
    printf("row=%s ops=%" PRIu64 " ns_per_op=%.3f checksum=%" PRIu64 "%s%s\n", row->name, r.ops,
           (double)r.elapsed_ns / (double)r.ops, r.checksum, r.more[0] ? " " : "", r.more);
    return fflush(stdout) == 0 ? 0 : 1;
}

#define BENCH_MAIN(argc, argv, rows) bench_main(argc, argv, rows, sizeof(rows) / sizeof((rows)[0]))

#endif /* BENCH_H */
