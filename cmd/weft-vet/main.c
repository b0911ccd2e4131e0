/* SPDX-License-Identifier: MIT */
/*
 * main.c - `weft vet`: which files, each in a process of its own, and the outcome.
 *
 * weft-vet is a program beside weft because it needs LLVM, which weft does not.
 */
#include <clang-c/CXCompilationDatabase.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../weft/directive.h"
#include "clang.h"
#include "output.h"
#include "paths.h"
#include "roles.h"
#include "vet.h"

/* A file that takes longer than this is beyond us. */
enum { SECONDS_PER_FILE = 120 };

static struct {
    struct unit *unit;
    size_t units, room;
    struct list flags, paths;
    const char *database;
    enum format format;
    bool whole, strict, foreign, safety;
    long jobs;
    char *folder; /* for what is passed between processes */
    bool trouble;
} vet;

static const char usage[] = "usage: weft vet [FLAGS] PATHS\n"
                            "       weft vet [FLAGS] -p BUILD_DIR [PATHS]\n"
                            "       weft vet -list | -help CHECK\n";

/* ---- which files ------------------------------------------------------------------------------- */

static void add_unit(key file, const char *folder, const struct list *flags)
{
    for (size_t i = 0; i < vet.units; i++)
        if (vet.unit[i].file == file)
            return; /* as when one file goes into two libraries */
    vet.unit = make_room(vet.unit, vet.units, &vet.room, sizeof *vet.unit);
    vet.unit[vet.units++] = (struct unit){file, folder, *flags};
}

/* What the file says of itself in its //weft: lines comes before what the user says. */
static int add_file(const char *path)
{
    struct list flags = {0}, libs = {0};
    int status = directive_read(path, &flags, &libs);
    if (status != 0)
        return status;
    list_add_all(&flags, &vet.flags);
    add_unit(path_key(path, NULL), NULL, &flags);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_folder(const char *path)
{
    struct list names = {0};
    bool skipped = folder_is_ignored(path);
    DIR *folder = opendir(path);
    if (!folder)
        return complain("%s: %s", path, strerror(errno));
    for (struct dirent *e; (e = readdir(folder));)
        if (e->d_name[0] != '.')
            list_add(&names, text("%s/%s", path, e->d_name));
    closedir(folder);
    if (names.count)
        qsort(names.item, names.count, sizeof *names.item, by_name);
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;
        if (lstat(names.item[i], &info) != 0)
            continue;
        int status = S_ISDIR(info.st_mode) ? add_folder(names.item[i])
                     : S_ISREG(info.st_mode) && !skipped && has_suffix(names.item[i], ".c")
                         ? add_file(names.item[i])
                         : 0;
        if (status != 0)
            return status;
    }
    return 0;
}

static int add_paths(void)
{
    for (size_t i = 0; i < vet.paths.count; i++) {
        const char *path = vet.paths.item[i];
        struct stat info;
        if (stat(path, &info) != 0)
            return complain("%s: %s", path, strerror(errno));
        if (!S_ISDIR(info.st_mode) && !has_suffix(path, ".c"))
            return complain("%s: is no .c file and no folder", path);
        int status = S_ISDIR(info.st_mode) ? add_folder(path) : add_file(path);
        if (status != 0)
            return status;
    }
    return 0;
}

static bool is_wanted(key file)
{
    bool all = vet.paths.count == 0;
    for (size_t i = 0; i < vet.paths.count && !all; i++) {
        key path = path_key(vet.paths.item[i], NULL);
        size_t n = strlen(path);
        all = file == path || (strncmp(file, path, n) == 0 && file[n] == '/');
    }
    return all;
}

static const char *string_of(CXString s)
{
    const char *c = clang_getCString(s);
    const char *kept = text("%s", c ? c : "");
    clang_disposeString(s);
    return kept;
}

