/* SPDX-License-Identifier: MIT */
/*
 * weft/test.h - tests of programs that use goroutines.
 *
 *     #include <weft.h>
 *
 *     WEFT_TEST(close_wakes_every_receiver)
 *     {
 *         weft_auto(int_chan, c) = weft_make(int_chan, 0);
 *         for (int i = 0; i < 3; i++)
 *             weft_go(count_until_closed, weft_rx(c));
 *         weft_test_until_waiting(3, WEFT_WAIT_CHAN_RECV);    // a state, not a sleep
 *         weft_close(c);
 *         weft_test_until_idle();
 *         weft_check(woken == 3);
 *     }
 *
 * A file of tests needs no main(): linked with libweft it is a program that
 * runs them, each in a process of its own, in a goroutine, with a time limit.
 * A panic, a deadlock, a leaked goroutine, a crash or exit() is that test's
 * failure, and the others still run.  What a test prints is shown when it
 * fails.  The program prints "--- FAIL: name (0.00s)" for each failure, ends
 * with the line "N passed, N failed", and exits with 1 when one failed.
 * `weft test` builds and runs whole folders of them: docs/guide/testing.md.
 *
 *     -run REGEX     only the tests whose name matches (extended regular expression);
 *                    behind a / the names of sub-tests
 *     -list          print their names instead
 *     -v             say what is running, and show all output as it comes
 *     -count N       run each N times
 *     -procs LIST    run all with each of these WEFT_PROCS, as 1,2,8
 *     -timeout TIME  for one test, as 30s or 1m30s; default 60s, 0 for none.  A test that
 *                    takes longer is shown with all its goroutines
 */
#ifndef WEFT_TEST_H
#define WEFT_TEST_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

typedef struct weft_impl_test {
    const char *name, *file;
    int line;
    void (*run)(void);
    struct weft_impl_test *next;
} weft_impl_test;

WEFT_API void weft_impl_test_add(weft_impl_test *test);

/**
 * WEFT_TEST - define a test: WEFT_TEST(name) { ... }
 *
 * At file scope.  Its body is the first goroutine of a fresh process, under
 * WEFT_LEAKS=fail unless the environment says otherwise.
 */
/* Reports show the function, so its name is not one of the runtime's own. */
#define WEFT_TEST(test_name)                                                                       \
    static void weft_test__##test_name(void);                                                      \
    __attribute__((constructor)) static void weft_impl_test_add_##test_name(void)                  \
    {                                                                                              \
        static weft_impl_test t = {#test_name, __FILE__, __LINE__, weft_test__##test_name,         \
                                   (weft_impl_test *)0};                                           \
        weft_impl_test_add(&t);                                                                    \
    }                                                                                              \
    static void weft_test__##test_name(void)

/**
 * weft_check - what must hold; if it does not, the test ends here, failed.
 *
 *     weft_check(n == 3);          // says that "n == 3" did not hold, and that n is 2
 *     weft_check(text, ==, "abc"); // pointers to char are compared as text
 *
 * The first form is a condition of any kind.  When it is one comparison, a
 * failure shows what was compared, in files that `weft test` compiles: it takes
 * the two sides apart, which a macro cannot.  (In macros of your own, and in
 * files compiled otherwise, the second form does it.)
 *
 * The second form takes integers of any type (compared by value: -1 is less
 * than 1u), floating-point numbers, pointers, and text, which may be NULL.
 *
 * Each operand is evaluated once.  Call in: any goroutine or thread of the
 * test.  A failure runs the cleanups and ends the test's process.
 */
#define weft_check(...) WEFT_IMPL_TEST_CHECK(true, #__VA_ARGS__, __VA_ARGS__)

/** weft_expect - the same, but the test goes on; it is failed in the end. */
#define weft_expect(...) WEFT_IMPL_TEST_CHECK(false, #__VA_ARGS__, __VA_ARGS__)

