/* SPDX-License-Identifier: MIT */
#include <weft.h>
#include <pthread.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
void bad(weft_ctx *c) { pthread_mutex_lock(&m); weft_sleep(c, 1); pthread_mutex_unlock(&m); } //! oslockwait
void good(weft_ctx *c) { pthread_mutex_lock(&m); pthread_mutex_unlock(&m); weft_sleep(c, 1); }
