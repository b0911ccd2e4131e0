/* SPDX-License-Identifier: MIT */
/*
 * calls.c - calls that are wrong, or nearly always, by themselves.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

/* ---- nilctx ---------------------------------------------------------------------------------------- */

/* A function that asks whether it was given a context takes NULL for an answer. */
static bool asks_for_null(struct fn *f, unsigned param)
{
    if (!f)
        return false;
    key t = key_text("{P%u}", param);
    EACH_INST (f, i)
        if (i->op == LLVMICmp && is_null(LLVMGetOperand(i->v, 1)) &&
            text_of(LLVMGetOperand(i->v, 0)) == t)
            return true;
    return false;
}

static void check_null_context(struct inst *i, key name, struct fn *callee, unsigned first)
{
    int at = name ? ctx_param(name) : -1;
    if (at < 0 || !is_null(call_arg(i, first + (unsigned)at)) ||
        asks_for_null(callee, (unsigned)at))
        return;
    static const char *const for_null[] = {"weft_ctx_unref", "weft_ctx_ref", "weft_impl_ctx_end"};
    for (size_t k = 0; k < sizeof for_null / sizeof *for_null; k++)
        if (strcmp(name, for_null[k]) == 0)
            return;
    found(CHECK_nilctx, place_of(i),
          "a NULL context panics; pass weft_background() if there is none");
    fix("weft_background()");
}

/* ---- ctxkey ------------------------------------------------------------------------------------------ */

static void check_key(struct inst *i)
{
    LLVMValueRef given = call_arg(i, 1);
    LLVMValueRef k = given ? stripped(given) : NULL;
    if (!k || strcmp(i->name, "weft_ctx_with_value") != 0)
        return;
    while (LLVMIsAConstantExpr(k) && LLVMGetConstOpcode(k) == LLVMGetElementPtr)
        k = stripped(LLVMGetOperand(k, 0));
    long n;
    bool literal = LLVMIsAGlobalVariable(k) && LLVMGetLinkage(k) == LLVMPrivateLinkage &&
                   LLVMGetInitializer(k) && LLVMIsConstantString(LLVMGetInitializer(k));
    if (literal || (is_constant(k, &n) && n != 0)) {
        found(CHECK_ctxkey, place_of(i),
              "%s may be the key of others too: only the address counts, so use that of a static "
              "variable of your own",
              literal ? "a string" : "a number");
        fix("static char key; ... &key");
    }
}

/* ---- relockdefer ------------------------------------------------------------------------------------ */

static void check_deferred(struct inst *i)
{
    LLVMValueRef to = stripped(call_arg(i, 0));
    if (!to || !LLVMIsAFunction(to))
        return;
    size_t n;
    const char *name = LLVMGetValueName2(to, &n);
    enum role role = role_first(key_text("%.*s", (int)n, name)).role;
    if (role == ROLE_lock || role == ROLE_wlock || role == ROLE_rlock) {
        const char *unlock = role == ROLE_rlock   ? "weft_rwmutex_runlock"
                             : role == ROLE_wlock ? "weft_rwmutex_unlock"
                                                  : "weft_mutex_unlock";
        found(CHECK_relockdefer, place_of(i),
              "%s() at the end of the block locks what nobody unlocks; %s was meant", name, unlock);
        fix("weft_defer(%s, ...)", unlock);
    }
}

/* ---- dropresult ------------------------------------------------------------------------------------- */

/* (void) before the call says that it is on purpose. */
static bool is_voided(struct place at)
{
    const char *line = source_line(at.file, at.line);
    if (!line || at.col < 1 || at.col > strlen(line) + 1)
        return true;
    size_t n = at.col - 1;
    while (n > 0 && isspace((unsigned char)line[n - 1]))
        n--;
    if (n == 0 && at.line > 1) {
        const char *before = source_line(at.file, at.line - 1);
        size_t length = before ? strlen(before) : 0;
        return length >= 6 && strcmp(before + length - 6, "(void)") == 0;
    }
    return n >= 6 && strncmp(line + n - 6, "(void)", 6) == 0;
}

static void check_result(struct inst *i)
{
    struct place at = place_of(i);
    if (LLVMGetFirstUse(i->v) || is_voided(at))
        return;
    if (i->role == ROLE_lock_ctx)
        found(
            CHECK_dropresult, at,
            "without the result nobody knows whether the mutex is locked: go on only when it is 0");
    else
        found(
            CHECK_dropresult, at,
            "without the result nobody knows whether the units are held: go on only when it is 0");
}

