/* SPDX-License-Identifier: MIT */
/* Thread-local data across waits: through pointers, structs, callees that wait. */
#include <string.h>
#include <weft.h>
WEFT_CHAN(ints, int);

static _Thread_local int depth;
static _Thread_local struct { char text[64]; int used; } scratch;
__thread long calls;

int by_struct(ints *c)
{
    int v;
    scratch.used = 0;
    weft_recv(c, &v);
    return scratch.used += v; //! tlswait
}
char *pointer_kept(void)
{
    char *p = scratch.text;
    strcpy(p, "x");
    weft_yield();
    return strcat(p, "y"); //! tlswait
}
static void waits(weft_ctx *ctx) { (void)weft_sleep(ctx, WEFT_SECOND); }
void in_callee(weft_ctx *ctx) { calls++; waits(ctx); calls--; } //! tlswait
static weft_mutex mu;
void at_a_lock(void) { depth++; weft_scoped_lock(&mu); depth--; } //! tlswait
void in_loop(ints *c) { int v; while (weft_recv(c, &v)) calls += v; } //! tlswait

int before_only(ints *c) { int v, d = depth++; weft_recv(c, &v); return d; }
int after_only(ints *c) { int v; weft_recv(c, &v); return depth++; }
void pinned(ints *c) { int v; weft_pin(); depth++; weft_recv(c, &v); depth--; weft_unpin(); }
int no_wait(ints *c) { depth++; int n = (int)weft_len(c); depth--; return n; }
static int get(void) { return depth; }
int through_function(ints *c) { int v, before = get(); weft_recv(c, &v); return before - get(); }
static int plain;
void not_local(ints *c) { int v; plain++; weft_recv(c, &v); plain--; }
int either(ints *c, int x) { int v = 0; if (x) return depth++; weft_recv(c, &v); return v; }
