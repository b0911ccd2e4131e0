/* SPDX-License-Identifier: MIT */
/*
 * cmd_help.c - `weft help`: the list of commands, or the text of one.
 */
#include <stdio.h>

#include "commands.h"
#include "complain.h"

static int run(char **args)
{
    if (args[0] && args[1])
        return complain("one command at a time, not also %s", args[1]);
    if (args[0]) {
        const struct command *command = command_named(args[0]);
        if (!command)
            return complain("unknown command %s; weft help lists them", args[0]);
        fputs(command->usage, stdout);
        return STATUS_OK;
    }
    puts("weft brings Go's concurrency to C.\n"
         "\n"
         "usage: weft COMMAND [ARGUMENTS]\n");
    for (size_t i = 0; commands[i]; i++)
        printf("    %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nweft help COMMAND says more about one.");
    return STATUS_OK;
}

const struct command cmd_help = {
    .name = "help",
    .summary = "show this, or more about a command",
    .usage = "usage: weft help [COMMAND]\n"
             "\n"
             "Lists the commands, or describes one.\n",
    .run = run,
};
