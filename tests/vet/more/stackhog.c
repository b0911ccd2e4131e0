/* SPDX-License-Identifier: MIT */
/* Much stack. */
#include <alloca.h>
#include <string.h>
#include <weft.h>
void use(void *p, size_t n);

static void big(int n) { char buffer[100 << 10]; memset(buffer, n, sizeof buffer); use(buffer, sizeof buffer); }
static void calls_big(int n) { if (n) big(n); }
static int deep(int n) { char part[8192]; use(part, sizeof part); return n ? deep(n - 1) + 1 : 0; }
static void varying(size_t n)
{
    char buffer[n]; //! stackhog
    use(buffer, n);
}
void start(int n)
{
    weft_go(big, n);           //! stackhog
    weft_go(calls_big, n);     //! stackhog
    weft_go(deep, n);          //! stackhog
    weft_go(varying, (size_t)n);
}

static void small(int n) { char buffer[4096]; memset(buffer, n, sizeof buffer); use(buffer, sizeof buffer); }
static int tree(int n) { return n ? tree(n / 2) + tree(n / 3) : 1; }
static void checked(size_t n)
{
    if (n > 512)
        return;
    char buffer[n];
    use(buffer, n);
}
static void of_memory(int n) { static char buffer[1 << 20]; use(buffer, (size_t)n); }
void fine(int n)
{
    weft_go(small, n);
    weft_go(tree, n);
    weft_go(checked, (size_t)n);
    weft_go(of_memory, n);
    weft_go_with(&(weft_go_opts){.name = "big", .stack_size = 1 << 20}, big, n);
    big(n);
}
