/* SPDX-License-Identifier: MIT */
/*
 * test_build.c - each unit becomes a program.
 *
 * First every C file of every unit is compiled, then every program is linked, so that all
 * processors have work.  What an object has in it decides whether it is linked: a source with a
 * main() is another program, and one that a test includes is in the test already.  Nothing is kept
 * from one call to the next, so nothing can be out of date.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "complain.h"
#include "home.h"
#include "jobs.h"
#include "object.h"
#include "test.h"

/* ---- flags ----------------------------------------------------------------------------------- */

bool flag_begins(const char *flag, const char *const *with)
{
    for (; *with; with++)
        if (strncmp(flag, *with, strlen(*with)) == 0)
            return true;
    return false;
}

/* Of no use when only objects are linked, and some compilers say so. */
static bool is_for_compiling(const char *flag)
{
    static const char *const with[] = {"-D",   "-U", "-I",        "-i",    "-x", "-W",
                                       "-std", "-M", "-pedantic", "-ansi", NULL};
    return flag_begins(flag, with) && strncmp(flag, "-Wl,", 4) != 0;
}

/* Of no use when nothing is linked. */
static bool is_for_linking(const char *flag)
{
    static const char *const with[] = {"-l",      "-L",        "-Wl,",      "-Xlinker", "-z",
                                       "-T",      "-u",        "-static",   "-shared",  "-pie",
                                       "-no-pie", "-rdynamic", "-fuse-ld=", NULL};
    return flag_begins(flag, with);
}

void add_flags(struct list *to, const struct list *flags, bool (*but)(const char *))
{
    for (size_t i = 0; i < flags->count; i++) {
        const char *flag = flags->item[i];
        bool pair = compile_takes_word(flag) && i + 1 < flags->count;
        if (!but(flag)) {
            list_add(to, flag);
            if (pair)
                list_add(to, flags->item[i + 1]);
        }
        i += pair;
    }
}

static struct list cover_flags(const struct test_options *options)
{
    struct list flags = {0};
    if (options->cover) {
        list_add(&flags, "--coverage");
        list_add(&flags, "-O0"); /* so that each line has its own count */
        list_add(&flags, "-fprofile-update=atomic");
    }
    return flags;
}

/* ---- compiling ------------------------------------------------------------------------------- */

/* What every command is made from. */
struct tools {
    const struct test_options *options;
    struct list compiler;
    struct home home;
};

/* All but the files. */
static void compose_flags(struct list *command, const struct unit *u, const struct part *p,
                          const struct tools *tools)
{
    const struct test_options *options = tools->options;
    const struct list cover = cover_flags(options);
    list_add_all(command, &tools->compiler);
    for (size_t i = 0; compile_flags[i]; i++)
        list_add(command, compile_flags[i]);
    list_add_all(command, &cover);
    for (size_t i = 0; i < u->parts; i++)
        if (u->part[i].is_test)
            add_flags(command, &u->part[i].flags, is_for_linking);
    if (!p->is_test)
        add_flags(command, &p->flags, is_for_linking);
    add_flags(command, &u->manifest.flags, is_for_linking);
    add_flags(command, &options->flags.args, is_for_linking);
    list_add(command, text("-I%s", tools->home.include));
}

/* From @source, which is the part's or a copy of it, to @object. */
static void compose_compile(struct job *job, const struct unit *u, const struct part *p,
                            const struct tools *tools, const char *source, const char *object)
{
    struct list *command = &job->command;
    compose_flags(command, u, p, tools);
    list_add(command, "-MMD");
    list_add(command, "-MF");
    list_add(command, text("%s.d", p->object));
    list_add(command, "-c");
    if (source != p->path) {
        list_add(command, "-iquote");
        list_add(command, dir_name(p->path));
    }
    list_add(command, source);
    list_add(command, "-o");
    list_add(command, object);
    job->output = text("%s.log", object);
}

