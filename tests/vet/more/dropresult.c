/* SPDX-License-Identifier: MIT */
/* Results that say whether it worked. */
#include <weft.h>
static weft_sem slots = WEFT_SEM(4);
static weft_mutex mu;
static int n;

void acquires(weft_ctx *ctx) { weft_sem_acquire(ctx, &slots, 1); n++; } //! dropresult
void locks(weft_ctx *ctx)
{
    weft_mutex_lock_ctx(ctx, &mu); //! dropresult
    puts("x");
}
void in_loop(weft_ctx *ctx, int k) { while (k--) weft_sem_acquire(ctx, &slots, k); } //! dropresult

int checked(weft_ctx *ctx) { int err = weft_sem_acquire(ctx, &slots, 1); return err ? err : n; }
void on_purpose(weft_ctx *ctx) { (void)weft_sem_acquire(ctx, &slots, 1); }
void condition(weft_ctx *ctx) { if (weft_mutex_lock_ctx(ctx, &mu) == 0) { n++; weft_mutex_unlock(&mu); } }
