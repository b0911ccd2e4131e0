/* SPDX-License-Identifier: MIT */
/*
 * test_find.c - from paths to units.
 *
 *     DIR/...    the folder and all below it
 *     DIR        one folder
 *     FILE.c     of each folder, the files that were named are one unit
 *
 * As Go does, a walk leaves out folders whose names begin with . or _, and testdata; and, as C
 * programs are built in folders, those that a build system has made.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "directive.h"
#include "object.h"
#include "test.h"

static const char *real(const char *path)
{
    char whole[PATH_MAX];
    return text("%s", realpath(path, whole) ? whole : path);
}

static struct unit *add_unit(struct units *units, const char *label, const char *dir)
{
    units->unit = realloc(units->unit, (units->count + 1) * sizeof *units->unit);
    if (!units->unit)
        exit(complain("out of memory"));
    struct unit *u = &units->unit[units->count++];
    *u = (struct unit){.label = label, .dir = dir};
    return u;
}

static bool has_part(const struct unit *u, const char *path)
{
    const char *whole = real(path);
    for (size_t i = 0; i < u->parts; i++)
        if (strcmp(real(u->part[i].path), whole) == 0)
            return true;
    return false;
}

static int add_part(struct unit *u, const char *path, bool is_test)
{
    if (has_part(u, path))
        return 0;
    u->part = realloc(u->part, (u->parts + 1) * sizeof *u->part);
    if (!u->part)
        exit(complain("out of memory"));
    struct part *p = &u->part[u->parts++];
    *p = (struct part){.path = path, .is_test = is_test};
    return directive_read(path, &p->flags, &p->libs);
}

static bool is_c(const char *name) { return has_suffix(name, ".c"); }

/* What a manifest names: C files become parts, all else is linked as it is. */
static int add_named_sources(struct unit *u)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < u->manifest.sources.count; i++) {
        const char *path = u->manifest.sources.item[i];
        /* A pattern like *.c stands for other units' tests too. */
        if (is_c(path) && !manifest_tests(&u->manifest, base_name(path)))
            status = add_part(u, path, false);
    }
    return status;
}

/* ---- folders --------------------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static const char *within(const char *dir, const char *name)
{
    return strcmp(dir, ".") == 0 ? text("%s", name) : text("%s/%s", dir, name);
}

static int add_folder(struct units *units, const char *dir, bool is_named)
{
    for (size_t i = 0; i < units->count; i++)
        if (strcmp(real(units->unit[i].dir), real(dir)) == 0 &&
            strcmp(units->unit[i].label, dir) == 0)
            return 0;
    struct dirent **entry;
    int n = scandir(dir, &entry, NULL, by_name);
    if (n < 0)
        return complain("%s: %s", dir, strerror(errno));
    struct unit u = {.label = dir, .dir = dir};
    int status = manifest_find(&u.manifest, dir);
    size_t tests = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; status == 0 && i < n; i++) {
            const char *path = within(dir, entry[i]->d_name);
            bool is_test = manifest_tests(&u.manifest, entry[i]->d_name);
            if (!is_c(entry[i]->d_name) || entry[i]->d_name[0] == '.' || is_folder(path, entry[i]))
                continue;
            tests += is_test && pass == 0;
            if (is_test ? pass == 0 : pass == 1 && !u.manifest.has_sources)
                status = add_part(&u, path, is_test);
        }
    if (status == 0)
        status = add_named_sources(&u);
    bool has_c = false;
    for (int i = 0; i < n; i++) {
        has_c |= is_c(entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    if (tests == 0)
        u.state = UNIT_NO_FILES;
    if (status == 0 && (tests > 0 || has_c || is_named))
        *add_unit(units, dir, dir) = u;
    return status;
}

static bool is_left_out(const char *dir, const char *name)
{
    static const char *const marks[] = {"CMakeCache.txt", "build.ninja", "meson-info"};
    if (name[0] == '.' || name[0] == '_' || strcmp(name, "testdata") == 0)
        return true;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (access(within(dir, marks[i]), F_OK) == 0)
            return true;
    return false;
}

static int walk(struct units *units, const char *dir)
{
    int status = add_folder(units, dir, false);
    struct dirent **entry;
    int n = status == 0 ? scandir(dir, &entry, NULL, by_name) : -1;
    for (int i = 0; i < n; i++) {
        const char *path = within(dir, entry[i]->d_name);
        if (status == 0 && is_folder(path, entry[i]) && !is_left_out(path, entry[i]->d_name))
            status = walk(units, path);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The unit of the files that were named of this folder. */
