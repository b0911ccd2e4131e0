/* SPDX-License-Identifier: MIT */
/*
 * guards.c - which data is touched under which lock.
 *
 * Data whose guard is declared (WEFT_GUARDED_BY) is judged by that.  For the rest the program is
 * asked: a field that is written under a lock, and touched under it in three of four places and no
 * less than three, is taken to be guarded by it, and the remaining places are reported.  When two
 * goroutines write it, one of them without the lock that the other takes, one place of each is
 * enough.
 *
 * Not counted are objects that the function has just made, constructors and destructors by their
 * names, functions whose every caller holds the lock, and those that launch and wait themselves: the
 * others do not run yet, or no more.
 */
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"
#include "walk.h"

enum { LOCKS_MAX = 4 };

struct access {
    key what; /* record and offset */
    struct path path;
    struct fn *f;
    struct inst *at;
    bool write;
    key lock[LOCKS_MAX]; /* held on every way to it, as records */
    unsigned locks;
};

static struct access *accesses;
static size_t access_count, access_room;
static unsigned *access_of; /* of the function's instructions, plus 1 */
static struct fn *access_fn;

/* The locks held that may guard this place. */
static unsigned guards_of(const struct state *s, const struct path *p, key *out)
{
    unsigned count = 0;
    for (unsigned k = 0; k < s->held_count && count < LOCKS_MAX; k++) {
        const struct held *h = &s->held[k];
        if (!h->record || h->mode == MODE_ONCE)
            continue;
        bool global = h->text[0] == '@' && !strchr(h->text, '*');
        bool same = h->object && strncmp(p->text, h->object, strlen(h->object)) == 0;
        if (global || same || h->fuzzy)
            out[count++] = record_key(h->record, h->offset);
    }
    return count;
}

static bool is_fresh(const struct path *p)
{
    key root = p->object ? p->object : p->text;
    return strncmp(root, "{A", 2) == 0 || strncmp(root, "{C", 2) == 0;
}

void saw_access(struct fn *f, struct inst *i, const struct state *s)
{
    LLVMValueRef pointer = LLVMGetOperand(i->v, i->op == LLVMStore ? 1 : 0);
    if (LLVMGetOrdering(i->v) != LLVMAtomicOrderingNotAtomic)
        return;
    if (access_fn != f) {
        free(access_of);
        access_of = zeroed(f->insts, sizeof *access_of);
        access_fn = f;
    }
    key held[LOCKS_MAX];
    if (access_of[i->number]) {
        struct access *a = &accesses[access_of[i->number] - 1];
        unsigned count = guards_of(s, &a->path, held), kept = 0;
        for (unsigned k = 0; k < a->locks; k++)
            for (unsigned n = 0; n < count; n++)
                if (a->lock[k] == held[n]) {
                    a->lock[kept++] = held[n];
                    break;
                }
        a->locks = kept;
        return;
    }
    struct path p = path_of(pointer);
    if (!p.record || is_fresh(&p) || strncmp(p.record, "weft_", 5) == 0)
        return;
    LLVMValueRef root = root_of(pointer);
    if (LLVMIsAGlobalVariable(root) && (LLVMIsThreadLocal(root) || LLVMIsGlobalConstant(root)))
        return;
    accesses = make_room(accesses, access_count, &access_room, sizeof *accesses);
    struct access *a = &accesses[access_count];
    *a = (struct access){.what = record_key(p.record, p.offset),
                         .path = p,
                         .f = f,
                         .at = i,
                         .write = i->op == LLVMStore};
    a->locks = guards_of(s, &p, a->lock);
    access_of[i->number] = (unsigned)++access_count;
}

/* ---- locks that every caller holds ----------------------------------------------------------- */

struct call_locks {
    struct fn *by, *to;
    struct inst *at;
    key lock[LOCKS_MAX];
    unsigned locks;
};
static struct call_locks *calls;
static size_t call_count, call_room;

void saw_call(struct fn *f, struct inst *i, const struct state *s)
{
    key held[LOCKS_MAX];
    unsigned count = 0;
    for (unsigned k = 0; k < s->held_count && count < LOCKS_MAX; k++)
        if (s->held[k].record && s->held[k].mode != MODE_ONCE)
            held[count++] = record_key(s->held[k].record, s->held[k].offset);
    if (i->call_slot) {
        struct call_locks *c = &calls[i->call_slot - 1];
        unsigned kept = 0;
        for (unsigned n = 0; n < c->locks; n++)
            for (unsigned m = 0; m < count; m++)
                if (c->lock[n] == held[m]) {
                    c->lock[kept++] = held[m];
                    break;
                }
        c->locks = kept;
        return;
    }
    calls = make_room(calls, call_count, &call_room, sizeof *calls);
    struct call_locks *c = &calls[call_count++];
    *c = (struct call_locks){.by = f, .to = i->callee, .at = i, .locks = count};
    memcpy(c->lock, held, sizeof held);
    i->call_slot = (unsigned)call_count;
}

static bool among(key k, const key *list, unsigned count)
{
    for (unsigned n = 0; n < count; n++)
        if (list[n] == k)
            return true;
    return false;
}

static bool is_held_by_all(struct fn *f, key lock, int depth)
{
    if (f->callers == 0 || f->address_taken || f->spawned || depth > 3)
        return false;
    for (unsigned k = 0; k < f->callers; k++) {
        unsigned slot = f->caller[k]->call_slot;
        struct call_locks *c = slot ? &calls[slot - 1] : NULL;
        if (!c || (!among(lock, c->lock, c->locks) &&
                   (c->by == f || !is_held_by_all(c->by, lock, depth + 1))))
            return false;
    }
    return true;
}

