/* SPDX-License-Identifier: MIT */
/*
 * test_junit.c - results in the XML that JUnit began with and that build servers read: a testsuite
 * for each unit, a testcase for each test and sub-test.
 *
 * The attributes of a testsuite count its testcases, so those are kept until it ends.  Of what a
 * test says at most LIMIT bytes are kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "complain.h"
#include "test.h"

enum { LIMIT = 1 << 20 };

struct result {
    struct result *next;
    char *name;
    char kind; /* p, f or s; r while it runs */
    int64_t took_ns;
    char *output;
    size_t size;
};

static struct {
    FILE *file;
    const char *path;
    const struct unit *unit;
    struct result *first, **last;
    char date[32];
} junit;

int junit_open(const char *path)
{
    junit.path = path;
    junit.file = fopen(path, "we");
    if (!junit.file)
        return complain("-junit %s: %s", path, strerror(errno));
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", junit.file);
    return 0;
}

void junit_begin(const struct unit *unit)
{
    time_t t = time(NULL);
    struct tm date;
    gmtime_r(&t, &date);
    strftime(junit.date, sizeof junit.date, "%Y-%m-%dT%H:%M:%S", &date);
    junit.unit = unit;
    junit.first = NULL;
    junit.last = &junit.first;
}

/* The latest one of that name: with -count there are several. */
static struct result *result_of(const char *name)
{
    struct result *found = NULL;
    for (struct result *r = junit.first; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            found = r;
    return found;
}

static void add_output(struct result *r, const char *bytes, size_t n)
{
    n = r->size + n > LIMIT ? LIMIT - r->size : n;
    r->output = realloc(r->output, r->size + n + 1);
    if (!r->output)
        exit(complain("out of memory"));
    memcpy(r->output + r->size, bytes, n);
    r->size += n;
}

void junit_event(const struct test_event *event)
{
    if (!junit.file)
        return;
    struct result *r = result_of(event->test);
    if (event->kind == 'r') {
        r = calloc(1, sizeof *r);
        if (!r)
            exit(complain("out of memory"));
        *r = (struct result){.name = text("%s", event->test), .kind = 'r'};
        *junit.last = r;
        junit.last = &r->next;
    } else if (r && event->kind == 'o') {
        add_output(r, event->bytes, event->size);
    } else if (r) {
        r->kind = event->kind;
        r->took_ns = event->took_ns;
    }
}

/* Control characters and two others may not stand in XML, however written. */
static bool is_allowed(const unsigned char *p, size_t n)
{
    bool is_noncharacter = n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
    return n > 0 && !is_noncharacter && (*p >= 0x20 || *p == '\n' || *p == '\t');
}

/* What may not stand there, bytes that are no UTF-8 among it, becomes '?'. */
static void put(const char *bytes, size_t size, bool in_attribute)
{
    for (size_t n; size > 0; bytes += n, size -= n) {
        n = text_character(bytes, size);
        const char *entity = *bytes == '<'   ? "&lt;"
                             : *bytes == '>' ? "&gt;"
                             : *bytes == '&' ? "&amp;"
                                             : NULL;
        if (in_attribute && !entity)
            entity = *bytes == '"'    ? "&quot;"
                     : *bytes == '\n' ? "&#10;"
                     : *bytes == '\t' ? "&#9;"
                                      : NULL;
        if (entity)
            fputs(entity, junit.file);
        else if (is_allowed((const unsigned char *)bytes, n))
            fwrite(bytes, 1, n, junit.file);
        else
            fputc('?', junit.file);
        n = n ? n : 1;
    }
}

static void put_attribute(const char *name, const char *value)
{
    fprintf(junit.file, " %s=\"", name);
    put(value, strlen(value), true);
    fputc('"', junit.file);
}

/* One with sub-tests is told by them. */
static bool has_parts(const struct result *r)
{
    size_t n = strlen(r->name);
    for (const struct result *o = junit.first; o; o = o->next)
        if (strncmp(o->name, r->name, n) == 0 && o->name[n] == '/')
            return true;
    return false;
}

static void put_result(const struct result *r)
{
    fputs("    <testcase", junit.file);
    put_attribute("classname", junit.unit->label);
    put_attribute("name", r->name);
    fprintf(junit.file, " time=\"%.3f\">", (double)r->took_ns / 1e9);
    if (r->kind == 's')
        fputs("<skipped/>", junit.file);
    if (r->kind == 'f' || r->kind == 'r') {
        fputs("<failure message=\"Failed\">", junit.file);
        put(r->output ? r->output : "", r->size, false);
        fputs("</failure>", junit.file);
    }
    fputs("</testcase>\n", junit.file);
}

void junit_end(int64_t took_ns, const char *trouble)
{
    if (!junit.file)
        return;
    unsigned tests = trouble != NULL, failed = 0, skipped = 0;
    for (const struct result *r = junit.first; r; r = r->next)
        if (!has_parts(r)) {
            tests++;
            failed += r->kind == 'f' || r->kind == 'r';
            skipped += r->kind == 's';
        }
    fputs("  <testsuite", junit.file);
    put_attribute("name", junit.unit->label);
    fprintf(junit.file,
            " tests=\"%u\" failures=\"%u\" errors=\"%d\" skipped=\"%u\" time=\"%.3f\" "
            "timestamp=\"%s\">\n",
            tests, failed, trouble != NULL, skipped, (double)took_ns / 1e9, junit.date);
    for (struct result *r = junit.first, *next; r; r = next) {
        next = r->next;
        if (!has_parts(r))
            put_result(r);
    }
    for (struct result *r = junit.first, *next; r; r = next) {
        next = r->next;
        free(r->output);
        free(r);
    }
    junit.first = NULL;
    if (trouble) {
        fputs("    <testcase", junit.file);
        put_attribute("classname", junit.unit->label);
        put_attribute("name", "program");
        fputs("><error", junit.file);
        put_attribute("message", trouble);
        fputs("/></testcase>\n", junit.file);
    }
    fputs("  </testsuite>\n", junit.file);
}

int junit_close(void)
{
    if (!junit.file)
        return 0;
    fputs("</testsuites>\n", junit.file);
    bool failed = ferror(junit.file) != 0;
    if (fclose(junit.file) != 0 || failed)
        return complain("-junit %s: %s", junit.path, strerror(errno));
    return 0;
}
