/* SPDX-License-Identifier: MIT */
/*
 * cmd_run.c - `weft run`: compile C files to a temporary program, run it, and end as it ends.
 *
 * The program must exist as a file until it has ended, because its reports read their line numbers
 * from there.  So this process stays, as the parent, and removes it afterwards.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h> /* unlinkat */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "argv.h"
#include "child.h"
#include "commands.h"
#include "compile.h"
#include "complain.h"

/* Whatever flags made the compiler leave beside the program (-MMD, -gsplit-dwarf) goes with it. */
static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder) {
        for (struct dirent *entry; (entry = readdir(folder));)
            unlinkat(dirfd(folder), entry->d_name, 0);
        closedir(folder);
    }
    rmdir(path);
}

/* The status to end with; a signal that ended the program is left in @signalled. */
static int run_program(const struct compile *c, const char *path, int *signalled)
{
    struct list shown = {0};
    list_add(&shown, path);
    for (size_t i = 1; i < c->program.count; i++)
        list_add(&shown, c->program.item[i]);
    compile_say(c, &shown);
    struct ending end = child_run(path, &c->program, compile_fixed_addresses(c));
    if (end.error && access(path, F_OK) != 0)
        return complain("the compiler made no program");
    if (end.error == EACCES)
        return complain("cannot run %s: %s; TMPDIR names another place", path, strerror(end.error));
    if (end.error)
        return complain("cannot run %s: %s", path, strerror(end.error));
    if (WIFSIGNALED(end.status)) {
        *signalled = WTERMSIG(end.status);
        return STATUS_TROUBLE;
    }
    return WEXITSTATUS(end.status);
}

static int run(char **args)
{
    struct compile c = {0};
    int status = compile_parse(&c, args);
    if (status != 0)
        return status;
    if (c.output)
        return complain("-o is for weft build; the program is temporary here");

    child_hold_signals();
    const char *place = getenv("TMPDIR");
    char *folder = text("%s/weft-run-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(folder))
        return complain("cannot make a folder %s: %s", folder, strerror(errno));
    const char *program = text("%s/%s", folder, c.name);

    int signalled = 0;
    status = compile_to(&c, program, &signalled);
    if (status == 0)
        status = run_program(&c, program, &signalled);
    remove_folder(folder);
    if (signalled)
        end_by_signal(signalled);
    return status;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "compile C files and run the program",
    .usage =
        "usage: weft run [FLAGS] FILE.c... [-- ARGUMENTS]\n"
        "\n"
        "Compiles and links the files with weft, as weft build does and with its flags, runs the\n"
        "program with the arguments, and removes it afterwards.\n"
        "\n"
        "    -race     find data races at run time (ThreadSanitizer)\n"
        "    -asan     find wrong uses of memory at run time (AddressSanitizer)\n"
        "    -ubsan    find undefined behaviour at run time\n"
        "    -v        show the commands\n"
        "\n"
        "All other flags are the compiler's. The temporary program is in TMPDIR, else in /tmp.\n"
        "Signals sent to weft go to the program.\n"
        "\n"
        "Exit status: the program's; 1 when the compiler found errors; 2 when something else\n"
        "went wrong. A program that a signal ended ends weft by the same signal.\n",
    .run = run,
};
