/* SPDX-License-Identifier: MIT */
/*
 * cmd_build.c - `weft build`: compile C files into a program that stays.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argv.h"
#include "child.h"
#include "commands.h"
#include "compile.h"
#include "complain.h"

/* The compiler would find out too, but only after its work and in more than one line. */
static int check_writable(const char *path)
{
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (there && S_ISDIR(info.st_mode))
        return complain("cannot write %s: it is a folder; -o names another file", path);
    if (access(there ? path : dir_name(path), W_OK) != 0)
        return complain("cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int run(char **args)
{
    struct compile c = {0};
    int status = compile_parse(&c, args);
    if (status != 0)
        return status;
    if (c.has_dashes)
        return complain("-- is for weft run; nothing runs here");
    const char *output = c.output ? c.output : c.name;
    status = check_writable(output);
    if (status != 0)
        return status;

    int signalled = 0;
    child_hold_signals();
    status = compile_to(&c, output, &signalled);
    if (signalled)
        end_by_signal(signalled);
    return status;
}

const struct command cmd_build = {
    .name = "build",
    .summary = "compile C files into a program",
    .usage =
        "usage: weft build [FLAGS] FILE.c... [-o OUT]\n"
        "\n"
        "Compiles and links the files with weft. The program is named after the first file and\n"
        "written to the current folder; -o names another place.\n"
        "\n"
        "    -race     find data races at run time (ThreadSanitizer)\n"
        "    -asan     find wrong uses of memory at run time (AddressSanitizer)\n"
        "    -ubsan    find undefined behaviour at run time\n"
        "    -v        show the compiler's command\n"
        "\n"
        "All other flags are the compiler's: -D -I -L -l -O -W -std= and so on. They win over\n"
        "those that weft passes (weft env CFLAGS). The compiler is CC, else cc. A file may name\n"
        "what it needs in a line of its own: //weft: -lcrypto\n"
        "\n"
        "Exit status: 0; 1 when the compiler found errors; 2 when something else went wrong.\n",
    .run = run,
};
