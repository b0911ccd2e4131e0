/* SPDX-License-Identifier: MIT */
/* Comparisons that show their operands when they do not hold. */
#include <inttypes.h>
#include <string.h>

#include "testing/testing.h"

weft_impl_value weft_impl_value_i(int64_t v)
{
    return (weft_impl_value){WEFT_IMPL_VALUE_SIGNED, {.i = v}};
}

weft_impl_value weft_impl_value_u(uint64_t v)
{
    return (weft_impl_value){WEFT_IMPL_VALUE_UNSIGNED, {.u = v}};
}

weft_impl_value weft_impl_value_f(double v)
{
    return (weft_impl_value){WEFT_IMPL_VALUE_FLOAT, {.f = v}};
}

weft_impl_value weft_impl_value_p(const volatile void *v)
{
    return (weft_impl_value){WEFT_IMPL_VALUE_POINTER, {.p = v}};
}

weft_impl_value weft_impl_value_s(const char *v)
{
    return (weft_impl_value){WEFT_IMPL_VALUE_TEXT, {.s = v}};
}

/* -1, 0 or 1; 2 when there is no order (not a number). */
static int order_floats(double a, double b) { return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2; }

static double as_float(weft_impl_value v)
{
    switch (v.kind) {
    case WEFT_IMPL_VALUE_SIGNED:
        return (double)v.as.i;
    case WEFT_IMPL_VALUE_UNSIGNED:
        return (double)v.as.u;
    default:
        return v.as.f;
    }
}

/* A pointer, or an integer beside one: NULL may be written as 0. */
static uint64_t as_address(weft_impl_value v)
{
    return v.kind == WEFT_IMPL_VALUE_SIGNED     ? (uint64_t)v.as.i
           : v.kind == WEFT_IMPL_VALUE_UNSIGNED ? v.as.u
                                                : (uint64_t)(uintptr_t)v.as.p;
}

static bool negative(weft_impl_value v) { return v.kind == WEFT_IMPL_VALUE_SIGNED && v.as.i < 0; }

static bool is_address(weft_impl_value v)
{
    return v.kind == WEFT_IMPL_VALUE_POINTER || v.kind == WEFT_IMPL_VALUE_TEXT;
}

static int order(weft_impl_value a, weft_impl_value b)
{
    if (a.kind == WEFT_IMPL_VALUE_FLOAT || b.kind == WEFT_IMPL_VALUE_FLOAT)
        return order_floats(as_float(a), as_float(b));
    if (a.kind == WEFT_IMPL_VALUE_TEXT && b.kind == WEFT_IMPL_VALUE_TEXT && a.as.s && b.as.s) {
        int r = strcmp(a.as.s, b.as.s);
        return r < 0 ? -1 : r > 0;
    }
    if (!is_address(a) && !is_address(b) && negative(a) != negative(b))
        return negative(a) ? -1 : 1;
    uint64_t x = as_address(a), y = as_address(b);
    if (negative(a) && negative(b))
        return a.as.i < b.as.i ? -1 : a.as.i > b.as.i;
    return x < y ? -1 : x > y;
}

static bool holds(int r, const char *op)
{
    bool or_equal = op[1] == '=';
    switch (op[0]) {
    case '=':
        return r == 0;
    case '!':
        return r != 0;
    case '<':
        return r == -1 || (or_equal && r == 0);
    case '>':
        return r == 1 || (or_equal && r == 0);
    default:
        return false; /* not a comparison: shown as failed */
    }
}

enum { SHOWN_MAX = 256 };

/* The operand's own text, cut out of "left, op, right". */
struct piece {
    const char *at;
    int length;
};

static struct piece piece_of(const char *text, int which)
{
    const char *end, *p = text;
    for (;; which--) {
        int depth = 0;
        char quote = '\0';
        while (*p == ' ')
            p++;
        for (end = p; *end && (quote || depth > 0 || *end != ','); end++) {
            if (*end == '\\' && end[1])
                end++;
            else if (quote)
                quote = *end == quote ? '\0' : quote;
            else if (*end == '"' || *end == '\'')
                quote = *end;
            else
                depth += (strchr("([{", *end) != NULL) - (strchr(")]}", *end) != NULL);
        }
        if (which == 0 || !*end)
            return (struct piece){p, (int)(end - p)};
        p = end + 1;
    }
}

