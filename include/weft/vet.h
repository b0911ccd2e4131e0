/* SPDX-License-Identifier: MIT */
/*
 * weft/vet.h - the headers as `weft vet` reads them.  Not for programs.
 *
 * vet compiles a file with -DWEFT_VET and reads the result; the program is never run.  Each header
 * then ends by including this one, which replaces those macros whose real text hides what happens:
 * inline fast paths, argument arrays, records of scopes.  What is left is one plain call for each
 * thing that happens, in the order in which it happens, also at the ends of scopes:
 *
 *     weft_go(f, a, b)          weft_vet_go(f, a, b)
 *     weft_scoped_lock(&mu)     (weft_mutex_lock)(&mu) here, (weft_mutex_unlock)(&mu) at the end
 *     weft_select(a, b)         weft_vet_select(a, b), where weft_on_recv(c, &v) is
 *                               weft_vet_on_recv(c, &v)
 *     weft_try(f, a)            f(a)
 *
 * The remaining macros are read as they are, since each holds exactly one call already.  Which call
 * means what is said by the annotations: weft:ROLE, and behind a colon the number of the argument
 * that matters, from 0.  cmd/weft-vet/roles.def lists the roles.
 *
 * Every public macro must compile in this view wherever it compiles in the real one;
 * tests/vet/both_views.c has them all.
 */

#define WEFT_VET_INLINE __attribute__((always_inline, unused)) static inline

/* ---- base.h, panic.h, go.h -------------------------------------------------------------------- */
#if defined(WEFT_BASE_H) && !defined(WEFT_VET_BASE)
#define WEFT_VET_BASE
#undef WEFT_IMPL_SITE
#define WEFT_IMPL_SITE() ((void)0)
#undef WEFT_IMPL_DONE
#define WEFT_IMPL_DONE ((void)0)
#endif

#if defined(WEFT_PANIC_H) && !defined(WEFT_VET_PANIC)
#define WEFT_VET_PANIC
#undef weft_try
#undef weft_auto
#undef WEFT_IMPL_DEFER

weft_panic_info *weft_vet_tried(void);
void weft_vet_deferred(weft_impl_fn fn) WEFT_VET_IS("deferred");

#define weft_try(...) ((void)WEFT_IMPL_CALL(__VA_ARGS__), weft_vet_tried())

