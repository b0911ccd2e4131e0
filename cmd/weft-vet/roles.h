/* SPDX-License-Identifier: MIT */
/*
 * roles.h - what a function is to the checks; roles.def has the list.
 */
#ifndef WEFT_VET_ROLES_H
#define WEFT_VET_ROLES_H

#include "vet.h"

/* role_named - the role that an annotation names, or ROLE_NONE. */
enum role role_named(const char *word, size_t length);

/* roles_foreign - make facts of what is known about libc and pthreads. */
void roles_foreign(void);

#endif /* WEFT_VET_ROLES_H */
