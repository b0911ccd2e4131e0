/* SPDX-License-Identifier: MIT */
/*
 * vet.h - where weft-vet is, for those who run it.
 */
#ifndef WEFT_CMD_VET_H
#define WEFT_CMD_VET_H

#include "home.h"

/* vet_program - its path, or NULL: weft was built without libclang and LLVM. */
const char *vet_program(const struct home *home);

/* vet_missing - what there is to do then, for a complaint. */
extern const char vet_missing[];

#endif /* WEFT_CMD_VET_H */
