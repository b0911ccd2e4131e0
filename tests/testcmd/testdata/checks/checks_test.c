/* SPDX-License-Identifier: MIT */
/*
 * Checks of every form: they mean what they say, and a comparison that fails shows both sides.
 * What must be said is in golden/checks.txt.
 */
//weft: -DFROM_DIRECTIVE=4 -Iinclude
#include <complex.h>
#include <string.h>
#include <weft.h>

#include "beside.h"
#include "of_include.h"

#define EQUAL(a, b) weft_check((a) == (b))
#define IS(a, b)    weft_check(a == b)

/* In a comment: weft_check(1 == 2) */
static const char *in_text = "weft_check(1 == 2)";

enum colour { RED, GREEN };
struct bits {
    unsigned low : 3;
    signed high : 4;
};

static int calls;
static int call(int n)
{
    calls++;
    return n;
}

WEFT_TEST(all_of_these_hold)
{
    int n = 3, array[] = {1, 2, 3}, *p = array;
    const int constant = 3;
    _Atomic int atomic = 3;
    unsigned u = 3;
    size_t size = 3;
    char text[] = "abc", *at = text;
    bool yes = true;
    double d = 0.5;
    float f = 0.5f;
    enum colour colour = GREEN;
    struct bits bits = {3, -3};
    _Complex double z = 1.0;
    __int128 wide = 3;
    long double extended = 0.5L;
    int (*function)(int) = call;
    weft_check(n == 3);
    weft_check(n == 3);
    weft_check(n == 3);
    weft_check(n /* a comment, == with an operator */ == 3);
    weft_check(n == 3);
    weft_check(constant == n);
    weft_check(atomic == 3);
    weft_check(atomic == n);
    weft_check(u == 3);
    weft_check(u < 4 && u > 2);
    weft_check(size >= sizeof(char[2]));
    weft_check(n << 1 == 6);
    weft_check(n >> 1 < 2);
    weft_check((n & 1) == 1);
    weft_check(!n == 0);
    weft_check(-n <= -3);
    weft_check(n-- != 4);
    weft_check(++n == 3);
    weft_check(p == array);
    weft_check(p != NULL);
    weft_check(&array[0] == p);
    weft_check(array[n - 2 > 0 ? 1 : 0] == 2);
    weft_check(*p == 1);
    weft_check(at == text);
    weft_check(at[0] == 'a');
    weft_check(at[0] != ',');
    weft_check(strcmp(at, "a == b, (") != 0);
    weft_check(at != NULL);
    weft_check(yes);
    weft_check(yes == true);
    weft_check(d == f);
    weft_check(d < 1);
    weft_check(colour == GREEN);
    weft_check(bits.low == 3);
    weft_check(bits.high == -3);
    weft_check(z == 1.0);
    weft_check(wide == 3);
    weft_check(extended == 0.5L);
    weft_check(function == call);
    weft_check((n == 3) == yes);
    weft_check(({
        int k = n;
        k == 3;
    }));
    weft_check(((int[]){1, 2})[1] == 2);
    weft_check(n ? n == 3 : 0);
    weft_check((n = 3));
    weft_check(n, ==, 3);
    weft_expect(n == 3), weft_expect(n != 4);
    weft_check(FROM_DIRECTIVE == 4);
    weft_check(BESIDE == 5);
    weft_check(OF_INCLUDE == 6);
    weft_check(strlen(in_text) == 18);
    EQUAL(n, 3);
    IS(n, 3);
    if (n == 3)
        weft_check(n == 3);
    else
        weft_check(n != 3);
#if 0
    weft_check(no such thing == 1);
#endif
}

WEFT_TEST(both_sides_are_evaluated_once)
{
    weft_check(call(1) == 1);
    weft_check(2 == call(2));
    weft_check(calls == 2);
    weft_expect(call(3) == 4);
    weft_check(calls == 3);
}

WEFT_TEST(what_differs_is_shown)
{
    int n = 2;
    unsigned u = 7;
    uint64_t big = UINT64_MAX;
    double d = 0.25;
    char *none = NULL;
    bool yes = true;
    weft_expect(n == 3);
    weft_expect(3 == n);
    weft_expect(u < 7);
    weft_expect(big <= 5);
    weft_expect(d > 1);
    weft_expect(d * 2 > 1.5);
    weft_expect(none != NULL);
    weft_expect(yes == false);
    weft_expect(n >= 3 && u == 7);
    weft_expect(n == 2 ? false : true);
    weft_expect(n * (2 + 1) != 6);
    weft_expect(n, ==, 3);
    EQUAL(n, 3);
}
