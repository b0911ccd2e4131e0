/* SPDX-License-Identifier: MIT */
/*
 * output.c - one line a finding for people; JSON and SARIF 2.1.0 for what reads them.
 */
#include "output.h"

#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "vet.h"

static const char *level_name(enum level level)
{
    return level == LEVEL_E ? "error" : level == LEVEL_W ? "warning" : "advice";
}

static void quote(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void text_form(void)
{
    for (size_t i = 0; i < finding_count; i++) {
        const struct finding *f = &findings[i];
        printf("%s:%u:%u: %s: %s [%s]\n", path_shown(f->at.file), f->at.line, f->at.col,
               level_name(checks[f->check].level), f->text, checks[f->check].name);
        if (f->fix)
            printf("    write: %s\n", f->fix);
    }
}

static void json_form(void)
{
    puts("[");
    for (size_t i = 0; i < finding_count; i++) {
        const struct finding *f = &findings[i];
        printf("  {\"file\": ");
        quote(path_shown(f->at.file));
        printf(
            ", \"line\": %u, \"column\": %u, \"check\": \"%s\", \"level\": \"%s\", \"message\": ",
            f->at.line, f->at.col, checks[f->check].name, level_name(checks[f->check].level));
        quote(f->text);
        if (f->fix) {
            printf(", \"fix\": ");
            quote(f->fix);
        }
        puts(i + 1 < finding_count ? "}," : "}");
    }
    puts("]");
}

static const char *sarif_level(enum level level)
{
    return level == LEVEL_E ? "error" : level == LEVEL_W ? "warning" : "note";
}

/* A URI has no spaces and the like. */
static void quote_uri(const char *path)
{
    putchar('"');
    for (; *path; path++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/", *path))
            putchar(*path);
        else
            printf("%%%02X", (unsigned char)*path);
    putchar('"');
}

static void sarif_form(void)
{
    puts("{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
         "  \"version\": \"2.1.0\",\n  \"runs\": [{\n    \"tool\": {\"driver\": {\n"
         "      \"name\": \"weft vet\",\n      \"rules\": [");
    for (int i = 0; i < CHECK_COUNT; i++) {
        printf("        {\"id\": \"%s\", \"shortDescription\": {\"text\": ", checks[i].name);
        quote(checks[i].text);
        printf("}, \"defaultConfiguration\": {\"level\": \"%s\"}}%s\n",
               sarif_level(checks[i].level), i + 1 < CHECK_COUNT ? "," : "");
    }
    puts("      ]}},\n    \"results\": [");
    for (size_t i = 0; i < finding_count; i++) {
        const struct finding *f = &findings[i];
        printf("      {\"ruleId\": \"%s\", \"ruleIndex\": %d, \"level\": \"%s\", \"message\": "
               "{\"text\": ",
               checks[f->check].name, (int)f->check, sarif_level(checks[f->check].level));
        quote(f->fix ? text("%s. Write: %s", f->text, f->fix) : f->text);
        printf(
            "},\n       \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": ");
        quote_uri(path_shown(f->at.file));
        printf("}, \"region\": {\"startLine\": %u, \"startColumn\": %u}}}]}%s\n", f->at.line,
               f->at.col ? f->at.col : 1, i + 1 < finding_count ? "," : "");
    }
    puts("    ]\n  }]\n}");
}

void output(enum format format)
{
    if (format == FORMAT_TEXT)
        text_form();
    else if (format == FORMAT_JSON)
        json_form();
    else
        sarif_form();
}
