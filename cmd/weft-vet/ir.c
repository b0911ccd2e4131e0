/* SPDX-License-Identifier: MIT */
/*
 * ir.c - reading bitcode: functions, calls by role, places by how they are reached.
 */
#include "ir.h"

#include <llvm-c/BitReader.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Error.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "paths.h"

struct program prog;

/* ---- from values to our records --------------------------------------------------------------- */

static struct {
    LLVMValueRef *key;
    void **value;
    size_t count, room;
} known;

static size_t slot_of(LLVMValueRef v)
{
    uintptr_t h = (uintptr_t)v;
    size_t i = (h >> 4 ^ h >> 15) & (known.room - 1);
    while (known.key[i] && known.key[i] != v)
        i = (i + 1) & (known.room - 1);
    return i;
}

static void remember(LLVMValueRef v, void *record)
{
    if (2 * known.count >= known.room) {
        size_t room = known.room;
        LLVMValueRef *keys = known.key;
        void **values = known.value;
        known.room = room ? 2 * room : 1 << 14;
        known.key = zeroed(known.room, sizeof *known.key);
        known.value = zeroed(known.room, sizeof *known.value);
        for (size_t i = 0; i < room; i++)
            if (keys[i]) {
                size_t s = slot_of(keys[i]);
                known.key[s] = keys[i];
                known.value[s] = values[i];
            }
        free(keys);
        free(values);
    }
    size_t s = slot_of(v);
    known.count += !known.key[s];
    known.key[s] = v;
    known.value[s] = record;
}

static void *recall(LLVMValueRef v) { return v && known.room ? known.value[slot_of(v)] : NULL; }

struct fn *fn_of(LLVMValueRef v) { return v && LLVMIsAFunction(v) ? recall(v) : NULL; }
struct inst *inst_of(LLVMValueRef v) { return v && LLVMIsAInstruction(v) ? recall(v) : NULL; }

/* ---- places in the source ----------------------------------------------------------------------- */

/* Where the user wrote it: what was put in line counts as its caller's. */
struct place place_of(const struct inst *i)
{
    struct place p = {0};
    LLVMMetadataRef loc = LLVMInstructionGetDebugLoc(i->v);
    if (!loc)
        return p;
    for (LLVMMetadataRef outer; (outer = LLVMDILocationGetInlinedAt(loc));)
        loc = outer;
    p.line = LLVMDILocationGetLine(loc);
    p.col = LLVMDILocationGetColumn(loc);
    LLVMMetadataRef file = LLVMDIScopeGetFile(LLVMDILocationGetScope(loc));
    if (!file)
        return p;
    unsigned length, folder_length;
    const char *name = LLVMDIFileGetFilename(file, &length);
    const char *folder = LLVMDIFileGetDirectory(file, &folder_length);
    if (name)
        p.file =
            path_key(text("%.*s", (int)length, name),
                     folder && folder_length ? text("%.*s", (int)folder_length, folder) : NULL);
    return p;
}

struct place place_of_cause(struct fn *f, const struct inst *i)
{
    LLVMMetadataRef loc = LLVMInstructionGetDebugLoc(i->v);
    if (loc && LLVMDILocationGetInlinedAt(loc))
        EACH_INST (f, d)
            if (d->role == ROLE_deferred &&
                stripped(call_arg(d, 0)) == stripped(LLVMGetCalledValue(i->v)))
                return place_of(d);
    return place_of(i);
}

/* ---- values -------------------------------------------------------------------------------------- */

static LLVMOpcode opcode(LLVMValueRef v)
{
    if (LLVMIsAInstruction(v))
        return LLVMGetInstructionOpcode(v);
    return LLVMIsAConstantExpr(v) ? LLVMGetConstOpcode(v) : (LLVMOpcode)0;
}

static bool is_cast(LLVMOpcode op)
{
    return op == LLVMBitCast || op == LLVMPtrToInt || op == LLVMIntToPtr ||
           op == LLVMAddrSpaceCast || op == LLVMZExt || op == LLVMSExt || op == LLVMTrunc ||
           op == LLVMFreeze;
}

LLVMValueRef stripped(LLVMValueRef v)
{
    while (v && is_cast(opcode(v)))
        v = LLVMGetOperand(v, 0);
    /* Newer versions fetch the address of a thread-local variable by a call. */
    if (v && LLVMIsACallInst(v)) {
        LLVMValueRef callee = LLVMGetCalledValue(v);
        size_t n;
        const char *name = callee && LLVMIsAFunction(callee) ? LLVMGetValueName2(callee, &n) : "";
        /* An annotated field is reached through another. */
        if (strncmp(name, "llvm.threadlocal.address", 24) == 0 ||
            strncmp(name, "llvm.ptr.annotation", 19) == 0)
            return stripped(LLVMGetOperand(v, 0));
    }
    return v;
}

