/* SPDX-License-Identifier: MIT */
/*
 * sums.c - what a function's callers should know of it, bottom up until nothing changes.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

bool select_waits(const struct inst *select)
{
    if (select->role != ROLE_select)
        return true;
    for (unsigned k = 1; k < select->argc; k++) {
        struct inst *c = inst_of(stripped(call_arg(select, k)));
        if (c && c->role == ROLE_on_default)
            return false;
    }
    return true;
}

/* ---- places over parameters ------------------------------------------------------------------- */

/* Replace each {Pk} by what the call passes.  NULL if it passes less. */
static key over_arguments(const struct inst *call, unsigned first, key t)
{
    if (!t || !strstr(t, "{P"))
        return t;
    char out[1024];
    size_t n = 0;
    for (const char *p = t; *p;) {
        if (strncmp(p, "{P", 2) != 0) {
            if (n + 1 >= sizeof out)
                return NULL;
            out[n++] = *p++;
            continue;
        }
        char *end;
        unsigned long k = strtoul(p + 2, &end, 10);
        LLVMValueRef arg = call_arg(call, first + (unsigned)k);
        if (!arg || *end != '}')
            return NULL;
        key with = text_of(arg);
        size_t length = strlen(with);
        if (n + length + 24 >= sizeof out)
            return NULL;
        p = end + 1;
        /* "{A3}+8" and "+16" behind it are 24 bytes into {A3}. */
        const char *plus = strrchr(with, '+');
        if (*p == '+' && plus && plus[1 + strspn(plus + 1, "0123456789")] == 0) {
            long sum = strtol(plus + 1, NULL, 10) + strtol(p + 1, &end, 10);
            n += (size_t)snprintf(out + n, sizeof out - n, "%.*s+%ld", (int)(plus - with), with,
                                  sum);
            p = end;
        } else {
            memcpy(out + n, with, length);
            n += length;
        }
    }
    out[n] = 0;
    return key_of(out);
}

bool taken_here(const struct inst *call, unsigned first, const struct taken *t, struct taken *out)
{
    *out = *t;
    out->text = over_arguments(call, first, t->text);
    out->object = over_arguments(call, first, t->object);
    if (!out->text)
        return false;
    /* A bare parameter gets its field from the call. */
    if (!t->record && t->text[0] == '{' && strchr(t->text, '}')[1] == 0) {
        LLVMValueRef arg = call_arg(call, first + (unsigned)strtoul(t->text + 2, NULL, 10));
        if (arg) {
            struct path p = path_of(arg);
            out->record = p.record;
            out->offset = p.offset;
            out->object = p.object;
        }
    }
    return true;
}

/* ---- parameters ---------------------------------------------------------------------------------- */

/* The bit of the parameter that a value is; 0 for all else. */
static unsigned parameter_bit(LLVMValueRef v)
{
    key t = v ? text_of(v) : NULL;
    if (!t || strncmp(t, "{P", 2) != 0)
        return 0;
    char *end;
    unsigned long k = strtoul(t + 2, &end, 10);
    return strcmp(end, "}") == 0 && k < 32 ? 1u << k : 0;
}

static unsigned through_call(const struct inst *call, unsigned first, unsigned bits)
{
    unsigned mine = 0;
    for (unsigned k = 0; k < 32 && bits >> k; k++)
        if (bits >> k & 1)
            mine |= parameter_bit(call_arg(call, first + k));
    return mine;
}

static bool add_bits(unsigned *to, unsigned bits)
{
    bool news = bits & ~*to;
    *to |= bits;
    return news;
}

/* What a function returns, stores or mixes with other values is kept. */
static void sum_kept(struct fn *f)
{
    EACH_INST (f, i) {
        if (i->op == LLVMStore || (i->op == LLVMRet && LLVMGetNumOperands(i->v) > 0))
            f->keeps |= parameter_bit(LLVMGetOperand(i->v, 0));
        if (i->op == LLVMPHI)
            for (unsigned k = 0; k < LLVMCountIncoming(i->v); k++)
                f->keeps |= parameter_bit(LLVMGetIncomingValue(i->v, k));
    }
}

bool only_borrows(const struct inst *call)
{
    switch (call->role) {
    case ROLE_drop:
    case ROLE_unref:
    case ROLE_cancel:
        return false;
    default:
        return !is_spawn(call->role) && call->name &&
               (strncmp(call->name, "weft_", 5) == 0 || strncmp(call->name, "llvm.", 5) == 0);
    }
}

