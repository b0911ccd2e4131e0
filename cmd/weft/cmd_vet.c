/* SPDX-License-Identifier: MIT */
/*
 * cmd_vet.c - `weft vet`: find weft-vet and let it do the work.
 *
 * That program needs libclang and LLVM and is built only where they are.  It stands beside this one
 * in a build tree, and in libexec/weft of an installation.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "argv.h"
#include "child.h"
#include "commands.h"
#include "complain.h"
#include "home.h"
#include "vet.h"

const char vet_missing[] =
    "it needs libclang and LLVM, which weft was built without: install "
    "libclang-14-dev, llvm-14-dev and clang-14, or newer, and build weft again";

const char *vet_program(const struct home *home)
{
    const char *libexec = WEFT_INSTALL_LIBEXECDIR;
    const char *places[] = {
        text("%s/weft-vet", home->dir),
        libexec[0] == '/' ? text("%s/weft/weft-vet", libexec)
                          : text("%s/%s/weft/weft-vet", home->dir, libexec),
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static int run(char **args)
{
    struct home home;
    int status = home_find(&home);
    if (status != 0)
        return status;
    const char *program = vet_program(&home);
    if (!program)
        return complain("%s", vet_missing);

    struct list command = {0};
    list_add(&command, program);
    list_add(&command, "-include-dir");
    list_add(&command, home.include);
    for (; *args; args++)
        list_add(&command, *args);
    fflush(stdout);
    child_hold_signals();
    struct ending end = child_run(program, &command, false);
    if (end.error)
        return complain("cannot run %s: %s", program, strerror(end.error));
    if (WIFSIGNALED(end.status))
        end_by_signal(WTERMSIG(end.status));
    /* The loader has said which library it misses. */
    if (WEXITSTATUS(end.status) == 127)
        return complain("%s", vet_missing);
    return WEXITSTATUS(end.status);
}

const struct command cmd_vet = {
    .name = "vet",
    .summary = "find mistakes with goroutines without running the program",
    .usage =
        "usage: weft vet [FLAGS] PATHS\n"
        "       weft vet [FLAGS] -p BUILD_DIR [PATHS]\n"
        "       weft vet -list\n"
        "       weft vet -help CHECK\n"
        "\n"
        "Reads C files, and all .c files below folders, and reports what is wrong or nearly "
        "always\n"
        "wrong: one line each, with the name of the check at its end.\n"
        "\n"
        "    -p DIR          files and flags from DIR/compile_commands.json\n"
        "    -whole          the files are one program: look across them, too\n"
        "    -checks LIST    only these, as names and levels: E (mistakes), W (warnings), A "
        "(advice),\n"
        "                    all; a list that begins with + or - changes the usual choice, E,W\n"
        "    -strict         end with 1 for warnings, too\n"
        "    -safety         add what clang's own -Wthread-safety says, from LLVM 22 on\n"
        "    -foreign        look at files that do not include weft, too\n"
        "    -json, -sarif   for programs to read\n"
        "    -j N            so many processes; default: one a processor\n"
        "    -list           name all checks\n"
        "    -help CHECK     why, what to write instead, and how to silence it\n"
        "\n"
        "-D -I -U -std= and the like are passed to clang, and so are the //weft: lines of a file.\n"
        "Files that do not include weft are not looked at.\n"
        "\n"
        "A comment silences a check for its line, or alone in a line for the next one, or for the\n"
        "function that begins there:  // weft:ignore CHECK the reason\n"
        "A file vet-ignore in a folder has lines \"CHECK the reason\" for all of the folder's "
        "files, or\n"
        "\"all the reason\": then they are not read unless they are named.\n"
        "\n"
        "Exit status: 0; 1 when there are mistakes; 2 when a file could not be analysed.\n",
    .run = run,
};