LLVMValueRef call_arg(const struct inst *i, unsigned n)
{
    return n < i->argc ? LLVMGetOperand(i->v, n) : NULL;
}

bool is_constant(LLVMValueRef v, long *value)
{
    if (!v || !LLVMIsAConstantInt(v) || LLVMGetIntTypeWidth(LLVMTypeOf(v)) > 64)
        return false;
    bool wide = LLVMGetIntTypeWidth(LLVMTypeOf(v)) > 1;
    if (value)
        *value = wide ? (long)LLVMConstIntGetSExtValue(v) : (long)LLVMConstIntGetZExtValue(v);
    return true;
}

bool is_null(LLVMValueRef v)
{
    v = v ? stripped(v) : NULL;
    return v && LLVMIsAConstantPointerNull(v);
}

static key name_of(LLVMValueRef global)
{
    size_t n;
    const char *name = LLVMGetValueName2(global, &n);
    return key_text("%.*s", (int)n, name);
}

/* "struct.conn.12" is conn: modules that are linked number their types. */
static key tag_of(LLVMTypeRef type)
{
    const char *name = LLVMGetStructName(type);
    if (!name || (strncmp(name, "struct.", 7) != 0 && strncmp(name, "union.", 6) != 0))
        return NULL;
    name = strchr(name, '.') + 1;
    size_t n = strcspn(name, ".");
    if (n == 4 && strncmp(name, "anon", 4) == 0)
        return NULL;
    return key_text("%.*s", (int)n, name);
}

static key text_with_offset(key root, long offset)
{
    return offset ? key_text("%s+%ld", root, offset) : root;
}

/* A place while its steps are followed. */
struct steps {
    key root;
    long offset;
    struct path at;
};

/* The field of a known type at an offset: what a folded address of a global has lost. */
static void descend(struct steps *s, LLVMTypeRef type)
{
    long offset = s->offset, base = 0;
    if (offset < 0)
        return;
    for (;;) {
        LLVMTypeKind kind = LLVMGetTypeKind(type);
        if (kind == LLVMArrayTypeKind && LLVMGetArrayLength(type) > 0) {
            type = LLVMGetElementType(type);
            long size = (long)LLVMABISizeOfType(prog.layout, type);
            if (size <= 0)
                return;
            base += offset / size * size;
            offset %= size;
            continue;
        }
        if (kind != LLVMStructTypeKind || LLVMIsOpaqueStruct(type) ||
            LLVMCountStructElementTypes(type) == 0 ||
            offset >= (long)LLVMABISizeOfType(prog.layout, type))
            return;
        unsigned field = LLVMElementAtOffset(prog.layout, type, (unsigned long long)offset);
        long at = (long)LLVMOffsetOfElement(prog.layout, type, field);
        key tag = tag_of(type);
        if (tag && (strncmp(tag, "weft_", 5) == 0 || strstr(tag, "pthread")))
            return; /* a mutex is what is locked, not its first member */
        if (tag) {
            s->at.record = tag;
            s->at.offset = at;
            s->at.object = text_with_offset(s->root, base);
        }
        base += at;
        offset -= at;
        type = LLVMStructGetTypeAtIndex(type, field);
    }
}

static void follow(struct steps *s, LLVMValueRef v, int depth);

static void start(struct steps *s, LLVMValueRef v, int depth)
{
    LLVMOpcode op = opcode(v);
    struct inst *i = inst_of(v);
    *s = (struct steps){0};
    if (LLVMIsAArgument(v)) {
        unsigned n = 0;
        for (LLVMValueRef p = LLVMGetFirstParam(LLVMGetParamParent(v)); p && p != v;
             p = LLVMGetNextParam(p))
            n++;
        s->root = key_text("{P%u}", n);
    } else if (LLVMIsAGlobalValue(v)) {
        s->root = key_text("@%s", name_of(v));
        s->at.record = s->root;
        s->at.object = s->root;
    } else if (op == LLVMLoad && depth < 12) {
        struct steps inner;
        follow(&inner, LLVMGetOperand(v, 0), depth + 1);
        s->root = key_text("%s*", text_with_offset(inner.root, inner.offset));
        s->at.varies = inner.at.varies;
    } else if (op == LLVMCall && i && i->role == ROLE_of && depth < 12) {
        s->root = key_text("%s(%s)", i->name, text_of(call_arg(i, 0)));
    } else if (i) {
        const char *kind = op == LLVMCall     ? "C"
                           : op == LLVMAlloca ? "A"
                           : op == LLVMPHI    ? "F"
                                              : "V";
        s->root = key_text("{%s%u}", kind, i->number);
        s->at.varies = op == LLVMPHI;
    } else {
        long n;
        s->root = is_constant(v, &n) ? key_text("%ld", n)
                  : is_null(v)       ? key_of("0")
                                     : key_text("{U%p}", (void *)v);
    }
}