/* Shown once, also when several units have the file's part. */
void show_file(const char *path, const char *heading, bool *headed)
{
    FILE *file = fopen(path, "re");
    char bytes[4096];
    size_t n;
    while (file && (n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        if (!*headed)
            fprintf(stderr, "# %s\n", heading);
        *headed = true;
        fwrite(bytes, 1, n, stderr);
    }
    if (file) {
        fclose(file);
        unlink(path);
    }
}

/* What a command that did not begin means, in one line; the compiler itself speaks otherwise. */
static int check_begun(const struct job *job)
{
    const char *compiler = job->command.item[0];
    if (job->ending.error == ENOENT)
        return complain("compiler %s not found; CC names another", compiler);
    if (job->ending.error)
        return complain("compiler %s: %s", compiler, strerror(job->ending.error));
    if (WIFSIGNALED(job->ending.status))
        return complain("compiler %s: %s", compiler, strsignal(WTERMSIG(job->ending.status)));
    return 0;
}

/* ---- what is linked -------------------------------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return strcmp(a, b) == 0 ||
           (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static bool is_included(const struct unit *u, const struct part *p)
{
    for (size_t i = 0; i < u->parts; i++) {
        struct list files = {0};
        if (&u->part[i] == p)
            continue;
        object_reads(text("%s.d", u->part[i].object), &files);
        for (size_t k = 1; k < files.count; k++)
            if (has_suffix(files.item[k], ".c") && same_file(files.item[k], p->path))
                return true;
    }
    return false;
}

static int broken(struct unit *u, const char *why)
{
    u->state = UNIT_BROKEN;
    fprintf(stderr, "# %s\n%s\n", u->label, why);
    return 0;
}

/* Which of the unit's objects make the program; @jobs are those that compiled the parts. */
static int choose(struct unit *u, const struct job *jobs)
{
    bool headed = false, has_tests = false;
    int status = 0;
    for (size_t i = 0; i < u->parts; i++) {
        struct part *p = &u->part[i];
        const struct job *job = &jobs[p->job];
        bool fine = job_done_well(job);
        struct object o = fine ? object_read(p->object, p->path) : object_of_text(p->path);
        if (status == 0)
            status = check_begun(job);
        if (!p->is_test && (o.has_main || o.has_weft_main || is_included(u, p)))
            continue;
        show_file(job->output, u->label, &headed);
        p->is_linked = fine;
        has_tests |= fine && o.has_tests;
        if (!fine)
            u->state = UNIT_BROKEN;
        else if (o.has_main)
            broken(u, text("%s: defines main(), which would run instead of its tests", p->path));
    }
    if (u->state == UNIT_TO_BUILD && !has_tests)
        u->state = UNIT_NO_TESTS;
    return status;
}

static void compose_link(struct job *job, const struct unit *u, const struct tools *tools)
{
    struct list *command = &job->command;
    const struct test_options *options = tools->options;
    const struct list cover = cover_flags(options);
    list_add_all(command, &tools->compiler);
    list_add(command, "-g");
    list_add_all(command, &cover);
    if (options->cover)
        list_add(command, "-Wl,-u,__gcov_dump"); /* for tests that end without exit() */
    struct list flags = {0};
    add_flags(&flags, &u->manifest.flags, is_for_compiling);
    add_flags(&flags, &options->flags.args, is_for_compiling);
    add_flags(command, &flags, is_for_linking);
    for (size_t i = 0; i < u->parts; i++)
        if (u->part[i].is_linked)
            list_add(command, u->part[i].object);
    for (size_t i = 0; i < u->manifest.sources.count; i++)
        if (!has_suffix(u->manifest.sources.item[i], ".c"))
            list_add(command, u->manifest.sources.item[i]);
    list_add_all(command, &options->inputs);
    for (size_t i = 0; i < flags.count; i++) {
        bool pair = compile_takes_word(flags.item[i]) && i + 1 < flags.count;
        if (is_for_linking(flags.item[i])) {
            list_add(command, flags.item[i]);
            if (pair)
                list_add(command, flags.item[i + 1]);
        }
        i += pair;
    }
    for (size_t i = 0; i < u->parts; i++)
        if (u->part[i].is_linked)
            compile_add_libs(command, &u->part[i].libs, &tools->home);
    compile_add_library(command, &options->flags, &tools->home);
    list_add(command, "-o");
    list_add(command, u->program);
    job->output = text("%s.log", u->program);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void say(const struct test_options *options, const struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        compile_say(&options->flags, &jobs[i].command);
}

static bool to_build(const struct unit *u) { return u->state == UNIT_TO_BUILD; }

/* The program is named after its folder, which is what debuggers and reports show. */
static const char *program_name(const struct unit *u)
{
    char whole[PATH_MAX];
    const char *name = base_name(realpath(u->dir, whole) ? whole : u->dir);
    return text("%s.test", *name ? name : "root");
}

/* The objects of a unit, with their names and a folder for them. */
static int prepare(struct unit *u, size_t number, const struct tools *tools)
{
    u->folder = text("%s/%zu", tools->options->folder, number);
    u->program = text("%s/%s", u->folder, program_name(u));
    if (mkdir(u->folder, 0700) != 0)
        return complain("cannot make a folder %s: %s", u->folder, strerror(errno));
    for (size_t i = 0; i < u->parts; i++) {
        const char *name = base_name(u->part[i].path);
        u->part[i].object = text("%s/%zu_%.*s.o", u->folder, i, (int)strlen(name) - 2, name);
    }
    return 0;
}

/* A part of a unit on its way to an object. */
struct compilation {
    const struct unit *unit;
    const struct part *part;
    bool is_copied;
    const char *key; /* flags and source, of what may be shared; else NULL */
};

static bool is_empty(const char *path)
{
    struct stat info;
    return stat(path, &info) != 0 || info.st_size == 0;
}

/*
 * When the compiler has something to say about a copy, it is to say it about the file itself.
 *
 * And should the copy not compile though the file does, the file is good enough.
 */
static int compile_again(const struct tools *tools, struct compilation *all, struct job *jobs,
                         size_t count)
{
    struct job *again = jobs_new(count);
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        const struct part *p = all[i].part;
        bool done = job_done_well(&jobs[i]);
        all[i].is_copied = all[i].is_copied && (!done || !is_empty(jobs[i].output));
        if (all[i].is_copied)
            compose_compile(&again[next++], all[i].unit, p, tools, p->path,
                            text("%s%s", p->object, done ? ".plain" : ""));
    }
    for (size_t i = 0; i < next; i++)
        unlink(again[i].output);
    say(tools->options, again, next);
    int signalled = jobs_run(again, next);
    next = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].is_copied)
            jobs[i] = again[next++];
    free(again);
    return signalled;
}

