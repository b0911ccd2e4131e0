/* SPDX-License-Identifier: MIT */
/*
 * commands.h - the commands that `weft` knows, one function and one file each.
 *
 * Each takes the words behind its name, up to a NULL, and returns the exit status.
 */
#ifndef WEFT_CMD_COMMANDS_H
#define WEFT_CMD_COMMANDS_H

struct command {
    const char *name;
    const char *summary; /* one line for the list in `weft help` */
    const char *usage;   /* the whole text for `weft help NAME` */
    int (*run)(char **args);
};

extern const struct command cmd_run, cmd_build, cmd_test, cmd_vet, cmd_env, cmd_version, cmd_help;

/* All of them, in the order in which help shows them, ending in NULL. */
extern const struct command *const commands[];

/* command_named - the command, or NULL. */
const struct command *command_named(const char *name);

#endif /* WEFT_CMD_COMMANDS_H */