static void step(struct steps *s, LLVMValueRef gep, int depth)
{
    LLVMTypeRef type = LLVMGetGEPSourceElementType(gep);
    int count = LLVMGetNumOperands(gep);
    for (int k = 1; k < count; k++) {
        LLVMValueRef index = LLVMGetOperand(gep, (unsigned)k);
        long n;
        bool fixed = is_constant(index, &n);
        if (k > 1 && LLVMGetTypeKind(type) == LLVMStructTypeKind) {
            key tag = tag_of(type);
            long at = (long)LLVMOffsetOfElement(prog.layout, type, (unsigned)n);
            if (tag) {
                s->at.record = tag;
                s->at.offset = at;
                s->at.object = text_with_offset(s->root, s->offset);
            }
            s->offset += at;
            type = LLVMStructGetTypeAtIndex(type, (unsigned)n);
            continue;
        }
        if (k > 1)
            type = LLVMGetElementType(type);
        long size = (long)LLVMABISizeOfType(prog.layout, type);
        if (fixed) {
            s->offset += n * size;
        } else {
            s->root = key_text("%s[%s]", text_with_offset(s->root, s->offset),
                               depth < 12 ? text_of(index) : "?");
            s->offset = 0;
            s->at.varies = true;
        }
    }
}

static void follow(struct steps *s, LLVMValueRef v, int depth)
{
    v = stripped(v);
    if (opcode(v) == LLVMGetElementPtr && depth < 24) {
        follow(s, LLVMGetOperand(v, 0), depth + 1);
        step(s, v, depth);
    } else {
        start(s, v, depth);
    }
    LLVMValueRef root = stripped(v);
    if (LLVMIsAGlobalVariable(root))
        descend(s, LLVMGlobalGetValueType(root));
    if (opcode(root) == LLVMAlloca && LLVMIsAInstruction(root))
        descend(s, LLVMGetAllocatedType(root));
}

struct path path_of(LLVMValueRef v)
{
    struct steps s;
    follow(&s, v, 0);
    /* What a global or a local holds at a known offset says more than the steps, if they are few. */
    LLVMValueRef root = root_of(v);
    if (!s.at.varies && LLVMIsAGlobalVariable(root) && s.root[0] == '@' && !strchr(s.root, '*') &&
        !strchr(s.root, '['))
        descend(&s, LLVMGlobalGetValueType(root));
    s.at.text = text_with_offset(s.root, s.offset);
    return s.at;
}

LLVMValueRef root_of(LLVMValueRef v)
{
    for (;;) {
        v = stripped(v);
        LLVMOpcode op = opcode(v);
        if (op != LLVMGetElementPtr && op != LLVMLoad)
            return v;
        v = LLVMGetOperand(v, 0);
    }
}

static key compute_text(LLVMValueRef v)
{
    static int depth;
    LLVMOpcode op = opcode(v);
    if (depth > 10)
        return inst_of(v) ? key_text("{V%u}", inst_of(v)->number) : key_of("?");
    depth++;
    key k;
    if (LLVMIsAInstruction(v) && op == LLVMICmp) {
        k = key_text("(%d %s %s)", (int)LLVMGetICmpPredicate(v), text_of(LLVMGetOperand(v, 0)),
                     text_of(LLVMGetOperand(v, 1)));
    } else if (LLVMIsAInstruction(v) && (op == LLVMAnd || op == LLVMOr || op == LLVMXor ||
                                         op == LLVMAdd || op == LLVMSub || op == LLVMMul)) {
        k = key_text("(o%d %s %s)", (int)op, text_of(LLVMGetOperand(v, 0)),
                     text_of(LLVMGetOperand(v, 1)));
    } else {
        k = path_of(v).text;
    }
    depth--;
    return k;
}