static void add_command(CXCompileCommand command)
{
    const char *folder = string_of(clang_CompileCommand_getDirectory(command));
    const char *name = string_of(clang_CompileCommand_getFilename(command));
    key file = path_key(name, folder);
    if (!has_suffix(file, ".c") || !is_wanted(file))
        return;
    struct list flags = {0};
    unsigned count = clang_CompileCommand_getNumArgs(command);
    for (unsigned i = 1; i < count; i++) {
        const char *flag = string_of(clang_CompileCommand_getArg(command, i));
        const char *next =
            i + 1 < count ? string_of(clang_CompileCommand_getArg(command, i + 1)) : NULL;
        bool took_next = false;
        if (flag[0] == '-')
            flag_take(&flags, flag, next, &took_next);
        i += took_next;
    }
    list_add_all(&flags, &vet.flags);
    add_unit(file, folder, &flags);
}

static int add_database(void)
{
    CXCompilationDatabase_Error error;
    CXCompilationDatabase db = clang_CompilationDatabase_fromDirectory(vet.database, &error);
    if (error != CXCompilationDatabase_NoError)
        return complain("%s: no compile_commands.json that can be read; cmake makes one with "
                        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                        vet.database);
    CXCompileCommands all = clang_CompilationDatabase_getAllCompileCommands(db);
    unsigned count = clang_CompileCommands_getSize(all);
    for (unsigned i = 0; i < count; i++)
        add_command(clang_CompileCommands_getCommand(all, i));
    return 0;
}

/* ---- one file --------------------------------------------------------------------------------- */

static char *result_path(size_t n, const char *kind)
{
    return text("%s/%zu.%s", vet.folder, n, kind);
}

static bool needs_bitcode(void)
{
    static const enum check by_tree[] = {CHECK_copylock, CHECK_ctxfield,    CHECK_ctxfirst,
                                         CHECK_ctxbare,  CHECK_durationarg, CHECK_ignore};
    for (int i = 0; i < CHECK_COUNT; i++) {
        bool tree = false;
        for (size_t k = 0; k < sizeof by_tree / sizeof *by_tree; k++)
            tree |= by_tree[k] == (enum check)i;
        if (checks[i].on && !tree)
            return true;
    }
    return false;
}

/* The status of the process that does it: 0, or 2. */
static int analyse(size_t n)
{
    const struct unit *u = &vet.unit[n];
    if (u->folder && chdir(u->folder) != 0)
        return complain("%s: %s", u->folder, strerror(errno));
    roles_foreign();
    enum outcome outcome = ast_read(u, vet.foreign);
    if (outcome == OUTCOME_BROKEN)
        return STATUS_TROUBLE;
    if (outcome == OUTCOME_FINE && needs_bitcode()) {
        char *bitcode = result_path(n, "bc");
        int status = ir_make(u, bitcode);
        if (status == 0 && !vet.whole)
            status = ir_read(&bitcode, 1);
        if (status != 0)
            return status;
        if (!vet.whole)
            unlink(bitcode);
        if (vet.safety)
            safety_read(u);
    }
    FILE *out = fopen(result_path(n, "found"), "we");
    FILE *facts = vet.whole ? fopen(result_path(n, "facts"), "we") : NULL;
    if (!out || (vet.whole && !facts))
        return complain("%s: %s", vet.folder, strerror(errno));
    findings_write(out);
    ignores_write(out);
    if (facts)
        facts_write(facts);
    if (fclose(out) != 0 || (facts && fclose(facts) != 0))
        return complain("%s: %s", vet.folder, strerror(errno));
    return 0;
}

/* The second layer over all files at once. */
static int analyse_whole(size_t n)
{
    (void)n;
    char **bitcode = zeroed(vet.units, sizeof *bitcode);
    size_t count = 0;
    for (size_t i = 0; i < vet.units; i++) {
        char *path = result_path(i, "bc");
        if (access(path, R_OK) != 0)
            continue;
        bitcode[count++] = path;
        FILE *facts = fopen(result_path(i, "facts"), "re");
        if (!facts || !facts_read(facts))
            return complain("%s: facts cannot be read", path_shown(vet.unit[i].file));
        fclose(facts);
    }
    int status = count ? ir_read(bitcode, count) : 0;
    FILE *out = fopen(result_path(vet.units, "found"), "we");
    if (status != 0 || !out)
        return STATUS_TROUBLE;
    findings_write(out);
    fputs("end\n", out);
    return fclose(out) == 0 ? 0 : STATUS_TROUBLE;
}

