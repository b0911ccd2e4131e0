/* SPDX-License-Identifier: MIT */
/*
 * paths.h - one name for each file, whoever spells it.
 *
 * libclang, bitcode and the database name files relative to different folders.  Inside they are all
 * absolute; a reader sees them relative to the folder that vet was called in.
 */
#ifndef WEFT_VET_PATHS_H
#define WEFT_VET_PATHS_H

#include "vet.h"

/* path_begin - remember the current folder as the one to show paths from. */
void path_begin(void);

/* path_key - the absolute name; relative ones start at @folder, NULL: the current one. */
key path_key(const char *name, const char *folder);

/* path_shown - as the user reads it. */
const char *path_shown(key path);

#endif /* WEFT_VET_PATHS_H */