key text_of(LLVMValueRef v)
{
    v = stripped(v);
    struct inst *i = inst_of(v);
    if (!i)
        return compute_text(v);
    if (!i->text)
        i->text = compute_text(v);
    return i->text;
}

key record_key(key record, long offset) { return key_text("%s+%ld", record, offset); }

key field_name(const struct path *p, key otherwise)
{
    if (!p->record)
        return otherwise;
    const struct field_fact *f = p->record[0] == '@' ? NULL : field_at(p->record, p->offset);
    if (f)
        return key_text("%s.%s", p->record, f->name);
    return p->record[0] == '@' ? key_of(p->record + 1) : otherwise;
}

/* ---- control flow -------------------------------------------------------------------------------- */

struct inst *terminator(struct fn *f, unsigned block) { return &f->inst[f->block[block].last - 1]; }

struct inst *reaches(struct fn *f, struct inst *from, pick *to, pick *stop, void *data)
{
    unsigned *todo = zeroed(f->blocks + 1, sizeof *todo), count = 0;
    bool *seen = zeroed(f->blocks, sizeof *seen);
    struct inst *hit = NULL;
    unsigned at = from->number + 1, block = from->block;
    for (;;) {
        bool stopped = false;
        for (; at < f->block[block].last && !stopped && !hit; at++) {
            if (to(f, &f->inst[at], data))
                hit = &f->inst[at];
            stopped = stop && stop(f, &f->inst[at], data);
        }
        if (hit)
            break;
        for (unsigned k = 0; !stopped && k < f->block[block].succs; k++) {
            unsigned next = f->block[block].succ[k];
            if (!seen[next]) {
                seen[next] = true;
                todo[count++] = next;
            }
        }
        if (count == 0)
            break;
        block = todo[--count];
        at = f->block[block].first;
    }
    free(todo);
    free(seen);
    return hit;
}

/* Tarjan's strongly connected parts, without recursion. */
static void find_knots(struct fn *f)
{
    unsigned n = f->blocks, next = 1, knots = 0, top = 0, deep = 0;
    unsigned *index = zeroed(n, sizeof *index), *low = zeroed(n, sizeof *low);
    unsigned *stack = zeroed(n, sizeof *stack), *call = zeroed(n, sizeof *call);
    unsigned *edge = zeroed(n, sizeof *edge);
    bool *on = zeroed(n, sizeof *on);
    for (unsigned root = 0; root < n; root++) {
        if (index[root])
            continue;
        call[deep++] = root;
        while (deep > 0) {
            unsigned b = call[deep - 1];
            if (!index[b]) {
                index[b] = low[b] = next++;
                stack[top++] = b;
                on[b] = true;
            }
            if (edge[b] < f->block[b].succs) {
                unsigned s = f->block[b].succ[edge[b]++];
                if (!index[s])
                    call[deep++] = s;
                else if (on[s] && index[s] < low[b])
                    low[b] = index[s];
                continue;
            }
            deep--;
            if (deep > 0 && low[b] < low[call[deep - 1]])
                low[call[deep - 1]] = low[b];
            if (low[b] == index[b]) {
                unsigned size = 0, member;
                do {
                    member = stack[--top];
                    on[member] = false;
                    f->block[member].knot = knots;
                    size++;
                } while (member != b);
                bool self = false;
                for (unsigned k = 0; k < f->block[b].succs; k++)
                    self |= f->block[b].succ[k] == b;
                if (size > 1 || self)
                    for (unsigned k = 0; k < n; k++)
                        if (index[k] && f->block[k].knot == knots && !on[k])
                            f->block[k].cyclic = true;
                knots++;
            }
        }
    }
    free(index), free(low), free(stack), free(call), free(edge), free(on);
}

