/* SPDX-License-Identifier: MIT */
/*
 * clang.h - the flags of a compilation that vet heeds.
 */
#ifndef WEFT_VET_CLANG_H
#define WEFT_VET_CLANG_H

#include "vet.h"

/*
 * flag_take - add a flag to those of a file, or drop it when it changes nothing for vet.
 *
 * @next is the word behind it; @took_next tells whether that belongs to it.  False when it lacks
 * its value.
 */
bool flag_take(struct list *flags, const char *flag, const char *next, bool *took_next);

#endif /* WEFT_VET_CLANG_H */