static void gather(size_t n)
{
    FILE *in = fopen(result_path(n, "found"), "re");
    if (!in)
        return;
    if (!findings_read(in) || !ignores_read(in))
        vet.trouble = true;
    fclose(in);
}

static pid_t begin(int (*work)(size_t), size_t n)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS_PER_FILE);
        _exit(work(n));
    }
    if (child < 0) {
        complain("no new process: %s", strerror(errno));
        vet.trouble = true;
    }
    return child;
}

static void end(pid_t child, int status, const char *name)
{
    (void)child;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    vet.trouble = true;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        complain("%s: not done after %d seconds", name, SECONDS_PER_FILE);
    else if (WIFSIGNALED(status))
        complain("%s: the analysis ended by a signal: %s", name, strsignal(WTERMSIG(status)));
}

static void run_all(void)
{
    pid_t *child = zeroed(vet.units, sizeof *child);
    size_t next = 0;
    long running = 0;
    while (next < vet.units || running > 0) {
        while (next < vet.units && running < vet.jobs) {
            child[next] = begin(analyse, next);
            running += child[next] > 0;
            next++;
        }
        int status;
        pid_t done = running > 0 ? wait(&status) : -1;
        for (size_t i = 0; done > 0 && i < next; i++)
            if (child[i] == done) {
                running--;
                end(done, status, path_shown(vet.unit[i].file));
            }
    }
    for (size_t i = 0; i < vet.units; i++)
        gather(i);
    if (vet.whole) {
        int status;
        pid_t all = begin(analyse_whole, 0);
        if (all > 0 && waitpid(all, &status, 0) == all)
            end(all, status, "the whole program");
        gather(vet.units);
    }
    free(child);
}

static void clean_up(void)
{
    DIR *folder = opendir(vet.folder);
    if (folder) {
        for (struct dirent *e; (e = readdir(folder));)
            if (e->d_name[0] != '.')
                unlink(text("%s/%s", vet.folder, e->d_name));
        closedir(folder);
    }
    rmdir(vet.folder);
}

/* ---- the outcome -------------------------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
    const struct finding *a = x, *b = y;
    int files = strcmp(a->at.file, b->at.file);
    if (files)
        return files;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col)
        return a->at.col < b->at.col ? -1 : 1;
    return (int)a->check - (int)b->check;
}

/* Take out what comments silence, and what is said about our own headers. */
static void sift(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < finding_count; i++) { /* which may grow meanwhile */
        struct finding f = findings[i];
        if (!is_ours(f.at.file) && !ignored(&f) && !folder_ignores(f.at.file, f.check))
            findings[kept++] = f;
    }
    finding_count = kept;
    ignore_check();
    if (finding_count)
        qsort(findings, finding_count, sizeof *findings, by_place);
}

static int outcome(void)
{
    bool errors = false;
    for (size_t i = 0; i < finding_count; i++)
        errors |= checks[findings[i].check].level == LEVEL_E || vet.strict;
    return vet.trouble ? STATUS_TROUBLE : errors ? 1 : STATUS_OK;
}

/* ---- the command line ----------------------------------------------------------------------------- */

static void switch_level(enum level level, bool on)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        if (checks[i].level == level)
            checks[i].on = on;
}

/*
 * A list of checks and levels (E, W, A, all).  When it begins with + or - it changes the usual
 * choice, else it replaces it.
 */
