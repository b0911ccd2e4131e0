/* SPDX-License-Identifier: MIT */
/*
 * weft/group.h - goroutines that succeed together or stop together.
 *
 *     weft_auto(weft_group, g) = weft_group_new(ctx);
 *     for (int i = 0; i < n; i++)
 *         weft_group_go(g, fetch, weft_group_ctx(g), ids[i], &users[i]);
 *     int err = weft_group_wait(g);
 *
 * The first member that returns an error ends the group's context, so that the
 * others can stop, and its error is the one that weft_group_wait() returns.  The
 * end of the scope ends the context and waits for all members: what they point
 * to in the enclosing function stays alive as long as they do.
 */
#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

#include "weft/base.h"
#include "weft/context.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/** weft_group - goroutines that are waited for, and a context they share. */
typedef struct weft_group weft_group;

/**
 * weft_group_new - a group whose context ends with its parent's, with the first
 * error, and when weft_group_wait() returned.
 *
 * The caller owns it: weft_auto(weft_group, g), or weft_group_free().  Panics
 * when memory runs out; a NULL context panics.
 */
#define weft_group_new(ctx)                                                                        \
    ({                                                                                             \
        weft_group *weft_impl_g = (weft_group_new)(ctx);                                           \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_g;                                                                               \
    })
WEFT_API weft_group *(weft_group_new)(weft_ctx *ctx);

/** weft_group_ctx - the group's context; it belongs to the group: no new reference. */
WEFT_API weft_ctx *weft_group_ctx(weft_group *g);

/**
 * weft_group_go - launch f(args...) as a member; f returns int, 0 for success.
 *
 * Arguments as for weft_go().  A panic of f ends the group's context and is
 * raised again in weft_group_wait(); weft_goexit() counts as 0.
 *
 * Blocks:   the goroutine, while as many members run as the limit allows.
 * Order:    what the caller did before happens before f starts; what f did
 *           happens before weft_group_wait() returns.
 * Misuse:   panics after weft_group_wait() has returned, and when the limit is 0.
 */
#define weft_group_go(g, ...)                                                                      \
    (WEFT_IMPL_CHECK(__VA_ARGS__), WEFT_IMPL_CHECK_INT(__VA_ARGS__),                               \
     weft_impl_group_go(g, WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__)), WEFT_IMPL_DONE)
WEFT_API void weft_impl_group_go(weft_group *g, weft_impl_fn fn, unsigned n, const uintptr_t *args);

/** weft_group_try_go - the same unless the limit is reached; true when launched.  Never blocks. */
#define weft_group_try_go(g, ...)                                                                  \
    (WEFT_IMPL_CHECK(__VA_ARGS__), WEFT_IMPL_CHECK_INT(__VA_ARGS__),                               \
     weft_impl_group_tried(weft_impl_group_try_go(g, WEFT_IMPL_FN(__VA_ARGS__),                    \
                                                  WEFT_IMPL_ARGS(__VA_ARGS__))))
__attribute__((always_inline)) static inline bool weft_impl_group_tried(void *g)
{
    WEFT_IMPL_SITE();
    return g != (void *)0;
}
/* Returns g, or NULL at the limit. */
WEFT_API void *weft_impl_group_try_go(weft_group *g, weft_impl_fn fn, unsigned n,
                                      const uintptr_t *args);

/**
 * weft_group_set_limit - at most n members run at once; n < 0: no limit.
 *
 * Misuse: panics while members run.
 */
#define weft_group_set_limit(g, n)                                                                 \
    ({                                                                                             \
        (weft_group_set_limit)((g), (n));                                                          \
        WEFT_IMPL_SITE();                                                                          \
        (void)0;                                                                                   \
    })
WEFT_API void (weft_group_set_limit)(weft_group *g, int n);

/**
 * weft_group_wait - wait for all members; returns the first error, or 0.
 *
 * Members may launch further members meanwhile.  When one has panicked, also
 * after another had returned an error, that panic is raised here.
 *
 * Blocks:   the goroutine, never its thread.
 * Misuse:   a second wait panics.
 */
#define weft_group_wait(g)                                                                         \
    ({                                                                                             \
        int weft_impl_r = (weft_group_wait)(g);                                                    \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_group_wait)(weft_group *g);

/**
 * weft_group_free - end the context, wait for the members, release the group.
 *
 * A member's panic that no wait has raised is raised now.  NULL does nothing.
 */
WEFT_API void weft_group_free(weft_group *g);

static inline void weft_group_cleanup(weft_group **g)
{
    weft_group_free(*g);
}

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_GROUP_H */