static struct unit *unit_of_files(struct units *units, size_t from, const char *dir)
{
    for (size_t i = from; i < units->count; i++)
        if (strcmp(units->unit[i].dir, dir) == 0)
            return &units->unit[i];
    return NULL;
}

/* queue.c for queue_test.c, or for test_queue.c. */
static const char *partner(const char *path)
{
    const char *dir = dir_name(path), *name = base_name(path);
    const char *base = has_suffix(name, "_test.c") ? text("%.*s.c", (int)strlen(name) - 7, name)
                       : strncmp(name, "test_", 5) == 0 ? name + 5
                                                        : NULL;
    const char *found = base ? within(dir, base) : NULL;
    return found && access(found, R_OK) == 0 ? tidy_path(found) : NULL;
}

static int add_tests(struct units *units, const struct list *files)
{
    size_t from = units->count;
    int status = 0;
    for (size_t i = 0; status == 0 && i < files->count; i++) {
        const char *path = tidy_path(files->item[i]), *dir = dir_name(path);
        struct unit *u = unit_of_files(units, from, dir);
        if (u) {
            u->label = dir;
        } else {
            u = add_unit(units, path, dir);
            status = manifest_find(&u->manifest, dir);
        }
        if (status == 0)
            status = add_part(u, path, true);
    }
    for (size_t i = from; status == 0 && i < units->count; i++) {
        struct unit *u = &units->unit[i];
        size_t tests = u->parts;
        status = add_named_sources(u);
        for (size_t k = 0; status == 0 && !u->manifest.has_sources && k < tests; k++) {
            const char *source = partner(u->part[k].path);
            if (source)
                status = add_part(u, source, false);
        }
    }
    return status;
}

/* ---- all ------------------------------------------------------------------------------------- */

struct named {
    struct list tests, sources;
};

static int take_file(struct named *named, struct test_options *options, const char *path)
{
    const char *name = base_name(path);
    static const char *const linked[] = {".o", ".a", ".so"};
    for (size_t i = 0; i < sizeof linked / sizeof *linked; i++)
        if (has_suffix(name, linked[i])) {
            list_add(&options->inputs, path);
            return 0;
        }
    if (strstr(name, ".so.")) {
        list_add(&options->inputs, path);
        return 0;
    }
    if (!is_c(name))
        return complain("%s: is not a folder, nor a .c, .o, .a or .so file", path);
    bool is_test = has_suffix(name, "_test.c") || object_of_text(path).has_tests;
    list_add(is_test ? &named->tests : &named->sources, path);
    return 0;
}

/* The folder before "/...", or NULL. */
static const char *before_dots(const char *path)
{
    if (strcmp(path, "...") == 0)
        return ".";
    if (!has_suffix(path, "/..."))
        return NULL;
    return text("%.*s", (int)strlen(path) - 4, path);
}

static int take_path(struct units *units, struct named *named, struct test_options *options,
                     const char *path)
{
    struct stat info;
    const char *top = before_dots(path);
    const char *there = top && *top ? top : top ? "/" : path;
    if (stat(there, &info) != 0)
        return complain("%s: %s", path, strerror(errno));
    if (!top && !S_ISDIR(info.st_mode)) {
        if (access(path, R_OK) != 0)
            return complain("%s: %s", path, strerror(errno));
        return take_file(named, options, path);
    }
    if (!S_ISDIR(info.st_mode))
        return complain("%s: %s", path, strerror(ENOTDIR));
    if (!top)
        return add_folder(units, tidy_path(path), true);
    size_t before = units->count;
    int status = walk(units, tidy_path(there));
    if (status == 0 && units->count == before && before == 0)
        return complain("%s: there is no C file", path);
    return status;
}

int test_find(struct units *units, struct test_options *options, const struct list *paths)
{
    struct named named = {0};
    int status = 0;
    for (size_t i = 0; status == 0 && i < paths->count; i++)
        status = take_path(units, &named, options, paths->item[i]);
    if (status == 0)
        status = add_tests(units, &named.tests);
    if (status == 0 && units->count == 0 && named.sources.count > 0)
        return complain("%s: no WEFT_TEST() in it", named.sources.item[0]);
    if (status == 0 && units->count == 0)
        status = add_folder(units, ".", true);
    for (size_t i = 0; i < units->count; i++)
        for (size_t k = 0; status == 0 && k < named.sources.count; k++)
            status = add_part(&units->unit[i], tidy_path(named.sources.item[k]), false);
    return status;
}
