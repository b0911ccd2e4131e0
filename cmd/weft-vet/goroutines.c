/* SPDX-License-Identifier: MIT */
/*
 * goroutines.c - what is launched, with what arguments, and what it does there.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

/* ---- goargs ------------------------------------------------------------------------------------ */

/* A value that is 0 or 1 whatever happens. */
static bool is_truth(LLVMValueRef v)
{
    long n;
    if (is_constant(v, &n))
        return n == 0 || n == 1;
    if (LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMIntegerTypeKind &&
        LLVMGetIntTypeWidth(LLVMTypeOf(v)) == 1)
        return true;
    struct inst *i = inst_of(v);
    if (!i)
        return false;
    if (i->op == LLVMZExt || i->op == LLVMSExt || i->op == LLVMTrunc || i->op == LLVMFreeze)
        return is_truth(LLVMGetOperand(v, 0));
    if (i->op == LLVMPHI) {
        for (unsigned k = 0; k < LLVMCountIncoming(v); k++) {
            LLVMValueRef in = LLVMGetIncomingValue(v, k);
            if (LLVMIsAPHINode(stripped(in)) || !is_truth(in))
                return false;
        }
        return true;
    }
    return i->op == LLVMAnd ? is_truth(LLVMGetOperand(v, 0)) || is_truth(LLVMGetOperand(v, 1))
                            : false;
}

static const char *argument_name(const struct spawn *s, unsigned n)
{
    unsigned before = s->at->role == ROLE_spawn && s->first == 1 ? 1 : 2;
    char *a = source_argument(place_of(s->at), before + n);
    return a ? a : text("argument %u", n + 1);
}

static void check_arguments(const struct spawn *s)
{
    LLVMTypeRef type = LLVMIsAFunction(s->target) ? LLVMGlobalGetValueType(s->target) : NULL;
    if (!type || LLVMIsFunctionVarArg(type))
        return;
    unsigned count = LLVMCountParamTypes(type);
    bool wide = false;
    LLVMTypeRef *params = zeroed(count, sizeof *params);
    LLVMGetParamTypes(type, params);
    size_t length;
    const char *name = LLVMGetValueName2(s->target, &length);
    for (unsigned k = 0; k < count; k++) {
        LLVMTypeKind kind = LLVMGetTypeKind(params[k]);
        if (kind == LLVMFloatTypeKind || kind == LLVMDoubleTypeKind ||
            kind == LLVMX86_FP80TypeKind || kind == LLVMFP128TypeKind || kind == LLVMHalfTypeKind ||
            kind == LLVMVectorTypeKind) {
            found(
                CHECK_goargs, place_of(s->at),
                "parameter %u of %s() is a floating-point number, and a goroutine's arguments are "
                "passed as integers: it would see something else; pass its address",
                k + 1, name);
            free(params);
            return;
        }
        bool truth = kind == LLVMIntegerTypeKind && LLVMGetIntTypeWidth(params[k]) == 1;
        LLVMValueRef arg = truth && count == s->argc ? call_arg(s->at, s->first + k) : NULL;
        if (arg && !is_truth(arg)) {
            found(CHECK_goargs, place_of(s->at),
                  "parameter %u of %s() is a bool, which must be given 0 or 1: no conversion takes "
                  "place",
                  k + 1, name);
            fix("%s != 0", argument_name(s, k));
            break;
        }
    }
    for (unsigned k = 0; k < count; k++)
        wide |= LLVMGetTypeKind(params[k]) == LLVMIntegerTypeKind &&
                LLVMGetIntTypeWidth(params[k]) > 64;
    if (wide)
        count++; /* it takes two */
    if (count > s->argc || (count > 6 && count >= s->argc))
        found(
            CHECK_goargs, place_of(s->at),
            "%s() takes %u words as arguments, more than the %u that are passed in registers: pass "
            "the address of a struct",
            name, count, s->argc < 6 ? s->argc : 6);
    free(params);
}

/* ---- waitgroup, wggodone ------------------------------------------------------------------------- */

static bool is_shared(key t) { return t[0] == '@' || strncmp(t, "{P", 2) == 0; }

/* Does who launches it count it, so that the counter cannot be zero meanwhile? */
static bool is_counted(struct fn *f, struct inst *add)
{
    struct path p = path_of(call_arg(add, 0));
    struct taken wg = {.text = p.text};
    for (unsigned k = 0; k < prog.spawns; k++) {
        const struct spawn *s = &prog.spawn[k];
        struct taken there;
        if (s->fn != f || !taken_here(s->at, s->first, &wg, &there))
            continue;
        bool counted = false;
        EACH_INST (s->by, i)
            if (i->role == ROLE_wg_add || i->role == ROLE_wg_spawn)
                counted |= text_of(call_arg(i, 0)) == there.text;
        if (!counted)
            return false;
    }
    return true;
}

