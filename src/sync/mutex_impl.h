/* SPDX-License-Identifier: MIT */
/* What a condition variable needs of the mutex. */
#ifndef WEFT_SRC_MUTEX_IMPL_H
#define WEFT_SRC_MUTEX_IMPL_H

#include "weft/sync.h"

/* weft__mutex_lock - lock it for the user's call at @pc. */
void weft__mutex_lock(weft_mutex *mu, uintptr_t pc);

#endif /* WEFT_SRC_MUTEX_IMPL_H */