static void show(char *out, struct piece text, weft_impl_value v)
{
    char value[SHOWN_MAX - 80] = "NULL";
    switch (v.kind) {
    case WEFT_IMPL_VALUE_SIGNED:
        snprintf(value, sizeof value, "%" PRId64, v.as.i);
        break;
    case WEFT_IMPL_VALUE_UNSIGNED:
        snprintf(value, sizeof value, "%" PRIu64, v.as.u);
        break;
    case WEFT_IMPL_VALUE_FLOAT:
        snprintf(value, sizeof value, "%.17g", v.as.f);
        break;
    case WEFT_IMPL_VALUE_POINTER:
        if (v.as.p)
            snprintf(value, sizeof value, "0x%" PRIxPTR, (uintptr_t)v.as.p);
        break;
    case WEFT_IMPL_VALUE_TEXT:
        if (v.as.s)
            snprintf(value, sizeof value, "\"%s\"", v.as.s);
        break;
    case WEFT_IMPL_VALUE_UNKNOWN:
        *out = '\0';
        return;
    }
    /* A constant need not be told twice. */
    *out = '\0';
    if (strlen(value) != (size_t)text.length || strncmp(text.at, value, strlen(value)) != 0)
        snprintf(out, SHOWN_MAX, "\n    %.*s is %s", text.length > 60 ? 60 : text.length, text.at,
                 value);
}

void weft_impl_test_compare(bool ends, const char *file, int line, const char *text, const char *op,
                            weft_impl_value left, weft_impl_value right)
{
    if (holds(order(left, right), op))
        return;
    struct piece a = piece_of(text, 0), b = piece_of(text, 2);
    char left_is[SHOWN_MAX], right_is[SHOWN_MAX];
    show(left_is, a, left);
    show(right_is, b, right);
    weft_impl_test_fail(ends, file, line, "check failed: %.*s %s %.*s%s%s", a.length, a.at, op,
                        b.length, b.at, left_is, right_is);
}

/* What stands at @at; the kinds' sizes are those of the types that have them. */
static weft_impl_value value_at(enum weft_impl_value_kind kind, size_t size, const void *at)
{
    weft_impl_value v = {.kind = kind};
    switch (kind) {
    case WEFT_IMPL_VALUE_SIGNED:
        v.as.i = size == sizeof(int) ? *(const int *)at : *(const int64_t *)at;
        break;
    case WEFT_IMPL_VALUE_UNSIGNED:
        v.as.u = size == sizeof(unsigned) ? *(const unsigned *)at : *(const uint64_t *)at;
        break;
    case WEFT_IMPL_VALUE_FLOAT:
        v.as.f = size == sizeof(float) ? (double)*(const float *)at : *(const double *)at;
        break;
    case WEFT_IMPL_VALUE_POINTER:
    case WEFT_IMPL_VALUE_TEXT:
        v.as.p = *(void *const *)at;
        break;
    case WEFT_IMPL_VALUE_UNKNOWN:
        break;
    }
    return v;
}

void weft_impl_test_differ(bool ends, const char *file, int line, const char *left, const char *op,
                           const char *right, enum weft_impl_value_kind kind, size_t size,
                           const void *left_at, const void *right_at)
{
    char left_is[SHOWN_MAX], right_is[SHOWN_MAX];
    struct piece a = {left, (int)strlen(left)}, b = {right, (int)strlen(right)};
    show(left_is, a, value_at(kind, size, left_at));
    show(right_is, b, value_at(kind, size, right_at));
    weft_impl_test_fail(ends, file, line, "check failed: %s %s %s%s%s", left, op, right, left_is,
                        right_is);
}
