/* SPDX-License-Identifier: MIT */
/*
 * directive.h - what a source says about its own compilation: its `//weft:` lines, and the modules
 * of weft that it includes.
 */
#ifndef WEFT_CMD_DIRECTIVE_H
#define WEFT_CMD_DIRECTIVE_H

#include "argv.h"

/*
 * directive_read - collect the flags of the `//weft:` lines of a source, and what the modules need.
 *
 * Those for the linker, -L and -l, go to @libs because their place is behind the objects.
 * Returns 0, or the status of a complaint that names file and line.
 */
int directive_read(const char *path, struct list *flags, struct list *libs);

#endif /* WEFT_CMD_DIRECTIVE_H */