static int choose(const char *list)
{
    if (*list != '+' && *list != '-')
        for (int i = 0; i < CHECK_COUNT; i++)
            checks[i].on = false;
    while (*list) {
        bool on = *list != '-';
        list += *list == '+' || *list == '-';
        size_t n = strcspn(list, ",");
        int named = check_named(list, n);
        if (n == 1 && strchr("EWA", *list))
            switch_level(*list == 'E' ? LEVEL_E : *list == 'W' ? LEVEL_W : LEVEL_A, on);
        else if (n == 3 && strncmp(list, "all", 3) == 0)
            switch_level(LEVEL_E, on), switch_level(LEVEL_W, on), switch_level(LEVEL_A, on);
        else if (named >= 0)
            checks[named].on = on;
        else
            return complain("no check is called %.*s; weft vet -list shows them", (int)n, list);
        list += n;
        list += *list == ',';
    }
    return 0;
}

static int show_list(void)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        printf("%-12s %c  %s\n", checks[i].name, "EWA"[checks[i].level], checks[i].text);
    return STATUS_OK;
}

static int show_page(const char *name)
{
    if (!name) {
        fputs(usage, stdout);
        return STATUS_OK;
    }
    const char *page = check_page(name);
    if (!page)
        return complain("no check is called %s; weft vet -list shows them", name);
    fputs(page, stdout);
    return STATUS_OK;
}

static int parse(char **args, bool *done)
{
    for (; *args; args++) {
        const char *a = *args;
        const char **value = NULL, *checks_given = NULL, *jobs = NULL;
        if (strcmp(a, "-checks") == 0)
            value = &checks_given;
        else if (strcmp(a, "-p") == 0)
            value = &vet.database;
        else if (strcmp(a, "-j") == 0)
            value = &jobs;
        else if (strcmp(a, "-include-dir") == 0)
            value = &vet_include;
        if (value) {
            if (!args[1])
                return complain("%s needs a value", a);
            *value = *++args;
            if (checks_given && choose(checks_given) != 0)
                return STATUS_TROUBLE;
            if (jobs && (vet.jobs = atol(jobs)) < 1)
                return complain("-j needs a number from 1 on, not %s", jobs);
        } else if (strcmp(a, "-json") == 0) {
            vet.format = FORMAT_JSON;
        } else if (strcmp(a, "-sarif") == 0) {
            vet.format = FORMAT_SARIF;
        } else if (strcmp(a, "-whole") == 0) {
            vet.whole = true;
        } else if (strcmp(a, "-strict") == 0) {
            vet.strict = true;
        } else if (strcmp(a, "-safety") == 0) {
            if (VET_LLVM < 22)
                return complain("-safety needs weft built with LLVM 22 or newer, not %d", VET_LLVM);
            vet.safety = true;
        } else if (strcmp(a, "-foreign") == 0) {
            vet.foreign = true;
        } else if (strcmp(a, "-list") == 0) {
            *done = true;
            return show_list();
        } else if (strcmp(a, "-help") == 0 || strcmp(a, "--help") == 0) {
            *done = true;
            return show_page(args[1]);
        } else if (a[0] == '-' && a[1]) {
            bool took_next;
            if (!flag_take(&vet.flags, a, args[1], &took_next))
                return complain("%s needs a value", a);
            args += took_next;
        } else {
            list_add(&vet.paths, a);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    speaker = "weft vet";
    path_begin();
    vet.jobs = sysconf(_SC_NPROCESSORS_ONLN);
    bool done = false;
    int status = parse(argv + 1, &done);
    if (status != 0 || done)
        return status;
    if (!vet_include)
        return complain("called without -include-dir: weft vet does that");
    vet_include = path_key(vet_include, NULL);
    if (!vet.database && vet.paths.count == 0)
        return complain("no file or folder given");
    status = vet.database ? add_database() : add_paths();
    if (status != 0)
        return status;
    if (vet.units == 0)
        return complain("no .c file in what was given, or all are silenced by a vet-ignore");

    const char *place = getenv("TMPDIR");
    vet.folder = text("%s/weft-vet-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(vet.folder))
        return complain("cannot make a folder %s: %s", vet.folder, strerror(errno));
    run_all();
    clean_up();
    sift();
    output(vet.format);
    if (fflush(stdout) != 0)
        return complain("standard output: %s", strerror(errno));
    return outcome();
}
