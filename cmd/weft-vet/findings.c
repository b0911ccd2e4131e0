/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what was found, once for each place and check, and the list of checks.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vet.h"

struct check_info checks[CHECK_COUNT] = {
#define CHECK(name, level, text) {#name, LEVEL_##level, text, LEVEL_##level != LEVEL_A},
#include "checks.def"
#undef CHECK
};

int check_named(const char *name, size_t length)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        if (strlen(checks[i].name) == length && strncmp(checks[i].name, name, length) == 0)
            return i;
    return -1;
}

struct finding *findings;
size_t finding_count;
static size_t finding_room;
static struct finding *last;

static void add(struct finding f)
{
    findings = make_room(findings, finding_count, &finding_room, sizeof *findings);
    last = &findings[finding_count++];
    *last = f;
}

bool was_found(enum check check, struct place at)
{
    for (size_t i = 0; i < finding_count; i++)
        if (findings[i].check == check && findings[i].at.file == at.file &&
            findings[i].at.line == at.line)
            return true;
    return false;
}

void found(enum check check, struct place at, const char *format, ...)
{
    last = NULL;
    if (!at.file || !at.line || !checks[check].on || was_found(check, at))
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    add((struct finding){at, check, text("%s", line), NULL});
}

void fix(const char *format, ...)
{
    if (!last)
        return;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    last->fix = text("%s", line);
}

/* One text a line: newlines cannot be in any of them. */
void findings_write(FILE *out)
{
    for (size_t i = 0; i < finding_count; i++) {
        struct finding *f = &findings[i];
        fprintf(out, "%d %u %u\n%s\n%s\n%s\n", (int)f->check, f->at.line, f->at.col, f->at.file,
                f->text, f->fix ? f->fix : "");
    }
    fputs("end\n", out);
}

static char *read_line(FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    if (getline(&line, &room, in) < 0)
        return NULL;
    line[strcspn(line, "\n")] = 0;
    return line;
}

bool findings_read(FILE *in)
{
    for (char *head; (head = read_line(in));) {
        if (strcmp(head, "end") == 0)
            return true;
        int check;
        struct finding f = {0};
        if (sscanf(head, "%d %u %u", &check, &f.at.line, &f.at.col) != 3 || check < 0 ||
            check >= CHECK_COUNT)
            return false;
        f.check = (enum check)check;
        char *file = read_line(in), *said = read_line(in), *repair = read_line(in);
        if (!repair)
            return false;
        f.at.file = key_of(file);
        f.text = said;
        f.fix = *repair ? repair : NULL;
        bool known = false;
        for (size_t i = 0; i < finding_count && !known; i++)
            known = findings[i].check == f.check && findings[i].at.file == f.at.file &&
                    findings[i].at.line == f.at.line;
        if (!known)
            add(f);
    }
    return false;
}
