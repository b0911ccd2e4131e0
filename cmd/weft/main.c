/* SPDX-License-Identifier: MIT */
/*
 * main.c - `weft COMMAND ARGUMENTS`: find the command, let it run, and see its output off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "argv.h"
#include "commands.h"
#include "complain.h"

const struct command *const commands[] = {
    &cmd_run, &cmd_build, &cmd_test, &cmd_vet, &cmd_env, &cmd_version, &cmd_help, NULL,
};

const struct command *command_named(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 || strcmp(word, "--help") == 0;
}

static int dispatch(char **args)
{
    const char *name = args[0];
    if (!name)
        return complain("no command given; weft help lists them");
    if (asks_for_help(name))
        name = "help";
    if (strcmp(name, "-version") == 0 || strcmp(name, "--version") == 0)
        name = "version";
    if (name[0] == '-')
        return complain("unknown flag %s; weft help lists the commands", name);
    const struct command *command = command_named(name);
    if (!command)
        return complain("unknown command %s; weft help lists them", name);

    speaker = text("weft %s", name);
    bool has_topic = command == &cmd_vet && args[1] && args[2]; /* weft vet -help CHECK */
    if (args[1] && asks_for_help(args[1]) && !has_topic) {
        fputs(command->usage, stdout);
        return STATUS_OK;
    }
    return command->run(args + 1);
}

int main(int argc, char **argv)
{
    int status = argc > 0 ? dispatch(argv + 1) : complain("no command given");
    if (fflush(stdout) != 0 || ferror(stdout))
        status = complain("standard output: %s", strerror(errno));
    return status;
}
