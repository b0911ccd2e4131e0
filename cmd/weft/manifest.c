/* SPDX-License-Identifier: MIT */
/*
 * manifest.c - reading weft.test; see manifest.h.
 */
#include "manifest.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"

static const char *below(const char *folder, const char *path)
{
    return path[0] == '/' ? path : text("%s/%s", folder, path);
}

static int take_sources(struct manifest *m, const char *folder, unsigned line,
                        const struct list *words)
{
    m->has_sources = true;
    for (size_t i = 0; i < words->count; i++) {
        glob_t found = {0};
        int r = glob(below(folder, words->item[i]), 0, NULL, &found);
        for (size_t k = 0; r == 0 && k < found.gl_pathc; k++)
            list_add(&m->sources, text("%s", found.gl_pathv[k]));
        globfree(&found);
        if (r != 0)
            return complain("%s:%u: %s: no such file", m->path, line, words->item[i]);
    }
    return 0;
}

/* Folders of the manifest's own words start at the manifest. */
static int take_flags(struct manifest *m, const char *folder, unsigned line,
                      const struct list *words)
{
    static const char *const paths[] = {"-isystem", "-iquote", "-include", "-I", "-L"};
    for (size_t i = 0; i < words->count; i++) {
        const char *flag = words->item[i];
        if (*flag != '-')
            return complain("%s:%u: flags: %s is no flag", m->path, line, flag);
        size_t k = 0, count = sizeof paths / sizeof *paths;
        while (k < count && strncmp(flag, paths[k], strlen(paths[k])) != 0)
            k++;
        if (k == count) {
            list_add(&m->flags, flag);
            continue;
        }
        const char *value = flag + strlen(paths[k]);
        if (!*value && i + 1 == words->count)
            return complain("%s:%u: flags: %s needs a value", m->path, line, flag);
        if (!*value)
            value = words->item[++i];
        list_add(&m->flags, paths[k]);
        list_add(&m->flags, below(folder, value));
    }
    return 0;
}

static int take_line(struct manifest *m, const char *folder, unsigned number, char *line)
{
    line += strspn(line, " \t\r\n");
    if (!*line || *line == '#')
        return 0;
    size_t n = strcspn(line, ":");
    struct list words = {0};
    const char *key = text("%.*s", (int)n, line);
    if (!line[n])
        return complain("%s:%u: wanted tests:, sources: or flags:", m->path, number);
    if (!list_add_words(&words, line + n + 1))
        return complain("%s:%u: has an open quote", m->path, number);
    if (strcmp(key, "tests") == 0)
        list_add_all(&m->tests, &words);
    else if (strcmp(key, "sources") == 0)
        return take_sources(m, folder, number, &words);
    else if (strcmp(key, "flags") == 0)
        return take_flags(m, folder, number, &words);
    else
        return complain("%s:%u: no line %s:; there are tests:, sources: and flags:", m->path,
                        number, key);
    return 0;
}

static int read_all(struct manifest *m, const char *folder, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    for (unsigned number = 1; status == 0 && getline(&line, &room, file) >= 0; number++)
        status = take_line(m, folder, number, line);
    free(line);
    return status;
}

int manifest_find(struct manifest *m, const char *folder)
{
    *m = (struct manifest){0};
    char whole[PATH_MAX];
    if (!realpath(folder, whole))
        return complain("%s: %s", folder, strerror(errno));
    for (char *at = text("%s", whole);; at = dir_name(at)) {
        const char *path = text("%s/weft.test", strcmp(at, "/") == 0 ? "" : at);
        FILE *file = fopen(path, "re");
        if (file) {
            m->path = path;
            int status = read_all(m, at, file);
            fclose(file);
            return status;
        }
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            return complain("%s: %s", path, strerror(errno));
        if (strcmp(at, "/") == 0 || access(text("%s/.git", at), F_OK) == 0)
            return 0;
    }
}

bool manifest_tests(const struct manifest *m, const char *name)
{
    if (m->tests.count == 0)
        return has_suffix(name, "_test.c");
    for (size_t i = 0; i < m->tests.count; i++)
        if (fnmatch(m->tests.item[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}