/** weft_fail - end the test, failed, with a message: weft_fail("got %d", n). */
#define weft_fail(...)                                                                             \
    ({                                                                                             \
        weft_impl_test_fail(true, __FILE__, __LINE__, __VA_ARGS__);                                \
        __builtin_unreachable();                                                                   \
    })

/** weft_skip - end the test, neither passed nor failed; the reason is printed. */
#define weft_skip(...) weft_impl_test_skip(__FILE__, __LINE__, __VA_ARGS__)

/**
 * WEFT_SUBTEST - a part of a test with a name, a verdict and a process of its own.
 *
 *     WEFT_TEST(parse)
 *     {
 *         static const struct { const char *name, *text; int value; } rows[] = {
 *             {"one digit", "7", 7}, {"sign", "-7", -7}, {"empty", "", 0},
 *         };
 *         for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
 *             WEFT_SUBTEST(rows[i].name) {
 *                 weft_check(parse(rows[i].text), ==, rows[i].value);
 *             }
 *     }
 *
 * Takes a string, or a format with its arguments: WEFT_SUBTEST("case %d", i).
 * White space in a name is shown as '_'.  -run 'parse/sign' selects one.
 *
 * The test runs once for each of its sub-tests, every time in a fresh process
 * that enters one of them and passes by the others.  So one that crashes, waits
 * for ever or leaks says nothing about the next, and what stands outside is
 * preparation and clean-up that each of them gets.  Verdicts are counted for
 * the sub-tests, and for the test itself when it entered none.
 *
 * Sub-tests may stand in loops and inside each other, up to 8 deep.  A test
 * comes by the same ones in the same order each time.  break and return leave
 * it.  Call in: the test's own goroutine.
 */
#define WEFT_SUBTEST(...)                                                                          \
    for (weft_impl_subtest weft_impl_this_subtest                                                  \
         __attribute__((cleanup(weft_impl_subtest_leave))) =                                       \
             {WEFT_IMPL_CAT(WEFT_IMPL_SUBTEST_,                                                    \
                            WEFT_IMPL_SUBTEST_FORM(__VA_ARGS__, F, F, F, F, F, F, F, F, F, F, F,   \
                                                   F, F, F, F, S, _))(__VA_ARGS__),                \
              false};                                                                              \
         weft_impl_this_subtest.entered && !weft_impl_this_subtest.through;                        \
         weft_impl_this_subtest.through = true)

/** weft_wait_reason - why a goroutine waits; reports have the same in words. */
typedef enum weft_wait_reason {
    WEFT_WAIT_CHAN_SEND = 1,
    WEFT_WAIT_CHAN_RECV,
    WEFT_WAIT_CHAN_SEND_NULL,
    WEFT_WAIT_CHAN_RECV_NULL,
    WEFT_WAIT_SELECT,
    WEFT_WAIT_SELECT_NONE,
    WEFT_WAIT_MUTEX,
    WEFT_WAIT_RWMUTEX_READ,
    WEFT_WAIT_RWMUTEX_WRITE,
    WEFT_WAIT_COND,
    WEFT_WAIT_WG,
    WEFT_WAIT_ONCE,
    WEFT_WAIT_SEM,
    WEFT_WAIT_GROUP,
    WEFT_WAIT_SLEEP,
    WEFT_WAIT_IO,
    WEFT_WAIT_BLOCKING,
    WEFT_WAIT_TIMER_CALL,
} weft_wait_reason;

/**
 * weft_test_until_waiting - until at least n goroutines wait for this reason.
 *
 * Threads that are no goroutines do not count.  When it takes longer than
 * ten seconds the test fails and all goroutines are shown.
 *
 * Order:  none.  The state is seen from outside, so what others have written
 * before is read with atomics, or is a race to -race.
 */
#define weft_test_until_waiting(n, reason)                                                         \
    weft_impl_test_until_waiting(__FILE__, __LINE__, n, reason)

/**
 * weft_test_until_idle - until every other goroutine waits for something or has ended.
 *
 * One that sleeps waits too.  Gives up, and orders nothing, as
 * weft_test_until_waiting() does.
 */
