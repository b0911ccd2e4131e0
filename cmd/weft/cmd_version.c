/* SPDX-License-Identifier: MIT */
/*
 * cmd_version.c - `weft version`: the command's own version and the machine it builds for.
 */
#include <stdio.h>
#include <weft/base.h>

#include "commands.h"
#include "complain.h"

static int run(char **args)
{
    if (args[0])
        return complain("takes no arguments, not %s", args[0]);
    puts("weft version " WEFT_VERSION " " WEFT_TARGET);
    return STATUS_OK;
}

const struct command cmd_version = {
    .name = "version",
    .summary = "show weft's version",
    .usage = "usage: weft version\n"
             "\n"
             "Shows the command's version and the system it was built for. The version of the\n"
             "library that programs get is in weft env WEFT_VERSION.\n",
    .run = run,
};