/* A helper that some callers call with the lock is meant to be called so. */
static bool is_held_by_some(struct fn *f, key lock)
{
    for (unsigned k = 0; k < f->callers; k++) {
        unsigned slot = f->caller[k]->call_slot;
        struct call_locks *c = slot ? &calls[slot - 1] : NULL;
        if (c && (among(lock, c->lock, c->locks) || is_held_by_all(c->by, lock, 0)))
            return true;
    }
    return false;
}

/* ---- judging --------------------------------------------------------------------------------------- */

static bool is_excused(struct fn *f)
{
    static const char *const words[] = {"init",    "new",     "create", "make",   "setup", "alloc",
                                        "free",    "destroy", "fini",   "delete", "dtor",  "ctor",
                                        "cleanup", "open",    "close",  "reset"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strcasestr(f->name, words[k]))
            return true;
    if (strcmp(f->name, "main") == 0 || strcmp(f->name, "weft_main") == 0 ||
        strncmp(f->name, "weft_test__", 11) == 0)
        return true;
    return f->spawns;
}

static bool has_lock(const struct access *a, key lock)
{
    return among(lock, a->lock, a->locks) || is_held_by_all(a->f, lock, 0);
}

static const char *lock_shown(key lock)
{
    const char *plus = strrchr(lock, '+');
    key record = key_text("%.*s", (int)(plus - lock), lock);
    const struct field_fact *field = field_at(record, strtol(plus + 1, NULL, 10));
    if (record[0] == '@')
        return record + 1;
    return field ? text("%s.%s", record, field->name) : lock;
}

static void report(const struct access *a, key lock, const char *why)
{
    found(CHECK_guardedby, place_of(a->at), "%s is %s without %s%s", field_name(&a->path, a->what),
          a->write ? "written" : "read", lock_shown(lock), why);
}

static void judge_declared(const struct access *all, size_t count, const struct field_fact *field)
{
    key lock = field->guard_offset >= 0 ? record_key(field->record, field->guard_offset)
                                        : record_key(key_text("@%s", field->guard), 0);
    for (size_t k = 0; k < count; k++) {
        const struct access *a = &all[k];
        bool by_name = field->guard_offset < 0 && a->locks;
        for (unsigned n = 0; by_name && n < a->locks; n++)
            if (strstr(a->lock[n], field->guard))
                goto fine; /* a field of a global struct */
        if (!has_lock(a, lock))
            report(a, lock, ", which is declared to guard it");
    fine:;
    }
}

static bool same_line(const struct access *a, const struct access *b)
{
    return a->f == b->f && place_of(a->at).line == place_of(b->at).line;
}

static void judge_by_use(const struct access *all, size_t count)
{
    /* Of the locks that are held at any of them, the one that is held most. */
    key best = NULL;
    unsigned most = 0;
    for (size_t k = 0; k < count; k++)
        for (unsigned n = 0; n < all[k].locks; n++) {
            unsigned uses = 0;
            for (size_t j = 0; j < count; j++)
                uses += among(all[k].lock[n], all[j].lock, all[j].locks);
            if (uses > most) {
                most = uses;
                best = all[k].lock[n];
            }
        }
    if (!best)
        return;
    unsigned with = 0, without = 0;
    bool written = false, written_concurrently = false;
    for (size_t k = 0; k < count; k++) {
        const struct access *a = &all[k];
        bool first = true;
        for (size_t j = 0; j < k && first; j++)
            first = !same_line(a, &all[j]);
        if (has_lock(a, best)) {
            with += first;
            written |= a->write;
            written_concurrently |= a->write && a->f->concurrent;
        } else if (!is_excused(a->f)) {
            without += first;
        }
    }
    if (!written)
        return;
    bool majority = with >= 3 && 4 * with >= 3 * (with + without);
    for (size_t k = 0; k < count; k++) {
        const struct access *a = &all[k];
        /* Under another lock it may be meant: the program's own rule is not seen. */
        if (has_lock(a, best) || is_excused(a->f) || a->locks || is_held_by_some(a->f, best))
            continue;
        if (majority)
            report(a, best, text(", which is held in %u other places", with));
        else if (written_concurrently && a->write && a->f->concurrent)
            report(a, best, ", which other goroutines hold when they write it");
    }
}

static int by_what(const void *x, const void *y)
{
    const struct access *a = x, *b = y;
    return a->what < b->what ? -1 : a->what > b->what ? 1 : a->at < b->at ? -1 : a->at > b->at;
}

void check_guards(void)
{
    EACH_FN (f) {
        struct call_locks *c =
            f->callers && f->caller[0]->call_slot ? &calls[f->caller[0]->call_slot - 1] : NULL;
        for (unsigned n = 0; c && n < c->locks; n++)
            f->held_by_all |= is_held_by_all(f, c->lock[n], 0);
    }
    if (access_count)
        qsort(accesses, access_count, sizeof *accesses, by_what);
    for (size_t k = 0, next; k < access_count; k = next) {
        bool any = false;
        for (next = k; next < access_count && accesses[next].what == accesses[k].what; next++)
            any |= accesses[next].locks > 0;
        const struct path *p = &accesses[k].path;
        const struct field_fact *field = field_at(p->record, p->record[0] == '@' ? 0 : p->offset);
        if (field && field->guard)
            judge_declared(&accesses[k], next - k, field);
        else if (any)
            judge_by_use(&accesses[k], next - k);
    }
}