static bool sum_parameters(struct fn *f, struct inst *i)
{
    unsigned arg = i->arg >= 0 ? parameter_bit(call_arg(i, (unsigned)i->arg)) : 0;
    bool news = false;
    switch (i->role) {
    case ROLE_send:
        news |= add_bits(&f->blocking_sends, arg);
        news |= add_bits(&f->sends, arg);
        break;
    case ROLE_send_ctx:
    case ROLE_try_send:
    case ROLE_on_send:
        news |= add_bits(&f->sends, arg);
        break;
    case ROLE_recv:
    case ROLE_recv_ctx:
    case ROLE_try_recv:
    case ROLE_on_recv:
        news |= add_bits(&f->receives, arg);
        break;
    case ROLE_wg_done:
        news |= add_bits(&f->dones, arg);
        break;
    case ROLE_frees:
        news |= add_bits(&f->frees, arg);
        break;
    default:
        break;
    }
    if (i->callee) {
        news |= add_bits(&f->sends, through_call(i, 0, i->callee->sends));
        news |= add_bits(&f->receives, through_call(i, 0, i->callee->receives));
        news |= add_bits(&f->dones, through_call(i, 0, i->callee->dones));
        news |= add_bits(&f->frees, through_call(i, 0, i->callee->frees));
        news |= add_bits(&f->blocking_sends, through_call(i, 0, i->callee->blocking_sends));
        news |= add_bits(&f->keeps, through_call(i, 0, i->callee->keeps));
    } else if (!only_borrows(i)) {
        for (unsigned k = 0; k < i->argc; k++)
            news |= add_bits(&f->keeps, parameter_bit(call_arg(i, k)));
    }
    return news;
}

static bool sum_spawn(struct spawn *s)
{
    /* What a goroutine is given is its own to keep: see only_borrows(). */
    if (!s->fn)
        return false;
    bool news = add_bits(&s->by->sends, through_call(s->at, s->first, s->fn->sends));
    news |= add_bits(&s->by->receives, through_call(s->at, s->first, s->fn->receives));
    news |= add_bits(&s->by->dones, through_call(s->at, s->first, s->fn->dones));
    return news;
}

/* ---- locks ------------------------------------------------------------------------------------- */

static bool is_lock(enum role r, int *mode)
{
    switch (r) {
    case ROLE_lock:
    case ROLE_wlock:
    case ROLE_trylock:
    case ROLE_lock_ctx:
        *mode = MODE_WRITE;
        return true;
    case ROLE_rlock:
    case ROLE_tryrlock:
        *mode = MODE_READ;
        return true;
    case ROLE_os_lock:
    case ROLE_os_trylock:
        *mode = MODE_OS;
        return true;
    case ROLE_once:
        *mode = MODE_ONCE;
        return true;
    default:
        return false;
    }
}

/*
 * Is the instruction on every way from the start to a return?  Ways that end early because a
 * pointer is NULL do not count.
 */
bool always_passes(struct fn *f, struct inst *through)
{
    bool *seen = zeroed(f->blocks, sizeof *seen);
    unsigned *todo = zeroed(f->blocks + 1, sizeof *todo), count = 0;
    bool around = false;
    seen[0] = true;
    todo[count++] = 0;
    while (count > 0 && !around) {
        unsigned b = todo[--count];
        if (b == through->block)
            continue;
        struct inst *end = terminator(f, b);
        if (end->op == LLVMRet)
            around = true;
        int skip = -1;
        if (end->op == LLVMBr && LLVMIsConditional(end->v)) {
            LLVMValueRef c = LLVMGetCondition(end->v);
            if (LLVMIsAICmpInst(c) && is_null(LLVMGetOperand(c, 1)))
                skip = LLVMGetICmpPredicate(c) == LLVMIntEQ ? 0 : 1;
        }
        for (unsigned k = 0; k < f->block[b].succs; k++)
            if ((int)k != skip && !seen[f->block[b].succ[k]]) {
                seen[f->block[b].succ[k]] = true;
                todo[count++] = f->block[b].succ[k];
            }
    }
    free(seen);
    free(todo);
    return !around;
}

static bool is_portable(key text) { return text[0] == '@' || strncmp(text, "{P", 2) == 0; }

