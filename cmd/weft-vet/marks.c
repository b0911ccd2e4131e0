/* SPDX-License-Identifier: MIT */
/*
 * marks.c - what must happen before a function returns, or must not happen before something else.
 *
 * Each such duty is a mark: one instruction sets it, others clear it, and where it is still set
 * something is wrong.  Which way leads from one to the other is the walk's business.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

static struct fn *f;
static struct marks *m;

static int add(enum check check, struct inst *at, key what)
{
    if (m->count == 64)
        return -1;
    m->mark[m->count] = (struct mark){.check = check, .at = at, .what = what};
    return (int)m->count++;
}

static void bit(uint64_t *at, int mark) { *at |= (uint64_t)1 << mark; }

/* ---- loops ----------------------------------------------------------------------------------------- */

/* The blocks on ways from @block back to it that avoid @avoid; false if there are none. */
static bool loop_of(unsigned block, unsigned avoid, bool *in)
{
    if (!f->block[block].cyclic || block == avoid)
        return false;
    bool *ahead = zeroed(f->blocks, sizeof *ahead), *behind = zeroed(f->blocks, sizeof *behind);
    unsigned *todo = zeroed(f->blocks + 1, sizeof *todo), count = 0;
    todo[count++] = block;
    while (count > 0) {
        struct block *b = &f->block[todo[--count]];
        for (unsigned k = 0; k < b->succs; k++)
            if (b->succ[k] != avoid && !ahead[b->succ[k]]) {
                ahead[b->succ[k]] = true;
                todo[count++] = b->succ[k];
            }
    }
    todo[count++] = block;
    while (count > 0) {
        struct block *b = &f->block[todo[--count]];
        for (unsigned k = 0; k < b->preds; k++)
            if (b->pred[k] != avoid && !behind[b->pred[k]]) {
                behind[b->pred[k]] = true;
                todo[count++] = b->pred[k];
            }
    }
    bool any = ahead[block];
    for (unsigned k = 0; any && k < f->blocks; k++)
        in[k] = ahead[k] && behind[k];
    free(ahead), free(behind), free(todo);
    return any;
}

/*
 * The mark is cleared here.  When this is in a loop that what set the mark is not in, the loop as a
 * whole clears it: as many rounds as were launched cannot be told from none.
 */
static void clears(int mark, struct inst *i, struct inst *setter)
{
    bit(&m->clear[i->number], mark);
    bool *in = zeroed(f->blocks, sizeof *in);
    if (loop_of(i->block, setter ? setter->block : (unsigned)-1, in))
        for (unsigned k = 0; k < f->blocks; k++)
            if (in[k])
                bit(&m->clear[f->block[k].first], mark),
                    bit(&m->clear[terminator(f, k)->number], mark);
    free(in);
}

static void clears_on_edge(int mark, unsigned from, unsigned to)
{
    if (m->edges == sizeof m->edge / sizeof *m->edge)
        return;
    m->edge[m->edges].from = from;
    m->edge[m->edges].to = to;
    m->edge[m->edges++].clear = (uint64_t)1 << mark;
}

static void triggers_at_returns(int mark)
{
    EACH_INST (f, i)
        if (i->op == LLVMRet)
            bit(&m->trigger[i->number], mark);
}

/* Asking in a loop until the others are done is a way to wait for them, too. */
static bool joins(struct inst *i)
{
    if (is_join(i->role) || (i->callee && i->callee->joins))
        return true;
    return (i->role == ROLE_yield || i->role == ROLE_sleep) && f->block[i->block].cyclic;
}

static void joins_clear(int mark, struct inst *setter)
{
    EACH_INST (f, i)
        if (i->op == LLVMCall && joins(i))
            clears(mark, i, setter);
}

/* ---- lostcancel ---------------------------------------------------------------------------------- */