static void read_blocks(struct fn *f)
{
    f->blocks = LLVMCountBasicBlocks(f->v);
    f->block = zeroed(f->blocks, sizeof *f->block);
    unsigned b = 0, count = 0;
    for (LLVMBasicBlockRef v = LLVMGetFirstBasicBlock(f->v); v; v = LLVMGetNextBasicBlock(v)) {
        for (LLVMValueRef i = LLVMGetFirstInstruction(v); i; i = LLVMGetNextInstruction(i))
            count++;
        f->block[b].v = v;
        remember(LLVMBasicBlockAsValue(v), (void *)(uintptr_t)(b + 1));
        b++;
    }
    f->inst = zeroed(count, sizeof *f->inst);
    for (b = 0; b < f->blocks; b++) {
        f->block[b].first = f->insts;
        for (LLVMValueRef v = LLVMGetFirstInstruction(f->block[b].v); v;
             v = LLVMGetNextInstruction(v)) {
            struct inst *i = &f->inst[f->insts];
            *i = (struct inst){.v = v,
                               .op = LLVMGetInstructionOpcode(v),
                               .block = b,
                               .number = f->insts++,
                               .arg = -1};
            remember(v, i);
        }
        f->block[b].last = f->insts;
    }
    for (b = 0; b < f->blocks; b++) {
        struct inst *end = terminator(f, b);
        unsigned n = LLVMGetNumSuccessors(end->v);
        f->block[b].succ = zeroed(n, sizeof *f->block[b].succ);
        f->block[b].succs = n;
        for (unsigned k = 0; k < n; k++) {
            unsigned s =
                (unsigned)(uintptr_t)recall(LLVMBasicBlockAsValue(LLVMGetSuccessor(end->v, k))) - 1;
            f->block[b].succ[k] = s;
            f->block[s].preds++;
        }
    }
    for (b = 0; b < f->blocks; b++)
        f->block[b].pred = zeroed(f->block[b].preds, sizeof *f->block[b].pred);
    unsigned *filled = zeroed(f->blocks, sizeof *filled);
    for (b = 0; b < f->blocks; b++)
        for (unsigned k = 0; k < f->block[b].succs; k++) {
            unsigned s = f->block[b].succ[k];
            f->block[s].pred[filled[s]++] = b;
        }
    free(filled);
    find_knots(f);
}

/* ---- calls ------------------------------------------------------------------------------------- */

static void read_call(struct inst *i)
{
    LLVMValueRef callee = stripped(LLVMGetCalledValue(i->v));
    i->argc = LLVMGetNumArgOperands(i->v);
    if (!callee || !LLVMIsAFunction(callee))
        return;
    i->name = name_of(callee);
    i->callee = fn_of(callee);
    struct role_fact r = role_first(i->name);
    /* A function of the program's own that is called like one of libc's is not that one. */
    bool says_so = !i->callee || strncmp(i->name, "weft_", 5) != 0;
    static const enum role libc[] = {ROLE_blocks, ROLE_os_lock,   ROLE_os_unlock, ROLE_os_trylock,
                                     ROLE_fork,   ROLE_setjmp,    ROLE_longjmp,   ROLE_exec,
                                     ROLE_frees,  ROLE_allocates, ROLE_signal};
    for (size_t k = 0; i->callee && k < sizeof libc / sizeof *libc; k++)
        says_so &= r.role != libc[k];
    if (says_so) {
        i->role = r.role;
        i->arg = r.arg;
    }
}

bool is_spawn(enum role r)
{
    return r == ROLE_spawn || r == ROLE_wg_spawn || r == ROLE_group_spawn || r == ROLE_later;
}

bool is_wait(enum role r)
{
    return r == ROLE_send || r == ROLE_recv || r == ROLE_send_ctx || r == ROLE_recv_ctx ||
           r == ROLE_select || r == ROLE_select_n || r == ROLE_wg_wait || r == ROLE_group_wait ||
           r == ROLE_group_free || r == ROLE_sleep || r == ROLE_wait;
}

bool is_switch(enum role r)
{
    return is_wait(r) || r == ROLE_join || r == ROLE_yield || r == ROLE_lock || r == ROLE_rlock ||
           r == ROLE_wlock || r == ROLE_lock_ctx || r == ROLE_cond_wait || r == ROLE_sem_acquire ||
           r == ROLE_once;
}

bool is_join(enum role r)
{
    return r == ROLE_recv || r == ROLE_recv_ctx || r == ROLE_select || r == ROLE_select_n ||
           r == ROLE_wg_wait || r == ROLE_group_wait || r == ROLE_group_free || r == ROLE_join ||
           r == ROLE_cond_wait || r == ROLE_sem_acquire || r == ROLE_wait;
}

/* ---- the program --------------------------------------------------------------------------------- */

static void add_spawn(struct fn *by, struct inst *at, LLVMValueRef target, unsigned first)
{
    static size_t room;
    size_t count = prog.spawns;
    prog.spawn = make_room(prog.spawn, count, &room, sizeof *prog.spawn);
    target = stripped(target);
    prog.spawn[prog.spawns++] = (struct spawn){
        by, at, fn_of(target), target, first, at->argc > first ? at->argc - first : 0};
}