#define weft_test_until_idle() weft_impl_test_until_idle(__FILE__, __LINE__)

/**
 * weft_test_cleanup - call f(args...) when the test ends, last first.
 *
 * Also when it fails or is skipped, then by the goroutine that said so; not
 * after a panic or a crash.  The arguments are evaluated now.
 */
#define weft_test_cleanup(...)                                                                     \
    ({                                                                                             \
        WEFT_IMPL_CHECK(__VA_ARGS__);                                                              \
        weft_impl_test_cleanup(WEFT_IMPL_FN(__VA_ARGS__), WEFT_IMPL_ARGS(__VA_ARGS__));            \
    })

/**
 * weft_test_temp_dir - a new, empty directory.
 *
 * It and what is in it are removed when the test has ended, however it ended.
 * The string stays valid until then.
 */
WEFT_API const char *weft_test_temp_dir(void);

/* ---- behind the macros --------------------------------------------------- */

enum weft_impl_value_kind {
    WEFT_IMPL_VALUE_SIGNED,
    WEFT_IMPL_VALUE_UNSIGNED,
    WEFT_IMPL_VALUE_FLOAT,
    WEFT_IMPL_VALUE_POINTER,
    WEFT_IMPL_VALUE_TEXT,
    WEFT_IMPL_VALUE_UNKNOWN, /* not shown */
};

typedef struct weft_impl_value {
    enum weft_impl_value_kind kind;
    union {
        int64_t i;
        uint64_t u;
        double f;
        const volatile void *p;
        const char *s;
    } as;
} weft_impl_value;

WEFT_API weft_impl_value weft_impl_value_i(int64_t v);
WEFT_API weft_impl_value weft_impl_value_u(uint64_t v);
WEFT_API weft_impl_value weft_impl_value_f(double v);
WEFT_API weft_impl_value weft_impl_value_p(const volatile void *v);
WEFT_API weft_impl_value weft_impl_value_s(const char *v);

#define WEFT_IMPL_VALUE_OF(x)                                                                      \
    _Generic((x),                                                                                  \
        bool: weft_impl_value_u, char: weft_impl_value_i, signed char: weft_impl_value_i,          \
        short: weft_impl_value_i, int: weft_impl_value_i, long: weft_impl_value_i,                 \
        long long: weft_impl_value_i, unsigned char: weft_impl_value_u,                            \
        unsigned short: weft_impl_value_u, unsigned: weft_impl_value_u,                            \
        unsigned long: weft_impl_value_u, unsigned long long: weft_impl_value_u,                   \
        float: weft_impl_value_f, double: weft_impl_value_f, long double: weft_impl_value_f,       \
        char *: weft_impl_value_s, const char *: weft_impl_value_s, default: weft_impl_value_p)(x)

/* One condition, or left, operator, right; text is all of it as it was written. */
#define WEFT_IMPL_TEST_CHECK(ends, text, ...)                                                      \
    WEFT_IMPL_CAT(WEFT_IMPL_TEST_,                                                                 \
                  WEFT_IMPL_TEST_FORM(__VA_ARGS__, MANY, MANY, MANY, CMP, MANY, COND, _))          \
    (ends, text, __VA_ARGS__)
#define WEFT_IMPL_TEST_FORM(a, b, c, d, e, f, form, ...) form

#define WEFT_IMPL_TEST_COND(ends, text, cond)                                                      \
    ((cond) ? (void)0 : weft_impl_test_fail(ends, __FILE__, __LINE__, "check failed: %s", text))

/* The comparison as written is never run: it lets the compiler judge it. */
#define WEFT_IMPL_TEST_CMP(ends, text, a, op, b)                                                   \
    ((void)sizeof((a)op(b)), weft_impl_test_compare(ends, __FILE__, __LINE__, text, #op,           \
                                                    WEFT_IMPL_VALUE_OF(a), WEFT_IMPL_VALUE_OF(b)))

/*
 * weft_check(a == b) and weft_expect(a == b), as `weft test` rewrites them.  In the common type of
 * both sides they compare as C does.
 */