/*
 * A source that several units are linked with is compiled once, if all of them want it alike.
 *
 * Not for coverage: each unit's counts are its own.
 */
static const char *shared_key(const struct unit *u, const struct part *p, const struct tools *tools)
{
    if (p->is_test || tools->options->cover)
        return NULL;
    struct list flags = {0};
    char whole[PATH_MAX];
    compose_flags(&flags, u, p, tools);
    list_add(&flags, realpath(p->path, whole) ? whole : p->path);
    return list_line(&flags);
}

static const struct compilation *same_one(const struct compilation *all, size_t count,
                                          const char *key)
{
    for (size_t i = 0; key && i < count; i++)
        if (all[i].key && strcmp(all[i].key, key) == 0)
            return &all[i];
    return NULL;
}

static int compile_all(struct units *units, const struct tools *tools, int *signalled)
{
    size_t count = 0, next = 0;
    int status = 0;
    for (size_t i = 0; i < units->count; i++)
        count += to_build(&units->unit[i]) ? units->unit[i].parts : 0;
    struct job *jobs = jobs_new(count);
    struct compilation *all = calloc(count ? count : 1, sizeof *all);
    if (!all)
        exit(complain("out of memory"));
    for (size_t i = 0; status == 0 && i < units->count; i++) {
        struct unit *u = &units->unit[i];
        if (!to_build(u))
            continue;
        status = prepare(u, i, tools);
        for (size_t k = 0; status == 0 && k < u->parts; k++) {
            struct part *p = &u->part[k];
            const char *key = shared_key(u, p, tools);
            const struct compilation *same = same_one(all, next, key);
            p->job = same ? same->part->job : next;
            if (same) {
                p->object = same->part->object;
                continue;
            }
            const char *copy = text("%s.c", p->object);
            bool is_copied = p->is_test && checks_rewrite(p->path, copy);
            all[next] = (struct compilation){u, p, is_copied, key};
            compose_compile(&jobs[next++], u, p, tools, is_copied ? copy : p->path, p->object);
        }
    }
    if (status != 0)
        return status;
    say(tools->options, jobs, next);
    *signalled = jobs_run(jobs, next);
    if (!*signalled)
        *signalled = compile_again(tools, all, jobs, next);
    for (size_t i = 0; !*signalled && status == 0 && i < units->count; i++)
        if (to_build(&units->unit[i]))
            status = choose(&units->unit[i], jobs);
    return *signalled ? -1 : status;
}

static int link_all(struct units *units, const struct tools *tools, int *signalled)
{
    size_t count = 0, next = 0;
    int status = 0;
    for (size_t i = 0; i < units->count; i++)
        count += to_build(&units->unit[i]);
    struct job *jobs = jobs_new(count);
    for (size_t i = 0; i < units->count; i++)
        if (to_build(&units->unit[i]))
            compose_link(&jobs[next++], &units->unit[i], tools);
    say(tools->options, jobs, count);
    *signalled = jobs_run(jobs, count);
    next = 0;
    for (size_t i = 0; !*signalled && status == 0 && i < units->count; i++) {
        struct unit *u = &units->unit[i];
        bool headed = false;
        if (!to_build(u))
            continue;
        const struct job *job = &jobs[next++];
        status = check_begun(job);
        show_file(job->output, u->label, &headed);
        u->state = job_done_well(job) ? UNIT_READY : UNIT_BROKEN;
    }
    return *signalled ? -1 : status;
}

int test_build(struct units *units, const struct test_options *options, int *signalled)
{
    struct tools tools = {.options = options};
    int status = home_find(&tools.home);
    if (status == 0)
        status = home_check(&tools.home);
    if (status == 0)
        status = compile_compiler(&tools.compiler);
    if (status == 0)
        status = compile_all(units, &tools, signalled);
    if (status == 0)
        status = test_vet(units, options, signalled);
    if (status == 0)
        status = link_all(units, &tools, signalled);
    return status;
}