static void read_function(struct fn *f)
{
    EACH_INST (f, i)
        if (i->op == LLVMCall)
            read_call(i);
    EACH_INST (f, i)
        if (is_spawn(i->role) && i->arg >= 0 && call_arg(i, (unsigned)i->arg))
            add_spawn(f, i, call_arg(i, (unsigned)i->arg), (unsigned)i->arg + 1);
}

static void read_program(void)
{
    prog.layout = LLVMGetModuleDataLayout(prog.module);
    for (LLVMValueRef v = LLVMGetFirstFunction(prog.module); v; v = LLVMGetNextFunction(v))
        prog.fns += !LLVMIsDeclaration(v);
    prog.fn = zeroed(prog.fns, sizeof *prog.fn);
    struct fn *f = prog.fn;
    for (LLVMValueRef v = LLVMGetFirstFunction(prog.module); v; v = LLVMGetNextFunction(v)) {
        if (LLVMIsDeclaration(v))
            continue;
        f->v = v;
        f->name = name_of(v);
        LLVMLinkage linkage = LLVMGetLinkage(v);
        f->internal = linkage == LLVMInternalLinkage || linkage == LLVMPrivateLinkage;
        remember(v, f++);
    }
    EACH_FN (f)
        read_blocks(f);
    EACH_FN (f)
        read_function(f);
    EACH_FN (f)
        EACH_INST (f, i)
            if (i->callee)
                i->callee->callers++;
    EACH_FN (f) {
        f->caller = zeroed(f->callers, sizeof *f->caller);
        f->caller_fn = zeroed(f->callers, sizeof *f->caller_fn);
        f->callers = 0;
    }
    EACH_FN (f)
        EACH_INST (f, i)
            if (i->callee) {
                i->callee->caller_fn[i->callee->callers] = f;
                i->callee->caller[i->callee->callers++] = i;
            }
    EACH_FN (f) {
        unsigned uses = 0;
        for (LLVMUseRef u = LLVMGetFirstUse(f->v); u; u = LLVMGetNextUse(u))
            uses++;
        f->address_taken = uses > f->callers;
    }
    for (unsigned k = 0; k < prog.spawns; k++)
        if (prog.spawn[k].fn)
            prog.spawn[k].fn->spawned = &prog.spawn[k];
}

/* The ends of scopes become part of the function, and with them what users' own cleanups do. */
static void inline_cleanups(LLVMModuleRef module)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    unsigned always = LLVMGetEnumAttributeKindForName("alwaysinline", 12);
    unsigned never = LLVMGetEnumAttributeKindForName("noinline", 8);
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        const char *name = name_of(f);
        size_t n = strlen(name);
        if (LLVMIsDeclaration(f) || n < 8 || strcmp(name + n - 8, "_cleanup") != 0 ||
            LLVMGetLinkage(f) != LLVMInternalLinkage)
            continue;
        LLVMRemoveEnumAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, never);
        LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                                LLVMCreateEnumAttribute(context, always, 0));
    }
}

static LLVMModuleRef load(LLVMContextRef context, const char *path)
{
    LLVMMemoryBufferRef buffer;
    LLVMModuleRef module;
    char *message = NULL;
    if (LLVMCreateMemoryBufferWithContentsOfFile(path, &buffer, &message)) {
        complain("%s: %s", path, message);
        return NULL;
    }
    if (LLVMParseBitcodeInContext2(context, buffer, &module)) {
        complain("%s: not the bitcode of this clang", path);
        return NULL;
    }
    inline_cleanups(module);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, "always-inline,function(sroa)", NULL, options);
    LLVMDisposePassBuilderOptions(options);
    if (error) {
        complain("%s: %s", path, LLVMGetErrorMessage(error));
        return NULL;
    }
    return module;
}

static void keep_quiet(LLVMDiagnosticInfoRef info, void *context) { (void)info, (void)context; }

int ir_read(char *const *bitcode, size_t count)
{
    LLVMContextRef context = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(context, keep_quiet, NULL);
    for (size_t i = 0; i < count; i++) {
        LLVMModuleRef module = load(context, bitcode[i]);
        if (!module)
            return STATUS_TROUBLE;
        if (prog.module && LLVMLinkModules2(prog.module, module))
            return complain("%s: cannot be linked with the files before it", bitcode[i]);
        if (!prog.module)
            prog.module = module;
    }
    read_program();
    ir_check();
    return 0;
}
