/* SPDX-License-Identifier: MIT */
/* Keys of values. */
#include <weft.h>
struct user { int id; };
static char user_key;
#define TRACE "trace"
static const char name[] = "name";

weft_ctx *text(weft_ctx *p, struct user *u) { return weft_ctx_with_value(p, "user", u); } //! ctxkey
weft_ctx *number(weft_ctx *p, struct user *u) { return weft_ctx_with_value(p, (void *)7, u); } //! ctxkey
weft_ctx *macro(weft_ctx *p, struct user *u) { return weft_ctx_with_value(p, TRACE, u); } //! ctxkey

weft_ctx *address(weft_ctx *p, struct user *u) { return weft_ctx_with_value(p, &user_key, u); }
weft_ctx *object(weft_ctx *p, struct user *u) { return weft_ctx_with_value(p, name, u); }
weft_ctx *given(weft_ctx *p, const void *key, struct user *u) { return weft_ctx_with_value(p, key, u); }
