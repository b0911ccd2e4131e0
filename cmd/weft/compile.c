/* SPDX-License-Identifier: MIT */
/*
 * compile.c - from a command line to a program; see compile.h for the order of the flags.
 *
 * The compiler's own flags are not known here, with two exceptions: those that take their value as
 * a separate word, lest the value be taken for a file, and those that make something else than a
 * program.
 */
#include "compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "complain.h"
#include "directive.h"
#include "home.h"

const char *const compile_flags[] = {
    "-g",
    "-O2",
    "-fno-omit-frame-pointer",
#if defined(__x86_64__)
    "-fstack-clash-protection", /* a large frame touches the guard page, not what lies below */
#endif
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
    NULL,
};

const char *const compile_libs[] = {"-lpthread", "-ldl", "-lm", NULL};

/* Flags of gcc and clang whose value may be the next word. */
/* clang-format off */
static const char *const takes_word[] = {
    "-o", "-I", "-D", "-U", "-L", "-l", "-include", "-imacros", "-isystem", "-iquote",
    "-idirafter", "-iprefix", "-iwithprefix", "-iwithprefixbefore", "-isysroot", "-x", "-MF",
    "-MT", "-MQ", "-T", "-u", "-e", "-z", "-A", "-B", "-Xlinker", "-Xassembler",
    "-Xpreprocessor", "-Xclang", "-mllvm", "-target", "-aux-info", "-dumpbase", "-dumpdir",
    "-wrapper", "--param", "--sysroot", "-arch",
};
/* clang-format on */

static const char *const makes_no_program[] = {"-c", "-S", "-E", "-M", "-MM"};