/* ---- sighandler -------------------------------------------------------------------------------------- */

static struct inst *weft_call_in(struct fn *f, int depth)
{
    EACH_INST (f, i) {
        if (i->op == LLVMCall && i->name && !i->callee && strncmp(i->name, "weft_", 5) == 0 &&
            strcmp(i->name, "weft_impl_errno") != 0)
            return i;
        if (i->callee && depth < 6 && i->callee != f) {
            struct inst *found_one = weft_call_in(i->callee, depth + 1);
            if (found_one)
                return found_one;
        }
    }
    return NULL;
}

static void check_handler(LLVMValueRef handler)
{
    struct fn *f = handler ? fn_of(stripped(handler)) : NULL;
    struct inst *call = f ? weft_call_in(f, 0) : NULL;
    if (call)
        found(CHECK_sighandler, place_of(call),
              "%s() is a signal handler, and no call of weft is safe there: use "
              "weft_ctx_with_signals(), or write to a pipe that a goroutine reads",
              f->name);
}

static void check_signal(struct fn *f, struct inst *i)
{
    if (strcmp(i->name, "sigaction") != 0) {
        check_handler(call_arg(i, 1));
        return;
    }
    key action = text_of(call_arg(i, 1));
    EACH_INST (f, s)
        if (s->op == LLVMStore && fn_of(stripped(LLVMGetOperand(s->v, 0))) &&
            strncmp(text_of(LLVMGetOperand(s->v, 1)), action, strlen(action)) == 0)
            check_handler(LLVMGetOperand(s->v, 0));
}

/* The function in a constant such as {.sa_handler = f}. */
static void check_constant(LLVMValueRef v)
{
    LLVMValueRef init = v && LLVMIsAGlobalVariable(v) ? LLVMGetInitializer(v) : NULL;
    for (int depth = 0; init && depth < 4; depth++) {
        if (LLVMIsAFunction(stripped(init))) {
            check_handler(init);
            return;
        }
        init = LLVMGetNumOperands(init) > 0 ? LLVMGetOperand(init, 0) : NULL;
    }
}

/* One that stands in a constant, or is copied from one. */
static void check_static_action(struct fn *f, struct inst *i)
{
    LLVMValueRef action = call_arg(i, 1) ? stripped(call_arg(i, 1)) : NULL;
    if (!action)
        return;
    check_constant(action);
    EACH_INST (f, copy)
        if (copy->name && strncmp(copy->name, "llvm.memcpy", 11) == 0 &&
            text_of(call_arg(copy, 0)) == text_of(action))
            check_constant(stripped(call_arg(copy, 1)));
}

/* ---- a context that goes nowhere ----------------------------------------------------------------- */

/* Made with a limit, asked for its end, and never given to anything that would heed it. */
static void check_unused_context(struct fn *f, struct inst *i)
{
    bool given = false, any = false;
    bool waits = false; /* without it: for something else in this function */
    EACH_INST (f, call)
        waits |= call->callee && call->callee->waits;
    LLVMValueRef way[8] = {i->v};
    unsigned count = 1;
    for (unsigned k = 0; k < count; k++)
        for (LLVMUseRef u = LLVMGetFirstUse(way[k]); u; u = LLVMGetNextUse(u)) {
            struct inst *user = inst_of(LLVMGetUser(u));
            if (!user)
                continue;
            if (user->op == LLVMPHI && count < 8) {
                bool known = false;
                for (unsigned n = 0; n < count; n++)
                    known |= way[n] == user->v;
                if (!known)
                    way[count++] = user->v;
            } else if (user->role == ROLE_ctx_err && !f->block[user->block].cyclic) {
                any = true;
            } else if (user->op != LLVMICmp && user->op != LLVMBitCast && user->role != ROLE_drop &&
                       user->role != ROLE_unref && user->role != ROLE_cancel) {
                given = true;
            }
        }
    if (any && !given && waits)
        found(
            CHECK_ctxpass, place_of(i),
            "this context is asked for its end but given to nothing that could stop at it: hand it "
            "on to the calls that may wait");
}

/* ---- atomicmix -------------------------------------------------------------------------------------- */

