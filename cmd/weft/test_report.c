/* SPDX-License-Identifier: MIT */
/*
 * test_report.c - what the user sees of the tests, in the shape of `go test`: text, or with -json
 * an object a line, as `go test -json` writes them.
 *
 * The text of a test is made by its program; here are the lines about whole units.
 */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "test.h"

static bool json;

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_string(const char *bytes, size_t size)
{
    const unsigned char *p = (const unsigned char *)bytes;
    putchar('"');
    for (size_t n; size > 0; p += n, size -= n) {
        n = text_character((const char *)p, size);
        if (n == 0) {
            fputs("\\ufffd", stdout);
            n = 1;
        } else if (*p == '"' || *p == '\\') {
            printf("\\%c", *p);
        } else if (*p == '\n') {
            fputs("\\n", stdout);
        } else if (*p < 0x20 || *p == 0x7f) {
            printf("\\u%04x", *p);
        } else {
            fwrite(p, 1, n, stdout);
        }
    }
    putchar('"');
}

static void put_member(const char *name, const char *value)
{
    printf(",\"%s\":", name);
    put_string(value, strlen(value));
}

static void begin_object(const char *action, const struct unit *unit, const char *test)
{
    struct timespec t;
    struct tm date;
    char stamp[64];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &date);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &date);
    printf("{\"Time\":\"%s.%06ldZ\",\"Action\":\"%s\"", stamp, t.tv_nsec / 1000, action);
    put_member("Package", unit->label);
    if (test && *test)
        put_member("Test", test);
}

static void end_object(void)
{
    puts("}");
    fflush(stdout);
}

/* One object a line of output, as Go does. */
static void put_output(const struct unit *unit, const char *test, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t n = end ? (size_t)(end - bytes) + 1 : size;
        begin_object("output", unit, test);
        fputs(",\"Output\":", stdout);
        put_string(bytes, n);
        end_object();
        bytes += n;
        size -= n;
    }
}

static void put_ending(const struct unit *unit, const char *action, const char *test,
                       int64_t took_ns)
{
    begin_object(action, unit, test);
    printf(",\"Elapsed\":%.3f", (double)took_ns / 1e9);
    end_object();
}

/* ---- both ------------------------------------------------------------------------------------ */

void report_begin(const struct unit *unit, const struct test_options *options)
{
    json = options->json;
    if (!json)
        return;
    begin_object("start", unit, NULL);
    end_object();
}

void report_event(const struct unit *unit, const struct test_event *event)
{
    if (!json) {
        if (event->kind == 'o')
            fwrite(event->bytes, 1, event->size, stdout);
        fflush(stdout);
        return;
    }
    switch (event->kind) {
    case 'r':
        begin_object("run", unit, event->test);
        end_object();
        break;
    case 'o':
        put_output(unit, event->test, event->bytes, event->size);
        break;
    default:
        put_ending(unit,
                   event->kind == 'p'   ? "pass"
                   : event->kind == 'f' ? "fail"
                                        : "skip",
                   event->test, event->took_ns);
    }
}

void report_end(const struct unit *unit, const char *word, int64_t took_ns, const char *remark)
{
    const char *time = took_ns >= 0 ? text("  %.2fs", (double)took_ns / 1e9) : "";
    const char *line = text("%s  %s%s%s%s\n", word, unit->label, time, *remark ? "  " : "", remark);
    if (!json) {
        fputs(line, stdout);
        fflush(stdout);
        return;
    }
    put_output(unit, NULL, line, strlen(line));
    put_ending(unit,
               *word == 'o'   ? "pass"
               : *word == '?' ? "skip"
                              : "fail",
               NULL, took_ns > 0 ? took_ns : 0);
}

bool report_is_unread(void)
{
    sigset_t set;
    return ferror(stdout) && sigpending(&set) == 0 && sigismember(&set, SIGPIPE);
}

void report_totals(const struct test_totals *totals)
{
    /* Not among the objects. */
    FILE *out = json ? stderr : stdout;
    fprintf(out, "%ld passed, %ld failed", totals->passed, totals->failed);
    if (totals->skipped)
        fprintf(out, ", %ld skipped", totals->skipped);
    fputc('\n', out);
}
