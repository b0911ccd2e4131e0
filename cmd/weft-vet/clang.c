/* SPDX-License-Identifier: MIT */
/*
 * clang.c - calling the compiler: its arguments, bitcode, and its own analysis of locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clang.h"
#include "paths.h"

extern char **environ;
const char *vet_include;

bool is_ours(key path)
{
    size_t n = strlen(vet_include);
    return path && strncmp(path, vet_include, n) == 0 && path[n] == '/';
}

/* ---- flags ------------------------------------------------------------------------------------- */

static bool starts(const char *word, const char *with)
{
    return strncmp(word, with, strlen(with)) == 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Those that change what the text means; clang does not know all that gcc has. */
bool flag_take(struct list *flags, const char *flag, const char *next, bool *took_next)
{
    static const char *const with_word[] = {"-I",        "-D",        "-U",      "-include",
                                            "-imacros",  "-isystem",  "-iquote", "-idirafter",
                                            "-isysroot", "--sysroot", NULL};
    static const char *const joined[] = {"-I",      "-D",         "-U",         "-std=", "-isystem",
                                         "-iquote", "-idirafter", "--sysroot=", NULL};
    static const char *const plain[] = {"-m32",
                                        "-m64",
                                        "-pthread",
                                        "-fsigned-char",
                                        "-ansi",
                                        "-funsigned-char",
                                        "-fshort-enums",
                                        "-fms-extensions",
                                        "-fplan9-extensions",
                                        "-fno-builtin",
                                        "-nostdinc",
                                        "-ffreestanding",
                                        "-undef",
                                        NULL};
    static const char *const dropped_word[] = {
        "-o",      "-L",       "-l",          "-MF",
        "-MT",     "-MQ",      "-x",          "-T",
        "-u",      "-e",       "-z",          "-A",
        "-B",      "-Xlinker", "-Xassembler", "-Xpreprocessor",
        "-Xclang", "--param",  "-arch",       "-target",
        NULL};
    *took_next = false;
    if (is_one_of(flag, with_word) || is_one_of(flag, dropped_word)) {
        if (!next)
            return false;
        *took_next = true;
        if (is_one_of(flag, with_word)) {
            list_add(flags, flag);
            list_add(flags, next);
        }
        return true;
    }
    for (const char *const *j = joined; *j; j++)
        if (starts(flag, *j)) {
            list_add(flags, flag);
            return true;
        }
    if (is_one_of(flag, plain))
        list_add(flags, flag);
    return true;
}

void unit_arguments(const struct unit *u, struct list *args)
{
    list_add(args, text("-I%s", vet_include));
    list_add_all(args, &u->flags);
    list_add(args, "-DWEFT_VET");
    list_add(args, "-w");
    list_add(args, "-Wno-error");
}

/* ---- running it -------------------------------------------------------------------------------- */

/* Its exit status; what it says on standard error goes to @errors. */
static int run(const struct list *args, int errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    pid_t child;
    int error =
        posix_spawn(&child, args->item[0], &actions, NULL, (char *const *)args->item, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return -error;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int ir_make(const struct unit *u, const char *bitcode)
{
    struct list args = {0};
    list_add(&args, VET_CLANG);
    unit_arguments(u, &args);
    static const char *const ours[] = {
        "-O0",        "-gline-tables-only",     "-Xclang", "-disable-O0-optnone",
        "-emit-llvm", "-fno-color-diagnostics", "-c",      "-o"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        list_add(&args, ours[i]);
    list_add(&args, bitcode);
    list_add(&args, u->file);
    int status = run(&args, STDERR_FILENO);
    if (status < 0)
        return complain("%s: %s", VET_CLANG, strerror(-status));
    if (status > 0)
        return complain("%s: clang made no bitcode of it", path_shown(u->file));
    return 0;
}

/* ---- -Wthread-safety ----------------------------------------------------------------------------- */

/* Before 22 it does not follow the ends of scopes in C; see weft/annotate.h. */
void safety_read(const struct unit *u)
{
    if (VET_LLVM < 22)
        return;
    FILE *said = tmpfile();
    if (!said)
        return;
    struct list args = {0};
    list_add(&args, VET_CLANG);
    struct list flags = {0};
    unit_arguments(u, &flags);
    for (size_t i = 0; i < flags.count; i++)
        if (strcmp(flags.item[i], "-w") != 0)
            list_add(&args, flags.item[i]);
    static const char *const ours[] = {"-Wno-everything",        "-Wthread-safety",
                                       "-Wthread-safety-beta",   "-fsyntax-only",
                                       "-fno-color-diagnostics", "-fno-caret-diagnostics"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        list_add(&args, ours[i]);
    list_add(&args, u->file);
    run(&args, fileno(said));
    rewind(said);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, said) >= 0) {
        char *mark = strstr(line, ": warning: ");
        if (!mark || !strstr(mark, "[-Wthread-safety"))
            continue;
        *mark = 0;
        char *message = mark + strlen(": warning: ");
        *strstr(message, " [-Wthread-safety") = 0;
        char *col = strrchr(line, ':');
        if (!col)
            continue;
        *col++ = 0;
        char *number = strrchr(line, ':');
        if (!number)
            continue;
        *number++ = 0;
        struct place at = {path_key(line, NULL), (unsigned)atoi(number), (unsigned)atoi(col)};
        /* What annotations of the user's say is new; the rest is known better here. */
        if (strstr(message, "requires holding"))
            found(CHECK_guardedby, at, "%s", message);
    }
    free(line);
    fclose(said);
}
