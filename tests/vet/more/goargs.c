/* SPDX-License-Identifier: MIT */
/* Parameters that a goroutine cannot fill. */
#include <weft.h>
struct wide { long a, b, c; };
static void real(double d) { printf("%g\n", d); }
static void small(int n, float f) { printf("%d %g\n", n, (double)f); }
static void flag(bool b) { printf("%d\n", b); }
static void second(int n, bool b) { printf("%d %d\n", n, b); }
static void huge(__int128 n) { printf("%d\n", n > 0); }
static void text(const char *s, long n) { printf("%s %ld\n", s, n); }
static void pointer(double *d) { printf("%g\n", *d); }
void bad(int n, unsigned flags)
{
    weft_go(real, n);          //! goargs
    weft_go(small, 1, n);      //! goargs
    weft_go(flag, n);          //! goargs
    weft_go(second, n, flags & 4); //! goargs
    weft_go(huge, n);          //! goargs
}

static double shared = 1.5;
void good(int n, bool b, unsigned flags, const char *s)
{
    weft_go(text, s, n);
    weft_go(pointer, &shared);
    weft_go(flag, b);
    weft_go(flag, true);
    weft_go(flag, n > 3);
    weft_go(flag, n > 3 && flags);
    weft_go(flag, !n);
    weft_go(second, n, (flags & 4) != 0);
    weft_go(flag, b == (n != 0));
    struct wide w = {n, n, n};
    printf("%ld\n", w.a + w.b + w.c);
}
