/* SPDX-License-Identifier: MIT */
/*
 * What the programs that measure limits share: reading /proc/self, and verdicts.
 *
 * A program prints a line for each thing it measured, "ok WHAT: ..." or
 * "FAIL WHAT: ...", or "SKIP WHAT: why".
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <dirent.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <weft.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("FAIL %s:%d: %s does not hold\n", __FILE__, __LINE__, #cond);                   \
            fflush(stdout);                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static int verdicts_failed __attribute__((unused));

/* verdict - one line of the result; counts failures. */
__attribute__((format(printf, 3, 4), unused)) static void verdict(bool good, const char *what,
                                                                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%s %s: ", good ? "ok" : "FAIL", what);
    vprintf(format, args);
    putchar('\n');
    fflush(stdout);
    va_end(args);
    verdicts_failed += !good;
}

/* status_kb - a line of a file like /proc/self/status, in KiB. */
__attribute__((unused)) static long status_kb(const char *path, const char *field)
{
    char line[256];
    long value = -1;
    FILE *f = fopen(path, "r");
    REQUIRE(f);
    while (value < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0)
            value = atol(line + strlen(field) + 1);
    fclose(f);
    REQUIRE(value >= 0);
    return value;
}

/* resident - bytes of memory that the process has, counted page by page. */
__attribute__((unused)) static long resident(void)
{
    return status_kb("/proc/self/smaps_rollup", "Rss") * 1024;
}

__attribute__((unused)) static int entries_of(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    REQUIRE(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

/* mappings - lines of /proc/self/maps that contain a text. */
__attribute__((unused)) static int mappings(const char *text)
{
    char line[512];
    int n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    REQUIRE(f);
    while (fgets(line, sizeof line, f))
        n += strstr(line, text) != NULL;
    fclose(f);
    return n;
}

/* enough_memory - or says that a test is skipped. */
__attribute__((unused)) static bool enough_memory(const char *what, long gib)
{
    long have = status_kb("/proc/meminfo", "MemAvailable");
    if (have >= gib << 20)
        return true;
    printf("SKIP %s: it needs %ld GiB of memory, %ld MiB are available\n", what, gib, have >> 10);
    return false;
}

#endif