static const char *const input_suffix[] = {".c", ".i", ".s", ".S", ".o", ".a", ".so"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool is_input(const char *name)
{
    for (size_t i = 0; i < COUNT(input_suffix); i++)
        if (has_suffix(name, input_suffix[i]))
            return true;
    return strstr(name, ".so.") != NULL; /* libx.so.1 */
}

static int take_file(struct compile *c, const char *path)
{
    struct stat info;
    const char *file = base_name(path);
    if (stat(path, &info) != 0 || (!S_ISDIR(info.st_mode) && access(path, R_OK) != 0))
        return complain("%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return complain("%s: is a folder, not a file", path);
    if (!is_input(file))
        return complain("%s: is not a .c, .S, .o, .a or .so file; the program's own arguments "
                        "come after --",
                        path);
    list_add(&c->args, path);
    bool is_source = has_suffix(file, ".c");
    if (!c->name || (is_source && !c->has_source))
        c->name = text("%.*s", (int)(strrchr(file, '.') - file), file);
    c->has_source |= is_source;
    return is_source ? directive_read(path, &c->flags, &c->libs) : 0;
}

/* Flags of our own; false for all others. */
static bool take_own_flag(struct compile *c, const char *flag)
{
    if (strcmp(flag, "-v") == 0) {
        c->verbose = true;
    } else if (strcmp(flag, "-race") == 0) {
        c->race = true;
        list_add(&c->args, "-fsanitize=thread");
    } else if (strcmp(flag, "-asan") == 0) {
        list_add(&c->args, "-fsanitize=address");
    } else if (strcmp(flag, "-ubsan") == 0) {
        list_add(&c->args, "-fsanitize=undefined");
    } else {
        return false;
    }
    return true;
}

bool compile_takes_word(const char *flag) { return among(flag, takes_word, COUNT(takes_word)); }

int compile_take_flag(struct compile *c, char ***args)
{
    const char *flag = **args;
    if (take_own_flag(c, flag))
        return 0;
    if (among(flag, makes_no_program, COUNT(makes_no_program)))
        return complain("%s makes no program; call the compiler itself, see weft help env", flag);

    const char *value = NULL;
    if (compile_takes_word(flag)) {
        value = (*args)[1];
        if (!value)
            return complain("%s needs a value", flag);
        ++*args;
    }
    if (strncmp(flag, "-o", 2) == 0) {
        c->output = value ? value : flag + 2;
        return 0;
    }
    if (strncmp(flag, "-x", 2) == 0)
        c->other_languages = true;
    if (strncmp(flag, "-fsanitize=", 11) == 0 && strstr(flag, "thread"))
        c->race = true;
    list_add(&c->args, flag);
    if (value)
        list_add(&c->args, value);
    return 0;
}

int compile_parse(struct compile *c, char **args)
{
    for (; *args; args++) {
        if (strcmp(*args, "--") == 0) {
            c->has_dashes = true;
            args++;
            break;
        }
        int status = **args == '-' ? compile_take_flag(c, &args) : take_file(c, *args);
        if (status != 0)
            return status;
    }
    if (!c->name)
        return complain("no C file given");
    list_add(&c->program, c->name);
    for (; *args; args++)
        list_add(&c->program, *args);
    return 0;
}

int compile_compiler(struct list *command)
{
    const char *cc = getenv("CC");
    if (cc && !list_add_words(command, cc))
        return complain("CC has an open quote: %s", cc);
    if (command->count == 0)
        list_add(command, "cc");
    return 0;
}

void compile_say(const struct compile *c, const struct list *command)
{
    if (c->verbose)
        fprintf(stderr, "%s\n", list_line(command));
}

void compile_add_library(struct list *command, const struct compile *c, const struct home *home)
{
    if (c->race) /* the part of the library for the start of such programs */
        list_add(command, "-Wl,-u,weft__race_start");
    list_add(command, home->archive);
    for (size_t i = 0; compile_libs[i]; i++)
        list_add(command, compile_libs[i]);
}

/* The archive of a module of weft, from -lweft_NAME; NULL for other libraries. */
static const char *module_archive(const char *lib, const struct home *home)
{
    const char *module = "-lweft_";
    return strncmp(lib, module, strlen(module)) == 0 ? text("%s/lib%s.a", home->lib, lib + 2)
                                                     : NULL;
}

void compile_add_libs(struct list *command, const struct list *libs, const struct home *home)
{
    for (size_t i = 0; i < libs->count; i++) {
        const char *archive = module_archive(libs->item[i], home);
        list_add(command, archive ? archive : libs->item[i]);
    }
}

/* Complain, better than the linker would, about a module that is not there. */
static int check_modules(const struct list *libs, const struct home *home)
{
    for (size_t i = 0; i < libs->count; i++) {
        const char *archive = module_archive(libs->item[i], home);
        if (archive && access(archive, R_OK) != 0)
            return complain("%s: %s (<weft/%s.h> needs it; weft was built without what that "
                            "stands on, see README.md)",
                            archive, strerror(errno), libs->item[i] + strlen("-lweft_"));
    }
    return 0;
}

/* The whole call of the compiler, in the order that compile.h promises. */
static int compose(const struct compile *c, const char *output, struct list *command)
{
    struct home home;
    int status = home_find(&home);
    if (status == 0)
        status = home_check(&home);
    if (status == 0)
        status = check_modules(&c->libs, &home);
    if (status == 0)
        status = compile_compiler(command);
    if (status != 0)
        return status;
    for (size_t i = 0; compile_flags[i]; i++)
        list_add(command, compile_flags[i]);
    list_add_all(command, &c->flags);
    list_add_all(command, &c->args);
    list_add(command, text("-I%s", home.include));
    if (c->other_languages) {
        list_add(command, "-x");
        list_add(command, "none");
    }
    compile_add_libs(command, &c->libs, &home);
    compile_add_library(command, c, &home);
    list_add(command, "-o");
    list_add(command, output);
    return 0;
}

int compile_to(const struct compile *c, const char *output, int *signalled)
{
    struct list command = {0};
    int status = compose(c, output, &command);
    if (status != 0)
        return status;
    compile_say(c, &command);

    const char *compiler = command.item[0];
    struct ending end = child_run(compiler, &command, false);
    if (end.error == ENOENT)
        return complain("compiler %s not found; CC names another", compiler);
    if (end.error)
        return complain("compiler %s: %s", compiler, strerror(end.error));
    *signalled = end.signalled;
    if (WIFSIGNALED(end.status)) {
        int signal = WTERMSIG(end.status);
        return end.signalled ? STATUS_COMPILE
                             : complain("compiler %s: %s", compiler, strsignal(signal));
    }
    return WEXITSTATUS(end.status) == 0 && !end.signalled ? 0 : STATUS_COMPILE;
}

/*
 * ThreadSanitizer keeps fixed places in the address space for itself.  Older ones die at the start
 * when the kernel randomises by more than 28 bits; newer ones start again without it, as we do.
 */
bool compile_fixed_addresses(const struct compile *c)
{
    if (!c->race)
        return false;
    int bits = 0;
    FILE *file = fopen("/proc/sys/vm/mmap_rnd_bits", "re");
    if (!file)
        return false;
    bool known = fscanf(file, "%d", &bits) == 1;
    fclose(file);
    return known && bits > 28;
}