static bool add_taken(struct fn *f, struct taken t)
{
    if (!is_portable(t.text) || strchr(t.text, '[') || strstr(t.text, "{F") ||
        f->take_count == TAKEN_MAX)
        return false;
    for (unsigned k = 0; k < f->take_count; k++)
        if (f->takes[k].text == t.text && f->takes[k].mode == t.mode)
            return false;
    f->takes[f->take_count++] = t;
    return true;
}

static bool sum_locks(struct fn *f, struct inst *i)
{
    int mode;
    bool news = false;
    if (is_lock(i->role, &mode) && i->arg >= 0 && call_arg(i, (unsigned)i->arg) &&
        i->role != ROLE_trylock && i->role != ROLE_tryrlock && i->role != ROLE_os_trylock) {
        struct path p = path_of(call_arg(i, (unsigned)i->arg));
        struct taken t = {p.text, p.record, p.object, p.offset, mode, false, i, f};
        if (is_portable(t.text))
            t.always = always_passes(f, i);
        news |= add_taken(f, t);
    }
    for (unsigned k = 0; i->callee && i->callee != f && k < i->callee->take_count; k++) {
        struct taken t;
        if (!taken_here(i, 0, &i->callee->takes[k], &t))
            continue;
        t.always = t.always && always_passes(f, i);
        t.at = i;
        t.in = f;
        news |= add_taken(f, t);
    }
    return news;
}

/* ---- ends ----------------------------------------------------------------------------------------- */

static bool goes_on(struct fn *f, struct inst *i, void *data)
{
    (void)f, (void)data;
    return i->op == LLVMRet || i->op == LLVMUnreachable;
}

static bool is_endless_call(struct fn *f, struct inst *i, void *data)
{
    (void)f, (void)data;
    return i->callee && i->callee->never_returns;
}

static bool has_no_end(struct fn *f)
{
    struct inst first = {.number = (unsigned)-1, .block = 0};
    return !reaches(f, &first, goes_on, is_endless_call, NULL);
}

static bool sum_waits(struct fn *f, struct inst *i)
{
    bool news = false;
    bool waits = (is_wait(i->role) && select_waits(i)) || (i->callee && i->callee->waits);
    bool switches = (is_switch(i->role) && select_waits(i)) || (i->callee && i->callee->switches);
    if (waits && !f->waits) {
        f->waits = i;
        news = true;
    }
    if (switches && !f->switches) {
        f->switches = i;
        news = true;
    }
    bool joins = is_join(i->role) || (i->callee && i->callee->joins);
    bool spawns = is_spawn(i->role) || (i->callee && i->callee->spawns);
    news |= (joins && !f->joins) || (spawns && !f->spawns);
    f->joins |= joins;
    f->spawns |= spawns;
    return news;
}

static void sum_frame(struct fn *f)
{
    EACH_INST (f, i) {
        long n;
        if (i->op != LLVMAlloca || !is_constant(LLVMGetOperand(i->v, 0), &n))
            continue;
        LLVMTypeRef type = LLVMGetAllocatedType(i->v);
        if (LLVMTypeIsSized(type))
            f->frame += (unsigned long)n * LLVMABISizeOfType(prog.layout, type);
    }
}

static void spread_concurrency(struct fn *f)
{
    if (f->concurrent)
        return;
    f->concurrent = true;
    EACH_INST (f, i)
        if (i->callee)
            spread_concurrency(i->callee);
}

void sum_up(void)
{
    EACH_FN (f) {
        sum_frame(f);
        sum_kept(f);
        /* A declaration says it for its body, too. */
        f->joins = role_of(f->name, ROLE_join, NULL);
    }
    bool news = true;
    for (int round = 0; news && round < 12; round++) {
        news = false;
        EACH_FN (f) {
            EACH_INST (f, i) {
                if (i->op != LLVMCall)
                    continue;
                news |= sum_waits(f, i);
                news |= sum_parameters(f, i);
                news |= sum_locks(f, i);
            }
            if (!f->never_returns && has_no_end(f))
                news = f->never_returns = true;
        }
        for (unsigned k = 0; k < prog.spawns; k++)
            news |= sum_spawn(&prog.spawn[k]);
    }
    for (unsigned k = 0; k < prog.spawns; k++)
        if (prog.spawn[k].fn)
            spread_concurrency(prog.spawn[k].fn);
}