/* A use that ends the context, or gives it to somebody who may. */
static bool lets_go(struct inst *user, LLVMValueRef v)
{
    if (user->op == LLVMStore)
        return stripped(LLVMGetOperand(user->v, 0)) == v;
    if (user->op == LLVMRet)
        return true;
    if (user->op != LLVMCall)
        return false;
    if (user->callee && user->role == ROLE_NONE) {
        for (unsigned k = 0; k < user->argc; k++)
            if (stripped(call_arg(user, k)) == v && k < 32 && user->callee->keeps >> k & 1)
                return true;
        return false;
    }
    return !only_borrows(user);
}

static void follow_context(int mark, LLVMValueRef v, struct inst *made, int depth)
{
    for (LLVMUseRef u = LLVMGetFirstUse(v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        if (!user)
            continue;
        if (user->op == LLVMPHI || user->op == LLVMSelect || user->op == LLVMBitCast ||
            user->op == LLVMPtrToInt || user->op == LLVMIntToPtr) {
            if (depth < 4)
                follow_context(mark, user->v, made, depth + 1);
            continue;
        }
        if (user->op == LLVMRet && depth > 0) {
            /* The value returned depends on the way: only where it is this one. */
            LLVMValueRef phi = LLVMGetOperand(user->v, 0);
            for (unsigned k = 0; LLVMIsAPHINode(phi) && k < LLVMCountIncoming(phi); k++) {
                struct inst *end =
                    inst_of(LLVMGetBasicBlockTerminator(LLVMGetIncomingBlock(phi, k)));
                if (stripped(LLVMGetIncomingValue(phi, k)) == made->v)
                    clears_on_edge(mark, end->block, inst_of(phi)->block);
            }
            continue;
        }
        if (lets_go(user, stripped(v))) {
            if (user->op == LLVMRet)
                m->trigger[user->number] &= ~((uint64_t)1 << mark);
            clears(mark, user, made);
        }
    }
}

static void lay_contexts(void)
{
    bool is_main = strcmp(f->name, "weft_main") == 0 || strcmp(f->name, "main") == 0;
    EACH_INST (f, i) {
        if (i->role != ROLE_derive || is_main)
            continue;
        int mark = add(CHECK_lostcancel, i, NULL);
        if (mark < 0)
            return;
        bit(&m->set[i->number], mark);
        triggers_at_returns(mark);
        follow_context(mark, i->v, i, 0);
    }
}

/* ---- sendleak ------------------------------------------------------------------------------------- */

/* The select that waits for this case, and the case's number in it. */
static struct inst *select_of(struct inst *one, unsigned *index)
{
    for (LLVMUseRef u = LLVMGetFirstUse(one->v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        if (!user || user->role != ROLE_select)
            continue;
        for (unsigned k = 1; k < user->argc; k++)
            if (stripped(call_arg(user, k)) == one->v) {
                *index = k - 1;
                return user;
            }
    }
    return NULL;
}

/* Only where the select has taken the case has the value come. */
static void clears_where_chosen(int mark, struct inst *select, unsigned index)
{
    for (LLVMUseRef u = LLVMGetFirstUse(select->v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        if (user && user->op == LLVMSwitch) {
            LLVMBasicBlockRef to = NULL;
            for (unsigned k = 1; k < f->block[user->block].succs; k++) {
                long n;
                if (is_constant(switch_case(user->v, k), &n) && n == (long)index)
                    to = f->block[f->block[user->block].succ[k]].v;
            }
            for (unsigned k = 0; k < f->block[user->block].succs; k++) {
                unsigned s = f->block[user->block].succ[k];
                if (f->block[s].v == to || (!to && k == 0))
                    clears_on_edge(mark, user->block, s);
            }
            return;
        }
        long n;
        if (user && user->op == LLVMICmp && is_constant(LLVMGetOperand(user->v, 1), &n)) {
            LLVMIntPredicate p = LLVMGetICmpPredicate(user->v);
            LLVMUseRef first = LLVMGetFirstUse(user->v);
            struct inst *br = first ? inst_of(LLVMGetUser(first)) : NULL;
            if (!br || br->op != LLVMBr || (p != LLVMIntEQ && p != LLVMIntNE))
                continue;
            bool when_true = (p == LLVMIntEQ) == (n == (long)index);
            clears_on_edge(mark, br->block, f->block[br->block].succ[when_true ? 0 : 1]);
            return;
        }
    }
    bit(&m->clear[select->number], mark); /* nobody asks which it was */
}

/* Somebody else may receive: it is given away, stored, or goes by another name too. */
static bool is_given_away(struct inst *spawn, struct inst *made)
{
    key channel = text_of(made->v);
    EACH_INST (f, i) {
        if (i == spawn)
            continue;
        if (i->op == LLVMStore || (i->op == LLVMRet && LLVMGetNumOperands(i->v) > 0)) {
            if (text_of(LLVMGetOperand(i->v, 0)) == channel)
                return true;
        } else if (i->op == LLVMPHI) {
            for (unsigned k = 0; k < LLVMCountIncoming(i->v); k++)
                if (text_of(LLVMGetIncomingValue(i->v, k)) == channel)
                    return true;
        } else if (i->op == LLVMSelect) {
            return text_of(LLVMGetOperand(i->v, 1)) == channel ||
                   text_of(LLVMGetOperand(i->v, 2)) == channel;
        }
        if (i->op != LLVMCall || (i->role != ROLE_NONE && !is_spawn(i->role)))
            continue;
        struct fn *to = i->callee;
        unsigned first = 0;
        for (unsigned s = 0; s < prog.spawns; s++)
            if (prog.spawn[s].at == i) {
                to = prog.spawn[s].fn;
                first = prog.spawn[s].first;
            }
        for (unsigned k = first; k < i->argc; k++) {
            unsigned bits =
                to && k - first < 32 ? (to->receives | to->keeps) >> (k - first) & 1 : 1;
            if (text_of(call_arg(i, k)) == channel && bits)
                return true;
        }
    }
    return false;
}

/* Does the function send on this parameter whatever happens? */
static bool sends_always(struct fn *of, unsigned param)
{
    key t = key_text("{P%u}", param);
    for (struct inst *i = of->inst; i < of->inst + of->insts; i++)
        if (i->role == ROLE_send && text_of(call_arg(i, 0)) == t && always_passes(of, i))
            return true;
    return false;
}

static void receives_clear(int mark, struct inst *spawn, key channel, bool each_sends)
{
    EACH_INST (f, i) {
        if (i->role != ROLE_recv && i->role != ROLE_recv_ctx && i->role != ROLE_try_recv &&
            i->role != ROLE_on_recv)
            continue;
        if (!call_arg(i, (unsigned)i->arg) || text_of(call_arg(i, (unsigned)i->arg)) != channel)
            continue;
        unsigned index;
        struct inst *select = i->role == ROLE_on_recv ? select_of(i, &index) : NULL;
        if (select && !f->block[select->block].cyclic)
            clears_where_chosen(mark, select, index);
        else if (select || i->role == ROLE_on_recv || !each_sends ||
                 !f->block[spawn->block].cyclic ||
                 f->block[i->block].cyclic) /* one value of many is not all of them */
            clears(mark, select ? select : i, spawn);
    }
}

static void lay_send_leaks(void)
{
    for (unsigned s = 0; s < prog.spawns; s++) {
        struct spawn *spawn = &prog.spawn[s];
        if (spawn->by != f || !spawn->fn)
            continue;
        for (unsigned k = 0; k < spawn->argc && k < 32; k++) {
            struct inst *made = inst_of(stripped(call_arg(spawn->at, spawn->first + k)));
            long capacity;
            if (!(spawn->fn->blocking_sends >> k & 1) || !made || made->role != ROLE_make ||
                !is_constant(call_arg(made, 1), &capacity) || capacity != 0 ||
                is_given_away(spawn->at, made))
                continue;
            int mark = add(CHECK_sendleak, spawn->at, text_of(made->v));
            if (mark < 0)
                return;
            bit(&m->set[spawn->at->number], mark);
            triggers_at_returns(mark);
            receives_clear(mark, spawn->at, text_of(made->v), sends_always(spawn->fn, k));
        }
    }
}

/* ---- what a goroutine is given ----------------------------------------------------------------- */

/* The address of a local, or of a part of one. */
static bool is_local_address(LLVMValueRef v)
{
    key t = text_of(v);
    return strncmp(t, "{A", 2) == 0 && !strchr(t, '*');
}

static bool is_within(key place, key of)
{
    size_t n = strlen(of);
    return strncmp(place, of, n) == 0 && (place[n] == 0 || place[n] == '+' || place[n] == '[');
}

static bool is_plain_write(struct inst *i)
{
    return i->op == LLVMStore && !LLVMGetVolatile(i->v) &&
           LLVMGetOrdering(i->v) == LLVMAtomicOrderingNotAtomic;
}

static void lay_escape(struct spawn *s, LLVMValueRef arg)
{
    int mark = add(CHECK_stackescape, s->at, text_of(arg));
    if (mark < 0)
        return;
    bit(&m->set[s->at->number], mark);
    joins_clear(mark, s->at);
    triggers_at_returns(mark);

    key t = text_of(arg);
    if (strchr(t, '[') || strstr(t, "{F"))
        return;
    mark = add(CHECK_sharedlocal, s->at, t);
    if (mark < 0)
        return;
    bit(&m->set[s->at->number], mark);
    joins_clear(mark, s->at);
    EACH_INST (f, i)
        if (is_plain_write(i) && is_within(text_of(LLVMGetOperand(i->v, 1)), t) &&
            !strchr(text_of(LLVMGetOperand(i->v, 1)), '['))
            bit(&m->trigger[i->number], mark);
}

static void lay_free(struct spawn *s, LLVMValueRef arg)
{
    key t = text_of(arg);
    if (strstr(t, "{F") || strchr(t, '[') || t[0] == '@' || (t[0] != '{' && t[0] != '@'))
        return;
    int mark = -1;
    EACH_INST (f, i) {
        bool frees = i->role == ROLE_frees && call_arg(i, 0) && text_of(call_arg(i, 0)) == t;
        for (unsigned k = 0; i->callee && !frees && k < i->argc && k < 32; k++)
            frees = i->callee->frees >> k & 1 && text_of(call_arg(i, k)) == t;
        if (!frees)
            continue;
        if (mark < 0 && (mark = add(CHECK_argfree, s->at, t)) < 0)
            return;
        bit(&m->trigger[i->number], mark);
    }
    if (mark < 0)
        return;
    bit(&m->set[s->at->number], mark);
    joins_clear(mark, s->at);
    struct inst *root = inst_of(root_of(arg));
    if (root)
        bit(&m->clear[root->number], mark);
}

static bool takes_reference(key t)
{
    EACH_INST (f, i)
        if ((i->role == ROLE_ref || i->role == ROLE_ctx_ref) && call_arg(i, 0) &&
            text_of(call_arg(i, 0)) == t)
            return true;
    return false;
}

/* A handle that this function made. */
static struct inst *made_here(LLVMValueRef v)
{
    struct inst *i = inst_of(stripped(v));
    return i && (i->role == ROLE_make || i->role == ROLE_derive || i->role == ROLE_derive_value ||
                 i->role == ROLE_timer_new)
               ? i
               : NULL;
}

/* Does it use what it was given once, or again and again? */
static bool uses_in_loop(struct fn *of, unsigned param)
{
    key t = key_text("{P%u}", param);
    for (struct inst *i = of->inst; i < of->inst + of->insts; i++)
        for (unsigned k = 0; of->block[i->block].cyclic && k < i->argc; k++)
            if (text_of(call_arg(i, k)) == t)
                return true;
    return false;
}

static void lay_drop(struct spawn *s, LLVMValueRef arg, unsigned number)
{
    struct inst *made = made_here(arg);
    key t = text_of(arg);
    if (!made || takes_reference(t))
        return;
    int mark = add(CHECK_earlydrop, s->at, t);
    if (mark < 0)
        return;
    bit(&m->set[s->at->number], mark);
    bit(&m->clear[made->number], mark);
    joins_clear(mark, s->at);
    EACH_INST (f, i)
        if ((i->role == ROLE_drop || i->role == ROLE_unref) && text_of(call_arg(i, 0)) == t)
            bit(&m->trigger[i->number], mark);
    /* The last thing that it does with the handle may be what lets us go on. */
    if (s->fn && !uses_in_loop(s->fn, number))
        EACH_INST (f, i)
            if ((i->role == ROLE_send || i->role == ROLE_send_ctx) &&
                text_of(call_arg(i, (unsigned)i->arg)) == t)
                clears(mark, i, s->at);
}

static void lay_spawns(void)
{
    for (unsigned k = 0; k < prog.spawns; k++) {
        struct spawn *s = &prog.spawn[k];
        if (s->by != f)
            continue;
        for (unsigned n = 0; n < s->argc; n++) {
            LLVMValueRef arg = call_arg(s->at, s->first + n);
            if (LLVMGetTypeKind(LLVMTypeOf(stripped(arg))) != LLVMPointerTypeKind)
                continue;
            if (is_local_address(arg))
                lay_escape(s, arg);
            else
                lay_free(s, arg);
            lay_drop(s, arg, n);
        }
    }
}

/* ---- unrefwait ------------------------------------------------------------------------------------ */

/* Nobody but weft's own calls has seen the handle. */
static bool stays_here(LLVMValueRef v, key t)
{
    if (takes_reference(t))
        return false;
    for (LLVMUseRef u = LLVMGetFirstUse(v); u; u = LLVMGetNextUse(u)) {
        struct inst *user = inst_of(LLVMGetUser(u));
        if (!user || user->op == LLVMICmp || user->op == LLVMBitCast)
            continue;
        if (user->op != LLVMCall || is_spawn(user->role) || !user->name ||
            strncmp(user->name, "weft_", 5) != 0)
            return false;
    }
    return true;
}

static void lay_unrefs(void)
{
    EACH_INST (f, i) {
        if (i->role != ROLE_unref && i->role != ROLE_drop)
            continue;
        struct inst *made = made_here(call_arg(i, 0));
        if (!made || !stays_here(made->v, text_of(made->v)))
            continue;
        int mark = add(CHECK_unrefwait, i, text_of(made->v));
        if (mark < 0)
            return;
        bit(&m->set[i->number], mark);
        bit(&m->clear[made->number], mark);
        EACH_INST (f, use)
            for (unsigned k = 0; use->op == LLVMCall && k < use->argc; k++)
                if (text_of(call_arg(use, k)) == text_of(made->v))
                    bit(&m->trigger[use->number], mark);
    }
}

/* ---- wgdone --------------------------------------------------------------------------------------- */

static bool hands_on(struct inst *i, key t)
{
    if (i->op != LLVMCall || i->role == ROLE_wg_add)
        return false;
    for (unsigned k = 0; k < i->argc; k++)
        if (text_of(call_arg(i, k)) == t)
            return true;
    return false;
}

static void lay_dones(void)
{
    if (!f->spawned || (f->spawned->at->role != ROLE_spawn && f->spawned->at->role != ROLE_later))
        return;
    key done = NULL;
    EACH_INST (f, i) {
        if (i->op == LLVMAtomicRMW || i->op == LLVMAtomicCmpXchg)
            return; /* the last one out says done */
        if (i->role != ROLE_wg_done)
            continue;
        key t = text_of(call_arg(i, 0));
        bool portable = t[0] == '@' || strncmp(t, "{P", 2) == 0;
        if (!portable || (done && done != t))
            return;
        done = t;
    }
    if (!done)
        return;
    int mark = add(CHECK_wgdone, NULL, done);
    if (mark < 0)
        return;
    bit(&m->entry, mark);
    triggers_at_returns(mark);
    EACH_INST (f, i)
        if (hands_on(i, done))
            clears(mark, i, NULL);
}

/* ---- tlswait ------------------------------------------------------------------------------------- */

static LLVMValueRef thread_local_touched(struct inst *i)
{
    if (i->op != LLVMLoad && i->op != LLVMStore && i->op != LLVMCall)
        return NULL;
    if (i->name && strncmp(i->name, "llvm.", 5) == 0)
        return NULL;
    unsigned first = i->op == LLVMStore ? 1 : 0;
    unsigned last = i->op == LLVMCall ? i->argc : first + 1;
    for (unsigned k = first; k < last; k++) {
        LLVMValueRef v = stripped(LLVMGetOperand(i->v, k));
        while (v && (LLVMIsAGetElementPtrInst(v) ||
                     (LLVMIsAConstantExpr(v) && LLVMGetConstOpcode(v) == LLVMGetElementPtr)))
            v = stripped(LLVMGetOperand(v, 0));
        if (v && LLVMIsAGlobalVariable(v) && LLVMIsThreadLocal(v))
            return v;
    }
    return NULL;
}

static void lay_thread_locals(void)
{
    LLVMValueRef var[8];
    int before[8], after[8];
    unsigned count = 0;
    EACH_INST (f, i)
        if (i->role == ROLE_pin)
            return;
    EACH_INST (f, i) {
        LLVMValueRef v = thread_local_touched(i);
        unsigned k = 0;
        while (v && k < count && var[k] != v)
            k++;
        if (!v || k == 8)
            continue;
        if (k == count) {
            size_t n;
            key name = key_of(LLVMGetValueName2(v, &n));
            var[k] = v;
            before[k] = add(CHECK_tlswait, i, name);
            after[k] = add(CHECK_tlswait, i, name);
            if (after[k] < 0)
                return;
            count++;
        }
        bit(&m->set[i->number], before[k]);
        bit(&m->trigger[i->number], after[k]);
    }
    EACH_INST (f, i) {
        bool switches =
            (is_switch(i->role) && select_waits(i)) || (i->callee && i->callee->switches);
        for (unsigned k = 0; switches && k < count; k++) {
            if (m->thens == sizeof m->then / sizeof *m->then)
                return;
            m->then[m->thens].at = i->number;
            m->then[m->thens].need = (uint64_t)1 << before[k];
            m->then[m->thens++].set = (uint64_t)1 << after[k];
        }
    }
}

/* ---- for the walk ------------------------------------------------------------------------------ */

void marks_lay(struct fn *of, struct marks *into)
{
    f = of;
    m = into;
    m->set = zeroed(f->insts, sizeof *m->set);
    m->clear = zeroed(f->insts, sizeof *m->clear);
    m->trigger = zeroed(f->insts, sizeof *m->trigger);
    lay_contexts();
    lay_send_leaks();
    lay_spawns();
    lay_unrefs();
    lay_dones();
    lay_thread_locals();
}

static key variable_name(const struct mark *mark)
{
    struct place at = place_of(mark->at);
    for (unsigned n = 1; n < 7; n++) {
        char *a = source_argument(at, n);
        LLVMValueRef v = NULL;
        for (unsigned s = 0; s < prog.spawns; s++)
            if (prog.spawn[s].at == mark->at)
                v = call_arg(mark->at, prog.spawn[s].first +
                                           (prog.spawn[s].at->role == ROLE_spawn ? n - 1 : n - 2));
        if (a && v && text_of(v) == mark->what)
            return key_of(a);
    }
    return key_of("it");
}

static void hit_escape(struct mark *mark, const struct place end)
{
    found(CHECK_stackescape, place_of(mark->at),
          "the goroutine is given the address of the local %s, and nothing waits for it before the "
          "function returns in line %u: launch it in a weft_wg or weft_group, or pass the value",
          variable_name(mark), end.line);
}

/* Said at the end: an address that escapes altogether is the worse news, and the same cause. */
void marks_end(struct fn *of, struct marks *of_it)
{
    (void)of;
    for (unsigned k = 0; k < of_it->count; k++) {
        struct mark *mark = &of_it->mark[k];
        bool escapes = false;
        for (unsigned n = 0; n < of_it->count; n++)
            escapes |= of_it->mark[n].check == CHECK_stackescape && of_it->mark[n].said &&
                       of_it->mark[n].at == mark->at;
        if (mark->check == CHECK_sharedlocal && mark->said && !escapes)
            found(CHECK_sharedlocal, mark->hit,
                  "this writes to %s, whose address a goroutine was given in line %u and may be "
                  "using: pass the value, or give each its own variable",
                  variable_name(mark), place_of(mark->at).line);
    }
}

void mark_hit(struct fn *of, struct mark *mark, struct inst *at, const struct state *s)
{
    (void)of;
    struct place here = place_of(at);
    struct place end = s->left && at->op == LLVMRet ? place_of(s->left) : here;
    if (mark->said)
        return;
    if (mark->check == CHECK_sharedlocal && s->held_count)
        return; /* what a lock guards is guardedby's */
    mark->said = true;
    mark->hit = here;
    switch (mark->check) {
    case CHECK_lostcancel:
        found(CHECK_lostcancel, place_of(mark->at),
              "this context is neither ended nor handed on when the function returns in line %u: "
              "what runs on its behalf goes on, and it is never released",
              end.line);
        fix("weft_auto(weft_ctx, ctx) = ...; it is ended with its scope");
        break;
    case CHECK_sendleak:
        found(
            CHECK_sendleak, place_of(mark->at),
            "the goroutine sends on an unbuffered channel, and on the way to the return in line "
            "%u %s: it waits for ever; give the channel room with weft_make(..., n), or send with "
            "weft_send_ctx()",
            end.line,
            f->block[mark->at->block].cyclic ? "not all are received" : "nobody receives");
        break;
    case CHECK_stackescape:
        hit_escape(mark, end);
        break;
    case CHECK_argfree:
        found(
            CHECK_argfree, here,
            "this frees what a goroutine was given in line %u, and nothing has waited for it: free "
            "it in the goroutine, or wait first",
            place_of(mark->at).line);
        break;
    case CHECK_earlydrop:
        found(CHECK_earlydrop, place_of(mark->at),
              "the goroutine is given a handle whose last reference is dropped in line %u, and "
              "nothing waits for it before: give it a reference of its own",
              here.line);
        if (strcmp(variable_name(mark), "it") != 0)
            fix("%s(%s)",
                made_here(call_arg(mark->at, mark->at->argc - 1)) &&
                        inst_of(stripped(call_arg(mark->at, mark->at->argc - 1)))->role == ROLE_make
                    ? "weft_ref"
                    : "weft_ctx_ref",
                variable_name(mark));
        break;
    case CHECK_unrefwait:
        found(CHECK_unrefwait, here, "line %u dropped the last reference to this handle",
              place_of(mark->at).line);
        break;
    case CHECK_wgdone:
        found(CHECK_wgdone, end.line ? end : here,
              "%s() returns here without weft_wg_done(), which it calls on other ways: who waits "
              "waits for ever",
              f->name);
        fix("weft_defer(weft_wg_done, wg); at the beginning");
        break;
    case CHECK_tlswait:
        found(
            CHECK_tlswait, here,
            "%s belongs to a thread and is used before and after a wait, which may end on another "
            "thread: copy what is needed before, or weft_pin()",
            mark->what);
        break;
    default:
        break;
    }
}