#define weft_auto(T, x)                                                                            \
    T *x __attribute__((cleanup(T##_cleanup))) = (T *)0;                    \
    x

/* The call at the end is written out for each number of arguments, so that it is a direct one once
 * the record has been taken apart. */
struct weft_vet_defer {
    void (*fn)(void);
    uintptr_t a[6];
};
#define WEFT_VET_DEFER_END(n, type, ...)                                                           \
    WEFT_VET_INLINE void weft_vet_defer_end_##n(struct weft_vet_defer *d)                          \
    {                                                                                              \
        ((void(*) type)d->fn)(__VA_ARGS__);                                                        \
    }
WEFT_VET_DEFER_END(0, (void))
WEFT_VET_DEFER_END(1, (void *), (void *)d->a[0])
WEFT_VET_DEFER_END(2, (void *, void *), (void *)d->a[0], (void *)d->a[1])
WEFT_VET_DEFER_END(3, (void *, void *, void *), (void *)d->a[0], (void *)d->a[1], (void *)d->a[2])
WEFT_VET_DEFER_END(4, (void *, void *, void *, void *), (void *)d->a[0], (void *)d->a[1],
                   (void *)d->a[2], (void *)d->a[3])
WEFT_VET_DEFER_END(5, (void *, void *, void *, void *, void *), (void *)d->a[0], (void *)d->a[1],
                   (void *)d->a[2], (void *)d->a[3], (void *)d->a[4])
WEFT_VET_DEFER_END(6, (void *, void *, void *, void *, void *, void *), (void *)d->a[0],
                   (void *)d->a[1], (void *)d->a[2], (void *)d->a[3], (void *)d->a[4],
                   (void *)d->a[5])

#define WEFT_IMPL_DEFER(name, ...)                                                                 \
    struct weft_vet_defer name __attribute__((                                                     \
        unused, cleanup(WEFT_IMPL_CAT(weft_vet_defer_end_, WEFT_IMPL_COUNT(__VA_ARGS__))))) =      \
        (weft_vet_deferred(WEFT_IMPL_FN(__VA_ARGS__)),                                             \
         (struct weft_vet_defer){WEFT_IMPL_FN(__VA_ARGS__),                                        \
                                 {WEFT_IMPL_DISPATCH(WEFT_VET_WORDS_, __VA_ARGS__)}})
#define WEFT_VET_WORDS_0(f)                   0
#define WEFT_VET_WORDS_1(f, a)                (uintptr_t)(a)
#define WEFT_VET_WORDS_2(f, a, b)             (uintptr_t)(a), (uintptr_t)(b)
#define WEFT_VET_WORDS_3(f, a, b, c)          WEFT_VET_WORDS_2(f, a, b), (uintptr_t)(c)
#define WEFT_VET_WORDS_4(f, a, b, c, d)       WEFT_VET_WORDS_3(f, a, b, c), (uintptr_t)(d)
#define WEFT_VET_WORDS_5(f, a, b, c, d, e)    WEFT_VET_WORDS_4(f, a, b, c, d), (uintptr_t)(e)
#define WEFT_VET_WORDS_6(f, a, b, c, d, e, g) WEFT_VET_WORDS_5(f, a, b, c, d, e), (uintptr_t)(g)
#endif

#if defined(WEFT_GO_H) && !defined(WEFT_VET_GO)
#define WEFT_VET_GO
#undef weft_run
#undef weft_go
#undef weft_go_with

void weft_vet_go(const void *fn, ...) WEFT_VET_IS("spawn:0");
void weft_vet_go_with(const weft_go_opts *opts, const void *fn, ...) WEFT_VET_IS("spawn:1");
void weft_vet_run_ends(void);
void (weft_yield)(void) WEFT_VET_IS("yield");
void (weft_pin)(void) WEFT_VET_IS("pin");

#define WEFT_VET_FIRST(f, ...) ((const void *)(f)), ##__VA_ARGS__
#define weft_run(...)          WEFT_IMPL_CALL(__VA_ARGS__)
#define weft_go(...)           weft_vet_go(WEFT_VET_FIRST(__VA_ARGS__))
/* The options may hold commas; as arguments of a call they are put together again. */
#define weft_go_with(...)      weft_vet_go_with(__VA_ARGS__)
#endif

/* ---- chan.h, time.h --------------------------------------------------------------------------- */
#if defined(WEFT_CHAN_H) && !defined(WEFT_VET_CHAN)
#define WEFT_VET_CHAN
weft_chan *weft_impl_chan_make(size_t elem_size, int64_t capacity) WEFT_VET_IS("make:1");
void (weft_impl_ref)(weft_chan *c) WEFT_VET_IS("ref:0");
void (weft_impl_drop)(void *c) WEFT_VET_IS("drop:0");
void(weft_unref)(void *c) WEFT_VET_IS("unref:0");
void(weft_close)(void *c) WEFT_VET_IS("close:0");
void (weft_impl_send)(weft_chan *c, const void *value) WEFT_VET_IS("send:0");
bool (weft_impl_recv)(weft_chan *c, void *out) WEFT_VET_IS("recv:0");
int (weft_impl_send_ctx)(weft_ctx *ctx, weft_chan *c, const void *value) WEFT_VET_IS("send_ctx:1");
int (weft_impl_recv_ctx)(weft_ctx *ctx, weft_chan *c, void *out) WEFT_VET_IS("recv_ctx:1");
bool (weft_impl_try_send)(weft_chan *c, const void *value) WEFT_VET_IS("try_send:0");
bool (weft_impl_try_recv)(weft_chan *c, void *out, bool *open) WEFT_VET_IS("try_recv:0");
size_t weft_impl_len(weft_chan *c) WEFT_VET_IS("peek:0");
size_t weft_impl_cap(weft_chan *c) WEFT_VET_IS("peek:0");
#endif

#if defined(WEFT_TIME_H) && !defined(WEFT_VET_TIME)
#define WEFT_VET_TIME
#undef weft_after_func
int (weft_impl_sleep)(weft_ctx *ctx, weft_duration d) WEFT_VET_IS("sleep");
weft_timer *(weft_timer_new)(weft_duration d) WEFT_VET_IS("timer_new");
weft_ticker *(weft_ticker_new)(weft_duration d) WEFT_VET_IS("timer_new");
weft_time_chan_rx *(weft_timer_chan)(weft_timer *t) WEFT_VET_IS("of:0");
weft_time_chan_rx *(weft_ticker_chan)(weft_ticker *t) WEFT_VET_IS("of:0");
void (weft_timer_unref)(weft_timer *t) WEFT_VET_IS("unref:0");
void (weft_ticker_unref)(weft_ticker *t) WEFT_VET_IS("unref:0");
void (weft_timer_wait)(weft_timer *t) WEFT_VET_IS("join");

weft_timer *weft_vet_after_func(weft_duration d, const void *fn, ...) WEFT_VET_IS("later:1");
#define weft_after_func(d, ...) weft_vet_after_func((d), WEFT_VET_FIRST(__VA_ARGS__))
#endif

/* ---- context.h -------------------------------------------------------------------------------- */
#if defined(WEFT_CONTEXT_H) && !defined(WEFT_VET_CONTEXT)
#define WEFT_VET_CONTEXT
#undef weft_ctx_after_func
weft_ctx *(weft_background)(void) WEFT_VET_IS("background");
weft_ctx *(weft_ctx_with_cancel)(weft_ctx *parent) WEFT_VET_IS("derive:0");
weft_ctx *(weft_ctx_with_timeout)(weft_ctx *parent, weft_duration d) WEFT_VET_IS("derive:0");
weft_ctx *(weft_ctx_with_deadline)(weft_ctx *parent, weft_time when) WEFT_VET_IS("derive:0");
weft_ctx *(weft_impl_ctx_with_signals)(weft_ctx *parent, const int *signals) WEFT_VET_IS("derive:0");
weft_ctx *(weft_ctx_with_value)(weft_ctx *parent, const void *key, const void *value)
    WEFT_VET_IS("derive_value:0");
weft_ctx *(weft_ctx_without_cancel)(weft_ctx *parent) WEFT_VET_IS("derive_value:0");
void (weft_ctx_cancel)(weft_ctx *ctx) WEFT_VET_IS("cancel:0");
void (weft_ctx_cancel_cause)(weft_ctx *ctx, int cause) WEFT_VET_IS("cancel:0");
int (weft_ctx_err)(weft_ctx *ctx) WEFT_VET_IS("ctx_err:0");
int (weft_ctx_cause)(weft_ctx *ctx) WEFT_VET_IS("ctx_err:0");
weft_done_chan_rx *(weft_ctx_done)(weft_ctx *ctx) WEFT_VET_IS("of:0");
weft_ctx *(weft_ctx_ref)(weft_ctx *ctx) WEFT_VET_IS("ctx_ref:0");
void (weft_ctx_unref)(weft_ctx *ctx) WEFT_VET_IS("unref:0");
void (weft_impl_ctx_end)(weft_ctx *ctx) WEFT_VET_IS("drop:0");

weft_ctx_call weft_vet_ctx_after_func(weft_ctx *ctx, const void *fn, ...) WEFT_VET_IS("later:1");
#define weft_ctx_after_func(ctx, ...) weft_vet_ctx_after_func((ctx), WEFT_VET_FIRST(__VA_ARGS__))
#endif

/* ---- select.h --------------------------------------------------------------------------------- */
#if defined(WEFT_SELECT_H) && !defined(WEFT_VET_SELECT)
#define WEFT_VET_SELECT
#undef weft_select
#undef weft_select_n
#undef weft_on_recv
#undef weft_on_recv_ok
#undef weft_on_send
#undef weft_on_send_from
#undef weft_on_done
#undef weft_on_timeout
#undef weft_on_default

/* One pointer, so that it travels as one value. */
typedef struct weft_vet_case {
    void *value;
} weft_vet_case;
#define weft_case weft_vet_case

weft_case weft_vet_on_recv(weft_chan *c, void *out, bool *ok) WEFT_VET_IS("on_recv:0");
weft_case weft_vet_on_send(weft_chan *c, const void *value) WEFT_VET_IS("on_send:0");
weft_case weft_vet_on_done(weft_ctx *ctx) WEFT_VET_IS("on_done:0");
weft_case weft_vet_on_timeout(weft_duration d) WEFT_VET_IS("on_timeout");
weft_case weft_vet_on_default(void) WEFT_VET_IS("on_default");
int weft_vet_select(int count, ...) WEFT_VET_IS("select:1");
int weft_vet_select_n(const weft_case *cases, size_t n) WEFT_VET_IS("select_n");

#define weft_select(...)          weft_vet_select(0, ##__VA_ARGS__)
#define weft_select_n(cases, n)   weft_vet_select_n((cases), (n))
#define weft_on_recv(c, out)      weft_vet_on_recv(WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), (bool *)0)
#define weft_on_recv_ok(c, out, is_ok)                                                             \
    weft_vet_on_recv(WEFT_IMPL_RX(c), WEFT_IMPL_OUT(c, out), (is_ok))
#define weft_on_send(c, ...)      weft_vet_on_send(WEFT_IMPL_TX(c), WEFT_IMPL_VALUE(c, __VA_ARGS__))
#define weft_on_send_from(c, from)                                                                 \
    weft_vet_on_send(WEFT_IMPL_TX(c), _Generic((from), __typeof__(*(c)->weft_elem) * : (from)))
#define weft_on_done(context)     weft_vet_on_done(context)
#define weft_on_timeout(d)        weft_vet_on_timeout(d)
#define weft_on_default()         weft_vet_on_default()
#endif

/* ---- sync.h ----------------------------------------------------------------------------------- */
#if defined(WEFT_SYNC_H) && !defined(WEFT_VET_SYNC)
#define WEFT_VET_SYNC
#undef weft_mutex_lock
#undef weft_mutex_unlock
#undef weft_mutex_lock_ctx
#undef weft_rwmutex_rlock
#undef weft_rwmutex_runlock
#undef weft_rwmutex_lock
#undef weft_rwmutex_unlock
#undef weft_cond_wait
#undef weft_scoped_lock
#undef weft_scoped_rlock
#undef weft_scoped_wlock
#undef weft_wg_wait
#undef weft_wg_go
#undef weft_once_do
#undef weft_sem_acquire

void (weft_mutex_lock)(weft_mutex *mu) WEFT_ACQUIRES(mu) WEFT_VET_IS("lock:0");
void (weft_mutex_unlock)(weft_mutex *mu) WEFT_RELEASES(mu) WEFT_VET_IS("unlock:0");
bool (weft_mutex_try_lock)(weft_mutex *mu) WEFT_IMPL_CAPABILITY(try_acquire_capability(true, mu))
    WEFT_VET_IS("trylock:0");
int (weft_mutex_lock_ctx)(weft_ctx *ctx, weft_mutex *mu)
    WEFT_IMPL_CAPABILITY(try_acquire_capability(false, mu)) WEFT_VET_IS("lock_ctx:1");
void (weft_rwmutex_rlock)(weft_rwmutex *rw) WEFT_IMPL_CAPABILITY(acquire_shared_capability(rw))
    WEFT_VET_IS("rlock:0");
void (weft_rwmutex_runlock)(weft_rwmutex *rw) WEFT_IMPL_CAPABILITY(release_shared_capability(rw))
    WEFT_VET_IS("unlock:0");
void (weft_rwmutex_lock)(weft_rwmutex *rw) WEFT_ACQUIRES(rw) WEFT_VET_IS("wlock:0");
void (weft_rwmutex_unlock)(weft_rwmutex *rw) WEFT_RELEASES(rw) WEFT_VET_IS("unlock:0");
bool (weft_rwmutex_try_rlock)(weft_rwmutex *rw)
    WEFT_IMPL_CAPABILITY(try_acquire_shared_capability(true, rw)) WEFT_VET_IS("tryrlock:0");
bool (weft_rwmutex_try_lock)(weft_rwmutex *rw)
    WEFT_IMPL_CAPABILITY(try_acquire_capability(true, rw)) WEFT_VET_IS("trylock:0");
void (weft_cond_wait)(weft_cond *c, weft_mutex *mu) WEFT_VET_IS("cond_wait:1");
void (weft_wg_add)(weft_wg *wg, int n) WEFT_VET_IS("wg_add:0");
void (weft_wg_done)(weft_wg *wg) WEFT_VET_IS("wg_done:0");
void (weft_impl_wg_wait)(weft_wg *wg) WEFT_VET_IS("wg_wait:0");
void (weft_wg_wait)(weft_wg *wg) WEFT_VET_IS("wg_wait:0");
int (weft_sem_acquire)(weft_ctx *ctx, weft_sem *s, int64_t n) WEFT_VET_IS("sem_acquire:1");

/* The analysis of clang 22 follows a scope's end when the variable is the mutex itself. */
WEFT_VET_INLINE void weft_vet_unlock(weft_mutex **mu) WEFT_IMPL_CAPABILITY(release_capability(*mu));
WEFT_VET_INLINE void weft_vet_runlock(weft_rwmutex **rw)
    WEFT_IMPL_CAPABILITY(release_shared_capability(*rw));
WEFT_VET_INLINE void weft_vet_wunlock(weft_rwmutex **rw)
    WEFT_IMPL_CAPABILITY(release_capability(*rw));
WEFT_VET_INLINE void weft_vet_unlock(weft_mutex **mu) { weft_mutex_unlock(*mu); }
WEFT_VET_INLINE void weft_vet_runlock(weft_rwmutex **rw) { weft_rwmutex_runlock(*rw); }
WEFT_VET_INLINE void weft_vet_wunlock(weft_rwmutex **rw) { weft_rwmutex_unlock(*rw); }

#define weft_scoped_lock(mu)  WEFT_VET_SCOPED(weft_mutex, weft_mutex_lock, weft_vet_unlock, mu)
#define weft_scoped_rlock(rw) WEFT_VET_SCOPED(weft_rwmutex, weft_rwmutex_rlock, weft_vet_runlock, rw)
#define weft_scoped_wlock(rw) WEFT_VET_SCOPED(weft_rwmutex, weft_rwmutex_lock, weft_vet_wunlock, rw)
#define WEFT_VET_SCOPED(type, lock, end, at)                                                       \
    type *WEFT_IMPL_UNIQUE(weft_vet_lock_) __attribute__((cleanup(end), unused)) = ({              \
        type *weft_impl_at = (at);                                                                 \
        lock(weft_impl_at);                                                                        \
        weft_impl_at;                                                                              \
    })

void weft_vet_wg_go(weft_wg *wg, const void *fn, ...) WEFT_VET_IS("wg_spawn:1");
#define weft_wg_go(wg, ...) weft_vet_wg_go((wg), WEFT_VET_FIRST(__VA_ARGS__))

bool weft_vet_once_begin(weft_once *o) WEFT_VET_IS("once:0");
void weft_vet_once_end(weft_once *o) WEFT_VET_IS("once_end:0");
#define weft_once_do(o, ...)                                                                       \
    ({                                                                                             \
        weft_once *weft_impl_o = (o);                                                              \
        if (weft_vet_once_begin(weft_impl_o)) {                                                    \
            (void)WEFT_IMPL_CALL(__VA_ARGS__);                                                     \
            weft_vet_once_end(weft_impl_o);                                                        \
        }                                                                                          \
        (void)0;                                                                                   \
    })
#endif

/* ---- group.h, flight.h ------------------------------------------------------------------------ */
#if defined(WEFT_GROUP_H) && !defined(WEFT_VET_GROUP)
#define WEFT_VET_GROUP
#undef weft_group_go
#undef weft_group_try_go
weft_group *(weft_group_new)(weft_ctx *ctx) WEFT_VET_IS("group_new:0");
weft_ctx *(weft_group_ctx)(weft_group *g) WEFT_VET_IS("of:0");
int (weft_group_wait)(weft_group *g) WEFT_VET_IS("group_wait:0");
void (weft_group_free)(weft_group *g) WEFT_VET_IS("group_free:0");
void weft_vet_group_go(weft_group *g, const void *fn, ...) WEFT_VET_IS("group_spawn:1");
bool weft_vet_group_try_go(weft_group *g, const void *fn, ...) WEFT_VET_IS("group_spawn:1");
#define weft_group_go(g, ...)     weft_vet_group_go((g), WEFT_VET_FIRST(__VA_ARGS__))
#define weft_group_try_go(g, ...) weft_vet_group_try_go((g), WEFT_VET_FIRST(__VA_ARGS__))
#endif

#if defined(WEFT_FLIGHT_H) && !defined(WEFT_VET_FLIGHT)
#define WEFT_VET_FLIGHT
#undef weft_flight_do
int weft_vet_flight(weft_ctx *ctx, weft_flight *flight, const char *key,
                    weft_flight_result **result) WEFT_VET_IS("wait");
weft_flight_result *weft_vet_flight_result(void);
#define weft_flight_do(ctx, flight, key, result, ...)                                              \
    ({                                                                                             \
        int weft_impl_r = weft_vet_flight((ctx), (flight), (key), (result));                       \
        if (weft_impl_r > 0)                                                                       \
            weft_impl_r = WEFT_IMPL_CALL(WEFT_VET_WITH_RESULT(__VA_ARGS__));                       \
        weft_impl_r;                                                                               \
    })
#define WEFT_VET_WITH_RESULT(f, ...) f, weft_vet_flight_result(), ##__VA_ARGS__
#endif

/* ---- test.h ----------------------------------------------------------------------------------- */
#if defined(WEFT_TEST_H) && !defined(WEFT_VET_TEST)
#define WEFT_VET_TEST
void (weft_impl_test_until_waiting)(const char *file, int line, int n, weft_wait_reason reason)
    WEFT_VET_IS("join");
void (weft_impl_test_until_idle)(const char *file, int line) WEFT_VET_IS("join");
#endif
