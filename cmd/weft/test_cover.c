/* SPDX-License-Identifier: MIT */
/*
 * test_cover.c - which lines of the sources were reached.
 *
 * The programs are compiled with --coverage, and every process of them adds its counts to a file
 * beside the object when it ends.  gcov reads them, or `llvm-cov gcov` when the compiler is clang;
 * both write each source with a count before every line:
 *
 *             -:    0:Source:queue.c
 *             7:   12:    return q->first == NULL;
 *         #####:   13:    abort();
 *
 * A file that several objects include, or that several programs are built from, is added up.
 */
#define _XOPEN_SOURCE 700 /* popen */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "home.h"
#include "jobs.h"
#include "test.h"

enum line_state { LINE_NONE, LINE_MISSED, LINE_REACHED };

/* A source, with what was found about its lines, from number 1. */
struct covered {
    struct covered *next;
    const char *path;
    dev_t device;
    ino_t inode;
    unsigned char *line;
    size_t lines;
};

struct tally {
    size_t reached, all;
};

static struct {
    struct list tool;
    struct home home;
    struct covered *first; /* in the order of their paths */
} cover;

/* ---- the tool -------------------------------------------------------------------------------- */

static bool in_path(const char *name)
{
    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    const char *path = getenv("PATH");
    for (path = path ? path : ""; *path;) {
        size_t n = strcspn(path, ":");
        if (access(text("%.*s/%s", (int)n, path, name), X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

/* clang calls itself by other names too, as cc does. */
static bool is_clang(const struct list *compiler)
{
    FILE *said = popen(text("%s -dM -E -x c /dev/null 2>/dev/null", list_line(compiler)), "re");
    char line[512];
    bool found = false;
    while (said && fgets(line, sizeof line, said))
        found |= strncmp(line, "#define __clang__ ", 18) == 0;
    if (said)
        pclose(said);
    return found;
}

/* gcc-12 goes with gcov-12, and x86_64-linux-gnu-gcc with its own; clang-14 with llvm-cov-14. */
static const char *tool_of(const char *compiler, bool clang)
{
    const char *name = base_name(compiler), *tool = clang ? "llvm-cov" : "gcov";
    const char *mark = strstr(name, clang ? "clang" : "gcc");
    const char *behind = mark ? mark + (clang ? 5 : 3) : "";
    const char *best =
        text("%.*s%s%s", clang || !mark ? 0 : (int)(mark - name), name, tool, behind);
    return in_path(best) ? best : tool;
}

int cover_init(void)
{
    struct list compiler = {0};
    int status = home_find(&cover.home);
    if (status == 0)
        status = compile_compiler(&compiler);
    if (status != 0)
        return status;
    bool clang = is_clang(&compiler);
    const char *tool = tool_of(compiler.item[0], clang);
    if (!in_path(tool))
        return complain("-cover needs %s, which is not installed (%s)", tool,
                        clang ? "Debian: llvm" : "it comes with gcc");
    list_add(&cover.tool, tool);
    if (clang)
        list_add(&cover.tool, "gcov");
    return 0;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static bool is_users(const struct unit *unit, const char *path)
{
    size_t n = strlen(cover.home.include);
    if (strncmp(path, "/usr/", 5) == 0 ||
        (strncmp(path, cover.home.include, n) == 0 && path[n] == '/'))
        return false;
    for (size_t i = 0; i < unit->parts; i++)
        if (unit->part[i].is_test && strcmp(unit->part[i].path, path) == 0)
            return false;
    return true;
}

static struct covered *file_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return NULL;
    for (struct covered *c = cover.first; c; c = c->next)
        if (c->device == info.st_dev && c->inode == info.st_ino)
            return c;
    struct covered **at = &cover.first, *made = calloc(1, sizeof *made);
    if (!made)
        exit(complain("out of memory"));
    while (*at && strcmp((*at)->path, path) < 0)
        at = &(*at)->next;
    *made = (struct covered){*at, text("%s", path), info.st_dev, info.st_ino, NULL, 0};
    return *at = made;
}

static void note(struct covered *c, size_t number, enum line_state state)
{
    if (number >= c->lines) {
        size_t lines = 2 * number + 64;
        c->line = realloc(c->line, lines);
        if (!c->line)
            exit(complain("out of memory"));
        memset(c->line + c->lines, LINE_NONE, lines - c->lines);
        c->lines = lines;
    }
    if (state > c->line[number])
        c->line[number] = (unsigned char)state;
}

struct files {
    struct covered **file;
    size_t count, room;
};

static void add_file(struct files *to, struct covered *file)
{
    for (size_t i = 0; i < to->count; i++)
        if (to->file[i] == file)
            return;
    if (to->count == to->room) {
        to->room = 2 * to->room + 16;
        to->file = realloc(to->file, to->room * sizeof *to->file);
        if (!to->file)
            exit(complain("out of memory"));
    }
    to->file[to->count++] = file;
}

/* All that one call of the tool said; the user's files in it go to @seen. */
static void read_counts(const struct unit *unit, const char *path, struct files *seen)
{
    FILE *file = fopen(path, "re");
    struct covered *c = NULL;
    char *line = NULL;
    size_t room = 0;
    while (file && getline(&line, &room, file) >= 0) {
        char *count = line + strspn(line, " "), *colon = strchr(count, ':');
        char *about = colon ? strchr(colon + 1, ':') : NULL;
        if (!about)
            continue;
        unsigned long number = strtoul(colon + 1, NULL, 10);
        if (number == 0 && strncmp(about, ":Source:", 8) == 0) {
            about[strcspn(about, "\r\n")] = '\0';
            const char *source = tidy_path(about + 8);
            c = is_users(unit, source) ? file_of(source) : NULL;
            if (c)
                add_file(seen, c);
        } else if (c && number > 0 && number < 10 * 1000 * 1000 && *count != '-') {
            bool missed = *count == '#' || *count == '=';
            note(c, number, missed ? LINE_MISSED : LINE_REACHED);
        }
    }
    free(line);
    if (file)
        fclose(file);
}

static struct tally tally_of(const struct covered *c)
{
    struct tally t = {0, 0};
    for (size_t i = 0; i < c->lines; i++) {
        t.reached += c->line[i] == LINE_REACHED;
        t.all += c->line[i] != LINE_NONE;
    }
    return t;
}

static double percent(struct tally t)
{
    return t.all ? 100.0 * (double)t.reached / (double)t.all : 0;
}

const char *cover_read(const struct unit *unit)
{
    size_t count = 0;
    struct files seen = {0};
    struct job *jobs = calloc(unit->parts, sizeof *jobs);
    if (!jobs)
        exit(complain("out of memory"));
    for (size_t i = 0; i < unit->parts; i++) {
        const struct part *p = &unit->part[i];
        if (!p->is_linked)
            continue;
        struct job *job = &jobs[count++];
        list_add_all(&job->command, &cover.tool);
        list_add(&job->command, "-t"); /* to standard output */
        list_add(&job->command, text("%.*s.gcda", (int)strlen(p->object) - 2, p->object));
        job->output = text("%s.counts", p->object);
    }
    jobs_run(jobs, count);
    for (size_t i = 0; i < count; i++)
        read_counts(unit, jobs[i].output, &seen);
    free(jobs);
    struct tally sum = {0, 0};
    for (size_t i = 0; i < seen.count; i++) {
        struct tally t = tally_of(seen.file[i]);
        sum.reached += t.reached;
        sum.all += t.all;
    }
    free(seen.file);
    return sum.all ? text("coverage: %.1f%% of lines", percent(sum)) : "coverage: [no sources]";
}

void cover_show(void)
{
    struct tally sum = {0, 0};
    size_t width = 5;
    for (const struct covered *c = cover.first; c; c = c->next)
        width = strlen(c->path) > width ? strlen(c->path) : width;
    if (cover.first)
        printf("%-*s  lines  reached\n", (int)width, "file");
    for (const struct covered *c = cover.first; c; c = c->next) {
        struct tally t = tally_of(c);
        sum.reached += t.reached;
        sum.all += t.all;
        printf("%-*s  %5zu  %6.1f%%\n", (int)width, c->path, t.all, percent(t));
    }
    if (cover.first)
        printf("%-*s  %5zu  %6.1f%%\n", (int)width, "total", sum.all, percent(sum));
}