#define weft_impl_check(a, op, b)  WEFT_IMPL_TEST_SPLIT(true, #a, #op, #b, a, op, b)
#define weft_impl_expect(a, op, b) WEFT_IMPL_TEST_SPLIT(false, #a, #op, #b, a, op, b)
#define WEFT_IMPL_TEST_SPLIT(ends, a_text, op_text, b_text, a, op, b)                              \
    ({                                                                                             \
        __typeof__(1 ? (a) : (b)) weft_impl_left = (a), weft_impl_right = (b);                     \
        if (!(weft_impl_left op weft_impl_right))                                                  \
            weft_impl_test_differ(ends, __FILE__, __LINE__, a_text, op_text, b_text,               \
                                  WEFT_IMPL_KIND_OF(weft_impl_left), sizeof weft_impl_left,        \
                                  &weft_impl_left, &weft_impl_right);                              \
    })

/* How to read a value of the variable's type, if at all.  A char * need not lead to text here. */
#define WEFT_IMPL_KIND_OF(x)                                                                       \
    _Generic((x), int                                                                              \
             : WEFT_IMPL_VALUE_SIGNED, long                                                        \
             : WEFT_IMPL_VALUE_SIGNED, long long                                                   \
             : WEFT_IMPL_VALUE_SIGNED, unsigned                                                    \
             : WEFT_IMPL_VALUE_UNSIGNED, unsigned long                                             \
             : WEFT_IMPL_VALUE_UNSIGNED, unsigned long long                                        \
             : WEFT_IMPL_VALUE_UNSIGNED, float                                                     \
             : WEFT_IMPL_VALUE_FLOAT, double                                                       \
             : WEFT_IMPL_VALUE_FLOAT, default                                                      \
             : __builtin_classify_type(x) == 5 ? WEFT_IMPL_VALUE_POINTER                           \
                                               : WEFT_IMPL_VALUE_UNKNOWN)

#define WEFT_IMPL_TEST_MANY(...)                                                                   \
    WEFT_IMPL_ASSERT(0, "weft: a check is one condition, or left, operator, right: "               \
                        "put an expression with commas in parentheses")

WEFT_API void weft_impl_test_fail(bool ends, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), cold));
WEFT_API void weft_impl_test_compare(bool ends, const char *file, int line, const char *text,
                                     const char *op, weft_impl_value left, weft_impl_value right);
WEFT_API void weft_impl_test_differ(bool ends, const char *file, int line, const char *left,
                                    const char *op, const char *right,
                                    enum weft_impl_value_kind kind, size_t size,
                                    const void *left_at, const void *right_at)
    __attribute__((cold));
WEFT_API void weft_impl_test_skip(const char *file, int line, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 3, 4), cold));
typedef struct weft_impl_subtest {
    bool entered;
    bool through; /* its block came to its end */
} weft_impl_subtest;

#define WEFT_IMPL_SUBTEST_FORM(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, form, ...) form
#define WEFT_IMPL_SUBTEST_S(name)                                                         weft_impl_subtest_enter(__FILE__, __LINE__, name)
#define WEFT_IMPL_SUBTEST_F(...)                                                          weft_impl_subtest_enterf(__FILE__, __LINE__, __VA_ARGS__)

WEFT_API bool weft_impl_subtest_enter(const char *file, int line, const char *name);
WEFT_API bool weft_impl_subtest_enterf(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
WEFT_API void weft_impl_subtest_leave(weft_impl_subtest *subtest);

WEFT_API void weft_impl_test_until_waiting(const char *file, int line, int n,
                                           weft_wait_reason reason);
WEFT_API void weft_impl_test_until_idle(const char *file, int line);
WEFT_API void weft_impl_test_cleanup(weft_impl_fn fn, unsigned n, const uintptr_t *args);

WEFT_END_DECLS

#ifdef WEFT_VET
#include "weft/vet.h"
#endif

#endif /* WEFT_TEST_H */
