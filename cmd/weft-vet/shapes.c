/* SPDX-License-Identifier: MIT */
/*
 * shapes.c - what the form of a loop, a select or a locked section shows.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

static struct fn *f;
static bool f_escapes; /* it returns a pointer past its lock */

/* Instructions that are none in the source. */
static bool is_noise(const struct inst *i)
{
    return i->op == LLVMPHI || i->op == LLVMGetElementPtr || i->op == LLVMBitCast ||
           i->op == LLVMAlloca || i->op == LLVMPtrToInt || i->op == LLVMIntToPtr ||
           (i->op == LLVMCall && i->name && strncmp(i->name, "llvm.dbg", 8) == 0);
}

/* ---- timerloop, fatctx ------------------------------------------------------------------------- */

/* Kept somewhere, so that there is one for each round on purpose. */
static bool is_kept(struct inst *made)
{
    for (LLVMUseRef u = LLVMGetFirstUse(made->v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        if (!user)
            continue;
        if (user->op == LLVMStore && stripped(LLVMGetOperand(user->v, 0)) == made->v)
            return true;
        if (user->op == LLVMRet || (user->op == LLVMCall && user->role == ROLE_NONE &&
                                    (!user->name || strncmp(user->name, "weft_", 5) != 0) &&
                                    (!user->name || strncmp(user->name, "llvm.", 5) != 0)))
            return true;
        if (user->op == LLVMCall && is_spawn(user->role))
            return true;
    }
    return false;
}

static void check_timer(struct inst *i)
{
    if (!f->block[i->block].cyclic || is_kept(i))
        return;
    found(CHECK_timerloop, place_of(i),
          "a timer is made in each round: make one before the loop and weft_timer_reset() it, or "
          "give weft_select() a weft_on_timeout()");
}

static void check_fat_context(struct inst *i)
{
    struct inst *parent = inst_of(stripped(call_arg(i, 0)));
    if (!parent || parent->op != LLVMPHI || !f->block[parent->block].cyclic)
        return;
    for (unsigned k = 0; k < LLVMCountIncoming(parent->v); k++)
        if (stripped(LLVMGetIncomingValue(parent->v, k)) == i->v &&
            f->block[i->block].knot == f->block[parent->block].knot)
            found(CHECK_fatctx, place_of(i),
                  "each round wraps the context of the round before: derive from one made before "
                  "the loop, into a variable of the round");
}

/* ---- busyloop ---------------------------------------------------------------------------------- */

/* Something that waits, or that may have its own reason to take time. */
static bool takes_time(struct inst *i)
{
    if (i->op == LLVMFence || i->op == LLVMAtomicRMW || i->op == LLVMAtomicCmpXchg)
        return true;
    if (i->op != LLVMCall)
        return false;
    if (!i->name)
        return true; /* a function pointer, or assembly such as a pause */
    if (strncmp(i->name, "llvm.", 5) == 0)
        return strstr(i->name, "pause") != NULL;
    switch (i->role) {
    case ROLE_try_recv:
    case ROLE_try_send:
    case ROLE_peek:
    case ROLE_on_recv:
    case ROLE_on_send:
    case ROLE_on_done:
    case ROLE_on_default:
    case ROLE_of:
    case ROLE_drop:
    case ROLE_unref:
        return false;
    case ROLE_select:
        return select_waits(i);
    default:
        return true;
    }
}

/*
 * Can the condition of a loop's exit change on this way?  Not when it asks only what the loop
 * keeps in its own variables and the way does not write.
 */
static bool may_change(LLVMValueRef c, int depth)
{
    c = stripped(c);
    struct inst *i = inst_of(c);
    if (!i)
        return false;
    if (depth > 8)
        return true;
    switch (i->op) {
    case LLVMICmp:
    case LLVMXor:
    case LLVMAnd:
    case LLVMOr:
        return may_change(LLVMGetOperand(c, 0), depth + 1) ||
               may_change(LLVMGetOperand(c, 1), depth + 1);
    case LLVMLoad: {
        key t = text_of(LLVMGetOperand(c, 0));
        if (strncmp(t, "{A", 2) != 0 || strchr(t, '*') ||
            LLVMGetOrdering(c) != LLVMAtomicOrderingNotAtomic || LLVMGetVolatile(c))
            return true;
        EACH_INST (f, s)
            if (s->op == LLVMStore && f->block[s->block].cyclic &&
                text_of(LLVMGetOperand(s->v, 1)) == t)
                return true;
        return false;
    }
    default:
        return true;
    }
}

/* From the way on which nothing was there, does the loop come back without having waited? */
static bool spins(struct inst *poll, unsigned from)
{
    bool *seen = zeroed(f->blocks, sizeof *seen), back = false;
    unsigned *todo = zeroed(f->blocks + 1, sizeof *todo), count = 0;
    todo[count++] = from;
    seen[from] = true;
    while (count > 0 && !back) {
        unsigned b = todo[--count];
        bool stopped = f->block[b].knot != f->block[poll->block].knot;
        for (unsigned k = f->block[b].first; !stopped && k < f->block[b].last; k++) {
            if (&f->inst[k] == poll)
                back = true;
            stopped = back || takes_time(&f->inst[k]);
        }
        struct inst *end = terminator(f, b);
        if (stopped)
            continue;
        /* Whatever else is asked on the way may be what ends it, as in a loop of a few tries. */
        if (end->op == LLVMBr && LLVMIsConditional(end->v) &&
            may_change(LLVMGetCondition(end->v), 0))
            continue;
        for (unsigned k = 0; k < f->block[b].succs; k++)
            if (!seen[f->block[b].succ[k]]) {
                seen[f->block[b].succ[k]] = true;
                todo[count++] = f->block[b].succ[k];
            }
    }
    free(seen);
    free(todo);
    return back;
}

static bool is_value_of(LLVMValueRef v, struct inst *call) { return stripped(v) == call->v; }

/* The block that is entered when the call's result is (not) @n; -1 if nobody asks. */
static int entered_when(struct inst *call, long n, bool *only_there)
{
    *only_there = false;
    EACH_INST (f, i) {
        if (i->op == LLVMSwitch && is_value_of(LLVMGetOperand(i->v, 0), call)) {
            for (unsigned k = 1; k < f->block[i->block].succs; k++) {
                long value;
                if (is_constant(switch_case(i->v, k), &value) && value == n)
                    return (int)f->block[i->block].succ[k];
            }
            return (int)f->block[i->block].succ[0];
        }
        if (i->op != LLVMBr || !LLVMIsConditional(i->v))
            continue;
        LLVMValueRef c = stripped(LLVMGetCondition(i->v));
        bool turned = false;
        while (LLVMIsAInstruction(c) && LLVMGetInstructionOpcode(c) == LLVMXor) {
            turned = !turned;
            c = stripped(LLVMGetOperand(c, 0));
        }
        long value = 0;
        bool yes;
        if (is_value_of(c, call)) {
            yes = n != 0;
        } else if (LLVMIsAICmpInst(c) && is_value_of(LLVMGetOperand(c, 0), call) &&
                   is_constant(LLVMGetOperand(c, 1), &value)) {
            LLVMIntPredicate p = LLVMGetICmpPredicate(c);
            if (p != LLVMIntEQ && p != LLVMIntNE)
                continue;
            yes = (value == n) == (p == LLVMIntEQ);
        } else {
            continue;
        }
        return (int)f->block[i->block].succ[(yes != turned) ? 0 : 1];
    }
    return -1;
}

static int index_of_role(struct inst *select, enum role role)
{
    for (unsigned k = 1; k < select->argc; k++) {
        struct inst *one = inst_of(stripped(call_arg(select, k)));
        if (one && one->role == role)
            return (int)k - 1;
    }
    return -1;
}

static void check_polling(struct inst *i)
{
    if (!f->block[i->block].cyclic)
        return;
    bool there;
    int nothing = i->role == ROLE_select ? index_of_role(i, ROLE_on_default) : 0;
    if (nothing < 0)
        return;
    int to = entered_when(i, nothing, &there);
    if (to < 0) { /* nobody asks: the next round follows in any case */
        if (f->block[i->block].succs != 1 || LLVMGetFirstUse(i->v))
            return;
        to = (int)f->block[i->block].succ[0];
    }
    if (!spins(i, (unsigned)to))
        return;
    if (i->role == ROLE_select)
        found(
            CHECK_busyloop, place_of(i),
            "with a default this loop asks again and again while nothing happens, at the price of "
            "a processor: leave weft_on_default() out, so that it waits");
    else
        found(CHECK_busyloop, place_of(i),
              "this loop tries again and again while nothing happens, at the price of a processor: "
              "use %s(), which waits",
              i->role == ROLE_try_recv ? "weft_recv" : "weft_send");
}

/* ---- selbreak, selindex -------------------------------------------------------------------------- */

/* From the block straight back to the select: no call, no question on the way. */
static bool leads_back(unsigned b, struct inst *select)
{
    for (unsigned steps = 0; steps < 32; steps++) {
        for (unsigned k = f->block[b].first; k < f->block[b].last; k++) {
            struct inst *i = &f->inst[k];
            if (i == select)
                return true;
            if (is_noise(i) || i->op == LLVMLoad || i->op == LLVMAdd || i->role == ROLE_on_recv ||
                i->role == ROLE_on_send || i->role == ROLE_on_done || i->role == ROLE_on_timeout ||
                i->role == ROLE_on_default || i->role == ROLE_of || i->op == LLVMBr)
                continue;
            /* The value that a send case offers is stored before each select. */
            if (i->op == LLVMStore && b == select->block)
                continue;
            return false;
        }
        if (f->block[b].succs != 1)
            return false;
        b = f->block[b].succ[0];
    }
    return false;
}

static void check_select(struct inst *i)
{
    unsigned count = i->argc - 1;
    for (LLVMUseRef u = LLVMGetFirstUse(i->v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        long n;
        if (!user)
            continue;
        for (unsigned k = 1; user->op == LLVMSwitch && k < f->block[user->block].succs; k++)
            if (is_constant(switch_case(user->v, k), &n) && (n < 0 || n >= (long)count)) {
                struct place at = place_of(user);
                struct inst *first = &f->inst[f->block[f->block[user->block].succ[k]].first];
                while (is_noise(first) && first != terminator(f, first->block))
                    first++;
                if (place_of(first).line)
                    at = place_of(first);
                found(CHECK_selindex, at, "case %ld: this select has the cases 0 to %u", n,
                      count - 1);
            }
        if (user->op == LLVMICmp && is_constant(LLVMGetOperand(user->v, 1), &n) &&
            (LLVMGetICmpPredicate(user->v) == LLVMIntEQ) && (n < 0 || n >= (long)count))
            found(CHECK_selindex, place_of(user), "%ld: this select has the cases 0 to %u", n,
                  count - 1);
    }
    int done = index_of_role(i, ROLE_on_done);
    bool there;
    int to = done >= 0 && f->block[i->block].cyclic ? entered_when(i, done, &there) : -1;
    if (to >= 0 && leads_back((unsigned)to, i)) {
        found(
            CHECK_selbreak, place_of(i),
            "case %d, the end of the context, leads straight back to this select, which spins from "
            "then on: a break leaves the switch only; return, or goto behind the loop",
            done);
    }
}

/* ---- emptylock ------------------------------------------------------------------------------------ */

static void check_section(struct inst *lock)
{
    key text = text_of(call_arg(lock, (unsigned)lock->arg));
    unsigned b = lock->block;
    for (unsigned k = lock->number + 1, steps = 0; steps < 40; k++, steps++) {
        if (k == f->block[b].last) {
            if (f->block[b].succs != 1 || f->block[f->block[b].succ[0]].preds != 1)
                return;
            b = f->block[b].succ[0];
            k = f->block[b].first;
        }
        struct inst *i = &f->inst[k];
        bool finds_lock =
            i->op == LLVMLoad && strncmp(text, text_of(i->v), strlen(text_of(i->v))) == 0;
        if (is_noise(i) || finds_lock || (i->op == LLVMBr && f->block[b].succs == 1))
            continue;
        if (i->role == ROLE_unlock && text_of(call_arg(i, (unsigned)i->arg)) == text) {
            struct place at = place_of(lock); /* one report for one cause */
            if (was_found(CHECK_relock, at) || was_found(CHECK_rlockup, at) || f_escapes)
                return;
            bool scoped = strncmp(source_word(place_of(lock)), "weft_scoped", 11) == 0;
            found(CHECK_emptylock, place_of(lock), "%s guards nothing: %s", lock_name(lock),
                  scoped ? "its scope ends at once" : "it is unlocked at once");
        }
        return;
    }
}

/* ---- recvclose -------------------------------------------------------------------------------------- */

/* A parameter or a global, as a whole: what others made and hold too. */
static bool is_from_outside(key t)
{
    if (t[0] == '@')
        return !strchr(t, '+') && !strchr(t, '[') && strchr(t, '*') == t + strlen(t) - 1;
    return strncmp(t, "{P", 2) == 0 && strchr(t, '}')[1] == 0;
}

static void check_receivers(void)
{
    EACH_INST (f, i) {
        if (i->role != ROLE_close || !call_arg(i, 0))
            continue;
        key t = text_of(call_arg(i, 0));
        bool receives = false, sends = false;
        EACH_INST (f, other) {
            if (other->arg < 0 || !call_arg(other, (unsigned)other->arg) ||
                text_of(call_arg(other, (unsigned)other->arg)) != t)
                continue;
            receives |= other->role == ROLE_recv || other->role == ROLE_recv_ctx ||
                        other->role == ROLE_try_recv || other->role == ROLE_on_recv;
            sends |= other->role == ROLE_send || other->role == ROLE_send_ctx ||
                     other->role == ROLE_try_send || other->role == ROLE_on_send;
        }
        EACH_INST (f, call) /* who launches the senders knows when they are done */
            for (unsigned k = 0; k < call->argc; k++)
                sends |= (is_spawn(call->role) || call->callee) && text_of(call_arg(call, k)) == t;
        if (receives && !sends && is_from_outside(t))
            found(
                CHECK_recvclose, place_of_cause(f, i),
                "the receiver closes the channel, and a sender that does not know panics: let the "
                "sender close it, or end the senders by a context");
    }
}

/* ---- guardescape --------------------------------------------------------------------------------- */

static bool leads_into(key place, key object)
{
    size_t n = strlen(object);
    return strncmp(place, object, n) == 0 && (place[n] == '+' || place[n] == '[') &&
           !strchr(place + n, '*');
}

static void check_returned(struct inst *ret, LLVMValueRef v, int depth)
{
    v = stripped(v);
    if (LLVMIsAPHINode(v)) {
        for (unsigned k = 0; depth < 3 && k < LLVMCountIncoming(v); k++)
            check_returned(ret, LLVMGetIncomingValue(v, k), depth + 1);
        return;
    }
    if (LLVMGetTypeKind(LLVMTypeOf(v)) != LLVMPointerTypeKind)
        return;
    struct path p = path_of(v);
    EACH_INST (f, i) {
        if ((i->role != ROLE_lock && i->role != ROLE_rlock && i->role != ROLE_wlock) ||
            !call_arg(i, (unsigned)i->arg))
            continue;
        struct path l = path_of(call_arg(i, (unsigned)i->arg));
        bool global = l.text[0] == '@' && l.object == l.text;
        if (!l.object || global || !leads_into(p.text, l.object) || p.text == l.text)
            continue;
        f_escapes = true;
        struct inst *at = inst_of(v);
        struct place where = at ? place_of(at) : place_of(ret);
        found(
            CHECK_guardescape, where.line ? where : place_of(ret),
            "a pointer to %s is returned, but %s, which guards it, is unlocked then: return a copy",
            field_name(&p, key_of("a field")), lock_name(i));
        return;
    }
}

static void check_escapes(void)
{
    for (unsigned k = 0; k < f->ends; k++)
        if (f->end[k].held_count)
            return; /* the caller gets the lock, too */
    EACH_INST (f, i)
        if (i->op == LLVMRet && LLVMGetNumOperands(i->v) > 0)
            check_returned(i, LLVMGetOperand(i->v, 0), 0);
}

/* ---- all ------------------------------------------------------------------------------------------- */

void check_shapes(void)
{
    EACH_FN (fn) {
        f = fn;
        f_escapes = false;
        check_escapes();
        EACH_INST (f, i) {
            switch (i->role) {
            case ROLE_timer_new:
                check_timer(i);
                break;
            case ROLE_derive:
            case ROLE_derive_value:
                check_fat_context(i);
                break;
            case ROLE_select:
                check_polling(i);
                check_select(i);
                break;
            case ROLE_try_recv:
            case ROLE_try_send:
                check_polling(i);
                break;
            case ROLE_lock:
            case ROLE_wlock:
            case ROLE_rlock:
                check_section(i);
                break;
            default:
                break;
            }
        }
        check_receivers();
    }
}