static void check_adds(struct fn *f)
{
    if (!f->spawned)
        return;
    bool spawns = f->spawns;
    EACH_INST (f, i) {
        long n;
        if (i->role != ROLE_wg_add || spawns || !call_arg(i, 1) ||
            !is_shared(text_of(call_arg(i, 0))) || (is_constant(call_arg(i, 1), &n) && n <= 0))
            continue;
        if (is_counted(f, i))
            continue;
        found(CHECK_waitgroup, place_of(i),
              "the goroutine adds itself: the wait may be over before it runs; add before the "
              "weft_go() in line %u, or use weft_wg_go()",
              place_of(f->spawned->at).line);
        char *wg = source_argument(place_of(i), 0);
        if (wg && f->spawned->at->role == ROLE_spawn)
            fix("weft_wg_go(&%s, %s, ...) in line %u", wg, f->name, place_of(f->spawned->at).line);
        return;
    }
}

static void check_double_done(const struct spawn *s)
{
    if (s->at->role != ROLE_wg_spawn || !s->fn)
        return;
    key wg = text_of(call_arg(s->at, 0));
    EACH_INST (s->fn, i) {
        if (i->role != ROLE_wg_done)
            continue;
        key t = text_of(call_arg(i, 0));
        bool same = t == wg && t[0] == '@';
        for (unsigned k = 0; k < s->argc && !same; k++)
            same = text_of(call_arg(s->at, s->first + k)) == wg && t == key_text("{P%u}", k);
        if (same) {
            found(CHECK_wggodone, place_of_cause(s->fn, i),
                  "weft_wg_go() in line %u counts this goroutine as done when it returns: without "
                  "this call, or the counter becomes negative",
                  place_of(s->at).line);
        }
    }
}

/* ---- noexit ---------------------------------------------------------------------------------------- */

static void check_exit(const struct spawn *s)
{
    if (s->fn && s->fn->never_returns && !role_of(s->fn->name, ROLE_noexit, NULL))
        found(
            CHECK_noexit, place_of(s->at),
            "no way leads out of %s(): this goroutine runs for ever; let it end with a context or "
            "when its channel is closed, or declare it WEFT_VET_IS(\"noexit\")",
            s->fn->name);
}

/* ---- what runs in a goroutine ------------------------------------------------------------------- */

static void check_blocking(struct fn *f, struct inst *i)
{
    if (i->role == ROLE_blocks)
        found(CHECK_blockingcall, place_of(i),
              "%s() blocks the thread of this goroutine until weft has noticed: use weft's own, or "
              "say so with weft_blocking()",
              i->name);
    (void)f;
}

/* Is there a call of this role in what the function calls? */
static bool calls_role(struct fn *f, enum role role, int depth)
{
    EACH_INST (f, i) {
        if (i->role == role)
            return true;
        if (i->callee && i->callee != f && depth < 6 && calls_role(i->callee, role, depth + 1))
            return true;
    }
    return false;
}

static bool leads_to(struct fn *from, struct fn *to, int depth)
{
    if (from == to)
        return true;
    EACH_INST (from, i)
        if (i->callee && i->callee != from && depth < 6 && leads_to(i->callee, to, depth + 1))
            return true;
    return false;
}

static bool set_up_here(struct fn *f)
{
    /* The matching setjmp is in the same goroutine when every launched function that leads here
     * has one. */
    bool all = true;
    for (unsigned k = 0; k < prog.spawns && all; k++) {
        struct fn *root = prog.spawn[k].fn;
        if (!root || !leads_to(root, f, 0))
            continue;
        all = calls_role(root, ROLE_setjmp, 0);
    }
    return all;
}

static void check_leaving(struct fn *f, struct inst *i)
{
    switch (i->role) {
    case ROLE_thread_exit:
        found(CHECK_longjmp, place_of(i),
              "%s() ends the thread, which other goroutines run on: use weft_goexit()", i->name);
        fix("weft_goexit()");
        break;
    case ROLE_fork:
        if (!calls_role(f, ROLE_exec, 0))
            found(CHECK_longjmp, place_of(i),
                  "%s() in a goroutine leaves the child with one thread of the runtime's: exec at "
                  "once, or use posix_spawn()",
                  i->name);
        break;
    case ROLE_longjmp:
        if (!set_up_here(f))
            found(
                CHECK_longjmp, place_of(i),
                "longjmp() to a place that this goroutine has not set: that is another stack; use "
                "weft_panic() and weft_try()");
        break;
    default:
        break;
    }
}