struct touched {
    key name; /* record and offset */
    struct inst *atomic, *plain;
    struct fn *plain_in;
    const char *shown;
};
static struct touched *touched;
static size_t touched_count, touched_room;

static struct touched *touched_at(const struct path *p)
{
    if (!p->record)
        return NULL;
    key name = record_key(p->record, p->offset);
    for (size_t k = 0; k < touched_count; k++)
        if (touched[k].name == name)
            return &touched[k];
    touched = make_room(touched, touched_count, &touched_room, sizeof *touched);
    touched[touched_count] = (struct touched){name, NULL, NULL, NULL, field_name(p, name)};
    return &touched[touched_count++];
}

static bool is_atomic(struct inst *i)
{
    if (i->op == LLVMAtomicRMW || i->op == LLVMAtomicCmpXchg)
        return true;
    return (i->op == LLVMLoad || i->op == LLVMStore) &&
           LLVMGetOrdering(i->v) != LLVMAtomicOrderingNotAtomic;
}

static void check_self_assignment(struct inst *i)
{
    struct inst *from = i->op == LLVMStore ? inst_of(stripped(LLVMGetOperand(i->v, 0))) : NULL;
    for (int depth = 0; from && depth < 3 && (from->op == LLVMAdd || from->op == LLVMSub); depth++)
        from = inst_of(stripped(LLVMGetOperand(from->v, 0)));
    if (!from || from->op != LLVMAtomicRMW)
        return;
    if (text_of(LLVMGetOperand(from->v, 0)) == text_of(LLVMGetOperand(i->v, 1)))
        found(
            CHECK_atomicmix, place_of(i),
            "the result of an atomic change is assigned to what was changed: in between others may "
            "have changed it too; drop the assignment");
}

static bool lock_in(struct fn *f)
{
    EACH_INST (f, i)
        if (i->role == ROLE_lock || i->role == ROLE_wlock || i->role == ROLE_os_lock ||
            (i->callee && i->callee->ends))
            return true;
    return false;
}

static void check_atomics(void)
{
    EACH_FN (f)
        EACH_INST (f, i)
            if (is_atomic(i)) {
                struct path p = path_of(LLVMGetOperand(i->v, i->op == LLVMStore ? 1 : 0));
                struct touched *t = touched_at(&p);
                if (t && !t->atomic)
                    t->atomic = i;
            }
    if (!touched_count)
        return;
    EACH_FN (f) {
        bool locks = lock_in(f);
        EACH_INST (f, i) {
            check_self_assignment(i);
            if ((i->op != LLVMLoad && i->op != LLVMStore) || is_atomic(i) || !f->concurrent ||
                locks || LLVMGetVolatile(i->v))
                continue;
            struct path p = path_of(LLVMGetOperand(i->v, i->op == LLVMStore ? 1 : 0));
            struct touched *t = p.record ? touched_at(&p) : NULL;
            bool fresh =
                p.object && (strncmp(p.object, "{A", 2) == 0 || strncmp(p.object, "{C", 2) == 0);
            if (t && t->atomic && !fresh && !f->held_by_all)
                found(
                    CHECK_atomicmix, place_of(i),
                    "%s is accessed atomically in line %u and plainly here, where others may run: "
                    "access it atomically here too",
                    t->shown, place_of(t->atomic).line);
        }
    }
}

void check_calls(void)
{
    EACH_FN (f)
        EACH_INST (f, i) {
            if (i->op != LLVMCall)
                continue;
            check_null_context(i, i->name, i->callee, 0);
            switch (i->role) {
            case ROLE_derive_value:
                check_key(i);
                break;
            case ROLE_derive:
                check_unused_context(f, i);
                break;
            case ROLE_deferred:
                check_deferred(i);
                break;
            case ROLE_lock_ctx:
            case ROLE_sem_acquire:
                check_result(i);
                break;
            case ROLE_signal:
                check_signal(f, i);
                check_static_action(f, i);
                break;
            default:
                break;
            }
        }
    for (unsigned k = 0; k < prog.spawns; k++) {
        const struct spawn *s = &prog.spawn[k];
        if (LLVMIsAFunction(s->target)) {
            size_t n;
            const char *name = LLVMGetValueName2(s->target, &n);
            check_null_context(s->at, key_text("%.*s", (int)n, name), s->fn, s->first);
        }
    }
    check_atomics();
}
