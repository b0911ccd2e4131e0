/* SPDX-License-Identifier: MIT */
/*
 * directive.c - reading `//weft:` lines and #includes; see compile.h for what they mean and why.
 */
#include "directive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

static bool starts(const char *word, const char *with)
{
    return strncmp(word, with, strlen(with)) == 0;
}

/* -I and -L mean folders beside the source, wherever the command is called. */
static const char *from_source(const char *flag, const char *path)
{
    bool names_folder = starts(flag, "-I") || starts(flag, "-L");
    if (!names_folder || flag[2] == '/' || !strchr(path, '/'))
        return flag;
    return text("%.2s%s/%s", flag, dir_name(path), flag + 2);
}

static int take(const char *path, unsigned line, const char *words, struct list *flags,
                struct list *libs)
{
    struct list given = {0};
    if (!list_add_words(&given, words))
        return complain("%s:%u: //weft: has an open quote", path, line);
    for (size_t i = 0; i < given.count; i++) {
        const char *flag = given.item[i];
        bool valued = strlen(flag) > 2;
        bool for_linker = valued && (starts(flag, "-L") || starts(flag, "-l"));
        bool for_compiler = valued && (starts(flag, "-D") || starts(flag, "-I") ||
                                       starts(flag, "-U") || starts(flag, "-std="));
        if (for_linker)
            list_add(libs, from_source(flag, path));
        else if (for_compiler || starts(flag, "-O") || strcmp(flag, "-pthread") == 0)
            list_add(flags, from_source(flag, path));
        else
            return complain("%s:%u: //weft: takes -D -I -L -l -O -U -pthread -std=, each in one "
                            "word, not %s",
                            path, line, flag);
    }
    return 0;
}

/* Modules of weft: a source that includes the header needs these libraries. */
static const struct {
    const char *header, *libs[2];
} modules[] = {
    {"weft/pg.h", {"-lweft_pg", "-lpq"}},
    {"weft/sqlite.h", {"-lweft_sqlite", "-lsqlite3"}},
};

/* #include <weft/pg.h>, with white space wherever C allows it. */
static void take_include(const char *line, struct list *libs)
{
    line += strspn(line, " \t");
    if (*line++ != '#')
        return;
    line += strspn(line, " \t");
    if (!starts(line, "include"))
        return;
    line += strlen("include");
    line += strspn(line, " \t");
    if (*line != '<' && *line != '"')
        return;
    line++;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t length = strlen(modules[i].header);
        if (starts(line, modules[i].header) && (line[length] == '>' || line[length] == '"'))
            for (size_t n = 0; n < 2; n++)
                list_add(libs, modules[i].libs[n]);
    }
}

int directive_read(const char *path, struct list *flags, struct list *libs)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return complain("%s: %s", path, strerror(errno));
    const char *mark = "//weft:";
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    for (unsigned number = 1; status == 0 && getline(&line, &room, file) >= 0; number++)
        if (starts(line, mark))
            status = take(path, number, line + strlen(mark), flags, libs);
        else
            take_include(line, libs);
    if (status == 0 && ferror(file))
        status = complain("%s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    return status;
}