/* ---- stackhog --------------------------------------------------------------------------------- */

enum { SLOT = 256 << 10, FRAME_LIMIT = 64 << 10, TOTAL_LIMIT = SLOT / 4 * 3 };

/* The deepest use of stack below a function, without its recursions. */
static unsigned long depth_of(struct fn *f, struct fn **on_way, unsigned count)
{
    unsigned long deepest = 0;
    for (unsigned k = 0; k < count; k++)
        if (on_way[k] == f)
            return 0;
    if (count == 12)
        return f->frame;
    on_way[count] = f;
    EACH_INST (f, i)
        if (i->callee) {
            unsigned long below = depth_of(i->callee, on_way, count + 1);
            deepest = below > deepest ? below : deepest;
        }
    return f->frame + deepest;
}

static bool is_bounded(struct fn *f, LLVMValueRef size)
{
    key t = text_of(size);
    EACH_INST (f, i)
        if (i->op == LLVMICmp &&
            (text_of(LLVMGetOperand(i->v, 0)) == t || text_of(LLVMGetOperand(i->v, 1)) == t))
            return true;
    return false;
}

static bool calls_itself(struct fn *f)
{
    EACH_INST (f, i)
        if (i->callee == f)
            return true;
    return false;
}

static struct fn *hog_below(struct fn *f, int depth)
{
    if (f->frame > FRAME_LIMIT || (f->frame > 4096 && calls_itself(f)))
        return f;
    EACH_INST (f, i)
        if (i->callee && i->callee != f && depth < 8) {
            struct fn *hog = hog_below(i->callee, depth + 1);
            if (hog)
                return hog;
        }
    return NULL;
}

static void check_stack(const struct spawn *s)
{
    if (!s->fn || (s->at->role == ROLE_spawn && s->first == 2))
        return; /* weft_go_with() may say how much it needs */
    struct fn *hog = hog_below(s->fn, 0);
    if (hog && calls_itself(hog) && hog->frame <= FRAME_LIMIT) {
        found(
            CHECK_stackhog, place_of(s->at),
            "%s() calls itself with %lu bytes of locals each time, and a goroutine's stack has 256 "
            "KiB: take memory, or weft_go_with() a larger .stack_size",
            hog->name, hog->frame);
    } else if (hog) {
        found(
            CHECK_stackhog, place_of(s->at),
            "%s() has %lu bytes of locals, and a goroutine's stack 256 KiB in all: take memory, or "
            "weft_go_with() a larger .stack_size",
            hog->name, hog->frame);
    } else {
        struct fn *way[12];
        unsigned long all = depth_of(s->fn, way, 0);
        if (all > TOTAL_LIMIT)
            found(
                CHECK_stackhog, place_of(s->at),
                "%s() and what it calls have %lu bytes of locals, and a goroutine's stack 256 KiB: "
                "weft_go_with() a larger .stack_size",
                s->fn->name, all);
    }
    EACH_INST (s->fn, i)
        if (i->op == LLVMAlloca && !is_constant(LLVMGetOperand(i->v, 0), NULL) &&
            !is_bounded(s->fn, LLVMGetOperand(i->v, 0)))
            found(CHECK_stackhog, place_of(i).line ? place_of(i) : place_of(s->at),
                  "an array of unknown size on a goroutine's stack of 256 KiB: check its size, or "
                  "take memory");
}

/* ---- grpctx --------------------------------------------------------------------------------------- */

static void check_group_context(const struct spawn *s)
{
    if (s->at->role != ROLE_group_spawn)
        return;
    struct inst *group = inst_of(stripped(call_arg(s->at, 0)));
    if (!group || group->role != ROLE_group_new)
        return;
    key parent = text_of(call_arg(group, 0));
    for (unsigned k = 0; k < s->argc; k++)
        if (text_of(call_arg(s->at, s->first + k)) == parent && !is_null(call_arg(group, 0))) {
            found(
                CHECK_grpctx, place_of(s->at),
                "the member gets the context that the group was made from, and does not learn when "
                "another member fails");
            fix("weft_group_ctx(%s)", source_argument(place_of(s->at), 0));
        }
}

void check_goroutines(void)
{
    for (unsigned k = 0; k < prog.spawns; k++) {
        const struct spawn *s = &prog.spawn[k];
        check_arguments(s);
        check_double_done(s);
        check_exit(s);
        check_stack(s);
        check_group_context(s);
    }
    EACH_FN (f) {
        check_adds(f);
        if (!f->concurrent)
            continue;
        EACH_INST (f, i) {
            check_blocking(f, i);
            check_leaving(f, i);
        }
    }
}
