/* SPDX-License-Identifier: MIT */
/*
 * walk.c - the ways through a function; see walk.h.
 */
#include "walk.h"

#include <llvm/Config/llvm-config.h>
#include <stdlib.h>
#include <string.h>

#include "ir_checks.h"

enum { STATES_MAX = 4000, WAYS_MAX = 64 };

/* The walk under way. */
static struct {
    struct fn *f;
    bool reporting, lost;
    bool pinned; /* it says itself on which thread it runs */
    struct state *todo;
    size_t todo_count, todo_room;
    struct state **seen; /* by block */
    size_t *seen_count, *seen_room;
    size_t states;
    struct way_out *way;
    unsigned ways;
    struct marks marks;
    /* Texts that more than one place asks about. */
    key *asked;
    size_t asked_count, asked_room;
} w;

/* ---- texts under a state --------------------------------------------------------------------- */

static key bound(const struct state *s, unsigned phi)
{
    for (unsigned k = 0; k < s->bind_count; k++)
        if (s->bind[k].phi == phi)
            return s->bind[k].text;
    return NULL;
}

/* With the values that depend on the way replaced by what they are on this one. */
static key now(const struct state *s, key t)
{
    if (!t || !s->bind_count || !strstr(t, "{F"))
        return t;
    char out[1024];
    size_t n = 0;
    bool changed = false;
    for (const char *p = t; *p && n + 1 < sizeof out;) {
        if (strncmp(p, "{F", 2) == 0) {
            char *end;
            key with = bound(s, (unsigned)strtoul(p + 2, &end, 10));
            size_t length = with ? strlen(with) : 0;
            if (with && n + length + 24 < sizeof out) {
                p = end + 1;
                const char *plus = strrchr(with, '+');
                if (*p == '+' && plus && plus[1 + strspn(plus + 1, "0123456789")] == 0) {
                    long sum = strtol(plus + 1, NULL, 10) + strtol(p + 1, &end, 10);
                    n += (size_t)snprintf(out + n, sizeof out - n, "%.*s+%ld", (int)(plus - with),
                                          with, sum);
                    p = end;
                } else {
                    memcpy(out + n, with, length);
                    n += length;
                }
                changed = true;
                continue;
            }
        }
        out[n++] = *p++;
    }
    out[n] = 0;
    return changed ? key_of(out) : t;
}

static bool is_fuzzy(key text)
{
    return strstr(text, "{F") || strchr(text, '[') || strstr(text, "{V");
}

static bool number_in(key t, long *n)
{
    char *end;
    if (!*t || !strchr("-0123456789", *t))
        return false;
    *n = strtol(t, &end, 10);
    return *end == 0;
}

/* ---- what branches tell -------------------------------------------------------------------- */

static bool is_asked(key t)
{
    for (size_t k = 0; k < w.asked_count; k++)
        if (w.asked[k] == t)
            return true;
    return false;
}

static bool holds(LLVMIntPredicate p, long a, long b)
{
    unsigned long ua = (unsigned long)a, ub = (unsigned long)b;
    switch (p) {
    case LLVMIntEQ:
        return a == b;
    case LLVMIntNE:
        return a != b;
    case LLVMIntUGT:
        return ua > ub;
    case LLVMIntUGE:
        return ua >= ub;
    case LLVMIntULT:
        return ua < ub;
    case LLVMIntULE:
        return ua <= ub;
    case LLVMIntSGT:
        return a > b;
    case LLVMIntSGE:
        return a >= b;
    case LLVMIntSLT:
        return a < b;
    default:
        return a <= b;
    }
}

/* The result of a call that never returns NULL. */
static bool is_made(key t)
{
    if (strncmp(t, "{C", 2) != 0)
        return false;
    char *end;
    unsigned long n = strtoul(t + 2, &end, 10);
    if (strcmp(end, "}") != 0 || n >= w.f->insts)
        return false;
    enum role r = w.f->inst[n].role;
    return r == ROLE_make || r == ROLE_derive || r == ROLE_derive_value || r == ROLE_timer_new ||
           r == ROLE_group_new || r == ROLE_background;
}

/* Is it known that @t compares so with @n: 1, 0, or -1 for unknown. */
static int known(const struct state *s, key t, LLVMIntPredicate p, long n)
{
    long value;
    if (number_in(t, &value))
        return holds(p, value, n);
    bool is_object = (t[0] == '@' || strncmp(t, "{A", 2) == 0) && !strpbrk(t, "*(");
    if (is_object && n == 0 && (p == LLVMIntEQ || p == LLVMIntNE))
        return p == LLVMIntNE;
    if (n == 0 && (p == LLVMIntEQ || p == LLVMIntNE) && is_made(t))
        return p == LLVMIntNE;
    for (unsigned k = 0; k < s->fact_count; k++) {
        if (s->fact[k].subject != t)
            continue;
        if (s->fact[k].equal)
            return holds(p, s->fact[k].value, n);
        if (s->fact[k].value == n && p == LLVMIntEQ)
            return 0;
        if (s->fact[k].value == n && p == LLVMIntNE)
            return 1;
    }
    return -1;
}

static void learn(struct state *s, key asked, key t, bool equal, long value)
{
    long n;
    if (number_in(t, &n) || !is_asked(asked))
        return;
    for (unsigned k = 0; k < s->fact_count; k++)
        if (s->fact[k].subject == t) {
            if (equal || !s->fact[k].equal) {
                s->fact[k].equal = equal;
                s->fact[k].value = value;
            }
            return;
        }
    if (s->fact_count == FACT_MAX) {
        memmove(&s->fact[0], &s->fact[1], sizeof s->fact[0] * (FACT_MAX - 1));
        s->fact_count--;
    }
    memset(&s->fact[s->fact_count], 0, sizeof s->fact[0]);
    s->fact[s->fact_count].subject = t;
    s->fact[s->fact_count].equal = equal;
    s->fact[s->fact_count++].value = value;
}

static bool is_not(LLVMValueRef v, LLVMValueRef *of)
{
    long n;
    if (!LLVMIsAInstruction(v) || LLVMGetInstructionOpcode(v) != LLVMXor ||
        !is_constant(LLVMGetOperand(v, 1), &n) || n != 1)
        return false;
    *of = LLVMGetOperand(v, 0);
    return true;
}

/* The condition's truth: 1, 0, or -1 for unknown. */
static int truth(const struct state *s, LLVMValueRef c)
{
    long n;
    LLVMValueRef of;
    c = stripped(c);
    if (is_constant(c, &n))
        return n != 0;
    if (is_not(c, &of)) {
        int t = truth(s, of);
        return t < 0 ? t : !t;
    }
    key t = now(s, text_of(c));
    if (LLVMIsAICmpInst(c)) {
        LLVMValueRef right = LLVMGetOperand(c, 1);
        LLVMIntPredicate p = LLVMGetICmpPredicate(c);
        bool null = is_null(right);
        if (null || is_constant(right, &n)) {
            if (null)
                n = 0;
            LLVMValueRef left = stripped(LLVMGetOperand(c, 0));
            int k = known(s, now(s, text_of(left)), p, n);
            if (k >= 0)
                return k;
            if (n == 0 && (p == LLVMIntEQ || p == LLVMIntNE) &&
                (LLVMIsAICmpInst(left) || is_not(left, &of))) {
                k = truth(s, left);
                return k < 0 ? k : p == LLVMIntNE ? k : !k;
            }
        }
    }
    return known(s, t, LLVMIntNE, 0);
}

/* From here on the condition has this value. */
static void assume(struct state *s, LLVMValueRef c, bool yes)
{
    long n;
    LLVMValueRef of;
    c = stripped(c);
    if (is_constant(c, NULL))
        return;
    if (is_not(c, &of)) {
        assume(s, of, !yes);
        return;
    }
    key asked = text_of(c), t = now(s, asked);
    learn(s, asked, t, !yes, 0);
    if (!LLVMIsAICmpInst(c))
        return;
    LLVMValueRef right = LLVMGetOperand(c, 1), left = stripped(LLVMGetOperand(c, 0));
    bool null = is_null(right);
    LLVMIntPredicate p = LLVMGetICmpPredicate(c);
    if ((!null && !is_constant(right, &n)) || (p != LLVMIntEQ && p != LLVMIntNE))
        return;
    if (null)
        n = 0;
    learn(s, text_of(left), now(s, text_of(left)), (p == LLVMIntEQ) == yes, n);
    if (n == 0 && (LLVMIsAICmpInst(left) || is_not(left, &of)))
        assume(s, left, (p == LLVMIntNE) == yes);
}

/* ---- forgetting ------------------------------------------------------------------------------ */

/* A value was computed anew, or memory written: what was said about it holds no more. */
static void forget(struct state *s, const char *token)
{
    for (unsigned k = 0; k < s->held_count; k++)
        if (strstr(s->held[k].text, token))
            s->held[k].fuzzy = true;
    for (unsigned k = 0; k < s->fact_count;)
        if (strstr(s->fact[k].subject, token)) {
            s->fact[k] = s->fact[--s->fact_count];
            memset(&s->fact[s->fact_count], 0, sizeof s->fact[0]);
        } else {
            k++;
        }
    for (unsigned k = 0; k < s->shut_count;)
        if (strstr(s->shut[k].text, token)) {
            s->shut[k] = s->shut[--s->shut_count];
            memset(&s->shut[s->shut_count], 0, sizeof s->shut[0]);
        } else {
            k++;
        }
    for (unsigned k = 0; k < s->unlocked_count;)
        if (strstr(s->unlocked[k].text, token)) {
            s->unlocked[k] = s->unlocked[--s->unlocked_count];
            memset(&s->unlocked[s->unlocked_count], 0, sizeof s->unlocked[0]);
        } else {
            k++;
        }
    for (unsigned k = 0; k < s->bind_count;)
        if (strstr(s->bind[k].text, token)) {
            s->bind[k] = s->bind[--s->bind_count];
            memset(&s->bind[s->bind_count], 0, sizeof s->bind[0]);
        } else {
            k++;
        }
}

static bool knows_anything(const struct state *s)
{
    return s->held_count || s->fact_count || s->shut_count || s->bind_count || s->unlocked_count;
}

/* ---- locks -------------------------------------------------------------------------------------- */

const char *lock_name(const struct inst *lock)
{
    struct place at = place_of(lock);
    const char *word = source_word(at);
    bool second = strcmp(word, "weft_defer") == 0 || strcmp(word, "weft_mutex_lock_ctx") == 0;
    char *name = source_argument(at, second ? 1 : 0);
    if (name && (strncmp(word, "weft_", 5) == 0 || strncmp(word, "pthread_", 8) == 0))
        return name;
    if (lock->arg >= 0 && call_arg(lock, (unsigned)lock->arg)) {
        struct path p = path_of(call_arg(lock, (unsigned)lock->arg));
        return field_name(&p, key_of("a lock"));
    }
    return "a lock";
}

static const char *held_name(const struct held *h)
{
    if (h->record && h->record[0] != '@') {
        const struct field_fact *f = field_at(h->record, h->offset);
        const char *name = h->at->role ? lock_name(h->at) : NULL;
        return name && strcmp(name, "a lock") != 0 ? name
               : f                                 ? text("%s.%s", h->record, f->name)
                                                   : "a lock";
    }
    if (h->at->role && h->at->op == LLVMCall)
        return lock_name(h->at);
    return h->record ? h->record + 1 : "a lock";
}

static void report_again(struct inst *i, const struct held *h, const struct taken *t,
                         struct fn *through)
{
    struct place at = place_of(i);
    const char *name = held_name(h);
    if (h->mode == MODE_ONCE) {
        found(CHECK_oncerec, at,
              "this comes back to the once %s, which is being done: it would wait "
              "for itself",
              name);
    } else if (h->mode == MODE_READ || t->mode == MODE_READ) {
        const char *what = t->mode == MODE_READ ? "read-locked again" : "locked for writing";
        if (h->mode == MODE_WRITE)
            found(CHECK_relock, at, "%s is read-locked while it is held for writing since line %u",
                  name, place_of(h->at).line);
        else
            found(CHECK_rlockup, at, "%s is %s while it is read-locked since line %u: %s", name,
                  what, place_of(h->at).line,
                  t->mode == MODE_READ ? "a writer in between stops both" : "it waits for itself");
    } else if (through) {
        found(CHECK_relock, at, "%s() locks %s, which is held since line %u: it waits for itself",
              through->name, name, place_of(h->at).line);
    } else {
        found(CHECK_relock, at, "%s is locked again; it is held since line %u", name,
              place_of(h->at).line);
    }
}

/* Take a lock: what is held already may be the same, or come before it in an order. */
static void see_taken(struct state *s, struct inst *i, const struct taken *t, struct fn *through)
{
    if (!w.reporting)
        return;
    for (unsigned k = 0; k < s->held_count; k++) {
        struct held *h = &s->held[k];
        bool same = h->text == t->text && !h->fuzzy && !is_fuzzy(t->text);
        bool same_kind = (h->mode == MODE_ONCE) == (t->mode == MODE_ONCE) &&
                         (h->mode == MODE_OS) == (t->mode == MODE_OS);
        if (same && same_kind) {
            if ((!through || t->always) && h->mode != MODE_OS)
                report_again(i, h, t, through);
        } else if (h->mode != MODE_ONCE && t->mode != MODE_ONCE) {
            saw_order(w.f, i, s, h, t);
        }
    }
}

static void hold(struct state *s, struct inst *i, const struct taken *t)
{
    for (unsigned k = 0; k < s->unlocked_count; k++)
        if (s->unlocked[k].text == t->text) {
            s->unlocked[k] = s->unlocked[--s->unlocked_count];
            memset(&s->unlocked[s->unlocked_count], 0, sizeof s->unlocked[0]);
        }
    /* Readers and recursive thread locks nest. */
    unsigned nested = 0;
    for (unsigned k = 0; k < s->held_count; k++)
        nested += s->held[k].text == t->text && s->held[k].mode == t->mode;
    if (nested > 2 || (nested > 0 && t->mode != MODE_READ && t->mode != MODE_OS))
        return;
    if (s->held_count == HELD_MAX) {
        w.lost = true;
        return;
    }
    struct held *h = &s->held[s->held_count++];
    memset(h, 0, sizeof *h);
    h->text = t->text;
    h->object = t->object;
    h->record = t->record;
    h->offset = t->offset;
    h->mode = t->mode;
    h->at = i;
    h->fuzzy = is_fuzzy(t->text);
}

static void note_release(struct inst *i, const struct taken *t)
{
    struct fn *f = w.f;
    for (unsigned k = 0; k < f->release_count; k++)
        if (f->releases[k].text == t->text)
            return;
    if (f->release_count < sizeof f->releases / sizeof *f->releases) {
        f->releases[f->release_count] = *t;
        f->releases[f->release_count].at = i;
        f->releases[f->release_count++].in = f;
    }
}

static void drop_held(struct state *s, unsigned k)
{
    s->held[k] = s->held[--s->held_count];
    memset(&s->held[s->held_count], 0, sizeof s->held[0]);
}

static void release(struct state *s, struct inst *i, const struct taken *t)
{
    unsigned k = 0;
    while (k < s->held_count && (s->held[k].text != t->text || s->held[k].fuzzy))
        k++;
    if (k == s->held_count) /* one of which it is only known what kind it is */
        for (k = 0; k < s->held_count; k++)
            if ((s->held[k].fuzzy || is_fuzzy(t->text) || !t->record || !s->held[k].record) &&
                (s->held[k].text == t->text || !t->record || !s->held[k].record ||
                 (s->held[k].record == t->record && s->held[k].offset == t->offset)))
                break;
    if (k < s->held_count) {
        bool known = !s->held[k].fuzzy && s->held[k].text == t->text;
        drop_held(s, k);
        if (known && i->role != ROLE_os_unlock && s->unlocked_count < SHUT_MAX) {
            memset(&s->unlocked[s->unlocked_count], 0, sizeof s->unlocked[0]);
            s->unlocked[s->unlocked_count].text = t->text;
            s->unlocked[s->unlocked_count++].at = i;
        }
        return;
    }
    for (k = 0; k < s->unlocked_count; k++)
        if (s->unlocked[k].text == t->text && w.reporting && s->unlocked[k].at != i)
            found(CHECK_unlockunheld, place_of(i),
                  "%s is unlocked, but line %u has done that already", lock_name(i),
                  place_of(s->unlocked[k].at).line);
    if (!is_fuzzy(t->text))
        note_release(i, t);
}

static struct taken taken_of(const struct state *s, struct inst *i, int mode)
{
    struct path p = path_of(call_arg(i, (unsigned)i->arg));
    return (struct taken){now(s, p.text), p.record, now(s, p.object), p.offset, mode, true, i, w.f};
}

/* ---- waiting ---------------------------------------------------------------------------------- */

static const char *waits_for(const struct inst *i)
{
    switch (i->role) {
    case ROLE_send:
    case ROLE_send_ctx:
        return "a send waits for a receiver";
    case ROLE_recv:
    case ROLE_recv_ctx:
        return "a receive waits for a sender";
    case ROLE_select:
    case ROLE_select_n:
        return "a select waits";
    case ROLE_sleep:
        return "a sleep waits";
    case ROLE_wg_wait:
        return "a wait group waits for its goroutines";
    case ROLE_group_wait:
    case ROLE_group_free:
        return "a group waits for its members";
    default:
        return i->name ? text("%s() waits", i->name) : "this waits";
    }
}

static struct inst *deepest_wait(struct inst *i)
{
    for (int depth = 0; depth < 20 && i->callee && i->callee->waits && !is_wait(i->role); depth++)
        i = i->callee->waits;
    return i;
}

static struct inst *deepest_switch(struct inst *i)
{
    for (int depth = 0; depth < 20 && i->callee && i->callee->switches && !is_switch(i->role);
         depth++)
        i = i->callee->switches;
    return i;
}

static const char *through(struct inst *i, struct inst *deep)
{
    return i == deep ? "" : text(" (%s(), line %u)", i->callee->name, place_of(deep).line);
}

static void see_wait(struct state *s, struct inst *i, key except)
{
    if (!w.reporting || !s->held_count)
        return;
    bool waits = i->role == ROLE_cond_wait || (is_wait(i->role) && select_waits(i)) ||
                 (i->callee && i->callee->waits);
    bool switches = (is_switch(i->role) && select_waits(i)) || (i->callee && i->callee->switches);
    for (unsigned k = 0; k < s->held_count; k++) {
        struct held *h = &s->held[k];
        if (h->text == except)
            continue;
        if (h->mode == MODE_OS && switches && w.pinned)
            continue;
        if (h->mode == MODE_OS && switches) {
            struct inst *deep = deepest_switch(i);
            found(
                CHECK_oslockwait, place_of(i),
                "%s, a thread's lock held since line %u, is held while a goroutine may wait%s: it "
                "may go on on another thread; use a weft_mutex, or unlock first",
                held_name(h), place_of(h->at).line, through(i, deep));
        } else if ((h->mode == MODE_WRITE || h->mode == MODE_READ) && waits) {
            struct inst *deep = deepest_wait(i);
            found(CHECK_lockwait, place_of(i),
                  "%s%s while %s is held since line %u, and who needs the lock waits too; unlock "
                  "first",
                  waits_for(deep), through(i, deep), held_name(h), place_of(h->at).line);
        }
    }
}

/* ---- channels ---------------------------------------------------------------------------------- */

/* text() where a local has that name. */
static char *message(const char *format, key name) { return text(format, name); }

static void see_closed(struct state *s, struct inst *i, key text, const char *what)
{
    for (unsigned k = 0; k < s->shut_count; k++)
        if (s->shut[k].text == text && !is_fuzzy(text) && w.reporting && s->shut[k].at != i)
            found(CHECK_closed, place_of(i), "%s, which line %u has closed: it panics", what,
                  place_of(s->shut[k].at).line);
}

static void shut(struct state *s, struct inst *i, key text)
{
    for (unsigned k = 0; k < s->shut_count; k++)
        if (s->shut[k].text == text)
            return;
    if (s->shut_count < SHUT_MAX && !is_fuzzy(text)) {
        memset(&s->shut[s->shut_count], 0, sizeof s->shut[0]);
        s->shut[s->shut_count].text = text;
        s->shut[s->shut_count++].at = i;
    }
}

static key channel_of(const struct state *s, struct inst *i)
{
    return now(s, text_of(call_arg(i, (unsigned)i->arg)));
}

static const char *channel_name(struct inst *i)
{
    struct place at = place_of(i);
    const char *word = source_word(at);
    bool second = strstr(word, "_ctx") || strcmp(word, "weft_defer") == 0;
    char *name = strncmp(word, "weft_", 5) == 0 ? source_argument(at, second ? 1 : 0) : NULL;
    return name ? name : "the channel";
}

/* ---- calls --------------------------------------------------------------------------------------- */

static void push(const struct state *s)
{
    w.todo = make_room(w.todo, w.todo_count, &w.todo_room, sizeof *w.todo);
    w.todo[w.todo_count++] = *s;
}

/* A call that locks or does not, and says which: both ways, from the next instruction on. */
static void branch_on_result(struct state *s, struct inst *i, const struct taken *t,
                             bool zero_is_yes)
{
    struct state other = *s;
    key result = key_text("{C%u}", i->number);
    other.at = i->number + 1;
    learn(&other, result, result, !zero_is_yes, zero_is_yes ? 0 : 0);
    if (zero_is_yes)
        learn(&other, result, result, true, -125);
    push(&other);
    if (zero_is_yes)
        learn(s, result, result, true, 0);
    else
        learn(s, result, result, true, 1);
    hold(s, i, t);
}

static bool is_condition_in_loop(struct fn *f, struct inst *i) { return f->block[i->block].cyclic; }

static void see_cond_wait(struct state *s, struct inst *i)
{
    struct taken t = taken_of(s, i, MODE_WRITE);
    see_wait(s, i, t.text);
    if (!w.reporting)
        return;
    bool held = false, locks_here = false;
    for (unsigned k = 0; k < s->held_count; k++)
        held |= s->held[k].text == t.text || s->held[k].fuzzy;
    EACH_INST (w.f, other)
        if (other->role == ROLE_lock && text_of(call_arg(other, (unsigned)other->arg)) ==
                                            text_of(call_arg(i, (unsigned)i->arg)))
            locks_here = true;
    if (!is_condition_in_loop(w.f, i) && locks_here)
        found(CHECK_condloop, place_of(i),
              "weft_cond_wait() is not in a loop: what it waits for may have changed again when it "
              "returns; wait in while (!condition)");
    else if (!held && locks_here)
        found(CHECK_condloop, place_of(i),
              "the mutex is not locked here, and weft_cond_wait() "
              "panics without it");
    else if (!held && w.f->spawned && !w.f->callers && !strchr(t.text, '*'))
        found(CHECK_condloop, place_of(i),
              "nothing locks the mutex before this, and weft_cond_wait() panics without it");
}

/* What a callee leaves behind. */
static void see_callee(struct state *s, struct inst *i)
{
    struct fn *callee = i->callee;
    see_wait(s, i, NULL);
    for (unsigned k = 0; k < callee->take_count; k++) {
        struct taken t;
        if (taken_here(i, 0, &callee->takes[k], &t)) {
            t.text = now(s, t.text);
            see_taken(s, i, &t, callee);
        }
    }
    for (unsigned k = 0; k < callee->release_count; k++) {
        struct taken t;
        if (taken_here(i, 0, &callee->releases[k], &t)) {
            t.text = now(s, t.text);
            release(s, i, &t);
        }
    }
    for (unsigned k = 0; k < 32 && callee->closes >> k; k++)
        if (callee->closes >> k & 1 && call_arg(i, k)) {
            key text = now(s, text_of(call_arg(i, k)));
            see_closed(s, i, text, message("%s() closes a channel", callee->name));
            shut(s, i, text);
        }
    if (!callee->ends_known || callee->ends == 0)
        return;
    key result = key_text("{C%u}", i->number);
    for (unsigned e = 0; e < callee->ends; e++) {
        struct end *end = &callee->end[e];
        struct state copy = *s, *to = e + 1 < callee->ends ? &copy : s;
        for (unsigned k = 0; k < end->held_count; k++) {
            struct taken t;
            if (!taken_here(i, 0, &end->held[k], &t))
                continue;
            t.text = now(to, t.text);
            hold(to, i, &t);
            if (end->kind == END_UNKNOWN && callee->ends > 1)
                to->held[to->held_count - 1].fuzzy = true;
        }
        if (callee->ends > 1 && end->kind == END_VALUE)
            learn(to, result, result, true, end->value);
        if (callee->ends > 1 && end->kind == END_NONZERO)
            learn(to, result, result, false, 0);
        if (to == &copy) {
            to->at = i->number + 1;
            push(to);
        }
    }
}

/* A goroutine that unlocks what its launcher holds has been given the lock. */
static void see_spawn(struct state *s, struct inst *i)
{
    for (unsigned k = 0; k < prog.spawns; k++) {
        struct spawn *spawn = &prog.spawn[k];
        if (spawn->at != i || !spawn->fn)
            continue;
        for (unsigned n = 0; n < spawn->fn->release_count; n++) {
            struct taken t;
            if (!taken_here(i, spawn->first, &spawn->fn->releases[n], &t))
                continue;
            t.text = now(s, t.text);
            for (unsigned h = 0; h < s->held_count; h++)
                if (s->held[h].text == t.text) {
                    drop_held(s, h);
                    break;
                }
        }
    }
}

static void see_annotations(struct state *s, struct inst *i)
{
    for (const struct lock_fact *l = NULL; i->name && (l = lock_fact_next(i->name, l));) {
        struct taken t = {l->lock, l->record, NULL, l->offset, MODE_WRITE, true, i, w.f}, here;
        if (i->role != ROLE_NONE || !taken_here(i, 0, &t, &here))
            continue;
        here.text = now(s, here.text);
        if (l->kind == 'a' && !(i->callee && i->callee->ends)) {
            see_taken(s, i, &here, NULL);
            hold(s, i, &here);
        }
        bool has = false;
        for (unsigned k = 0; k < s->held_count; k++)
            has |= s->held[k].text == here.text || s->held[k].fuzzy;
        if (l->kind == 'r' && !has && w.reporting && !is_fuzzy(here.text))
            found(CHECK_guardedby, place_of(i), "%s() is to be called with %s held", i->name,
                  l->record
                      ? text("%s.%s", l->record,
                             field_at(l->record, l->offset) ? field_at(l->record, l->offset)->name
                                                            : "its lock")
                      : l->lock);
        if (l->kind == 'l' && !(i->callee && i->callee->release_count))
            release(s, i, &here);
    }
}

static void see_call(struct state *s, struct inst *i)
{
    if (w.f->block[i->block].cyclic && knows_anything(s))
        forget(s, key_text("{C%u}", i->number));
    bool has_arg = i->arg >= 0 && call_arg(i, (unsigned)i->arg);
    struct taken t;
    switch (has_arg ? i->role : is_wait(i->role) || i->role == ROLE_yield ? i->role : ROLE_NONE) {
    case ROLE_lock:
    case ROLE_wlock:
    case ROLE_rlock:
        see_wait(s, i, NULL);
        t = taken_of(s, i, i->role == ROLE_rlock ? MODE_READ : MODE_WRITE);
        see_taken(s, i, &t, NULL);
        hold(s, i, &t);
        return;
    case ROLE_os_lock:
    case ROLE_once:
        t = taken_of(s, i, i->role == ROLE_once ? MODE_ONCE : MODE_OS);
        see_taken(s, i, &t, NULL);
        if (i->role == ROLE_once)
            branch_on_result(s, i, &t, false);
        else
            hold(s, i, &t);
        return;
    case ROLE_trylock:
    case ROLE_tryrlock:
        t = taken_of(s, i, i->role == ROLE_tryrlock ? MODE_READ : MODE_WRITE);
        branch_on_result(s, i, &t, false);
        return;
    case ROLE_lock_ctx:
        see_wait(s, i, NULL);
        t = taken_of(s, i, MODE_WRITE);
        see_taken(s, i, &t, NULL);
        branch_on_result(s, i, &t, true);
        return;
    case ROLE_os_trylock:
        t = taken_of(s, i, MODE_OS);
        branch_on_result(s, i, &t, true);
        return;
    case ROLE_unlock:
    case ROLE_os_unlock:
    case ROLE_once_end:
        t = taken_of(s, i, MODE_WRITE);
        release(s, i, &t);
        return;
    case ROLE_cond_wait:
        see_cond_wait(s, i);
        return;
    case ROLE_close:
        see_closed(s, i, channel_of(s, i), text("this closes %s", channel_name(i)));
        shut(s, i, channel_of(s, i));
        return;
    case ROLE_send:
    case ROLE_send_ctx:
        see_closed(s, i, channel_of(s, i), text("this sends on %s", channel_name(i)));
        see_wait(s, i, NULL);
        return;
    case ROLE_try_send:
        see_closed(s, i, channel_of(s, i), text("this sends on %s", channel_name(i)));
        return;
    default:
        break;
    }
    if (i->role != ROLE_NONE)
        see_wait(s, i, NULL);
    if (is_spawn(i->role))
        see_spawn(s, i);
    see_annotations(s, i);
    if (i->callee && i->callee != w.f) {
        saw_call(w.f, i, s);
        if (i->role == ROLE_NONE || i->callee->waits)
            see_callee(s, i);
    } else if (i->callee) {
        saw_call(w.f, i, s);
    }
}

/* ---- moving on ----------------------------------------------------------------------------------- */

/*
 * May a value be carried on under this text?  A count that is one more than the last would make a
 * new state of each round.
 */
static bool can_bind(key written, key t)
{
    bool moves = strstr(written, "{F") &&
                 (written[0] != '{' || written[strcspn(written, "}") + 1]) &&
                 (written[0] != '(' || written[1] == 'o');
    return !moves && !strstr(t, "{F") && !strstr(t, "{V");
}

/* Come into a block: what depends on the way gets its value. */
static void enter(struct state *s, unsigned from, unsigned to)
{
    struct fn *f = w.f;
    struct {
        unsigned phi;
        key text;
    } fresh[BIND_MAX];
    unsigned count = 0;
    unsigned at = f->block[to].first;
    for (; at < f->block[to].last && f->inst[at].op == LLVMPHI; at++) {
        LLVMValueRef phi = f->inst[at].v, value = NULL;
        for (unsigned k = 0; k < LLVMCountIncoming(phi); k++)
            if (LLVMGetIncomingBlock(phi, k) == f->block[from].v)
                value = LLVMGetIncomingValue(phi, k);
        key t = value ? now(s, text_of(value)) : NULL;
        if (t && can_bind(text_of(value), t) && count < BIND_MAX) {
            fresh[count].phi = at;
            fresh[count++].text = t;
        }
    }
    if (at > f->block[to].first && knows_anything(s)) {
        for (unsigned k = f->block[to].first; k < at; k++) {
            for (unsigned b = 0; b < s->bind_count;)
                if (s->bind[b].phi == k) {
                    s->bind[b] = s->bind[--s->bind_count];
                    memset(&s->bind[s->bind_count], 0, sizeof s->bind[0]);
                } else {
                    b++;
                }
            if (f->block[to].cyclic)
                forget(s, key_text("{F%u}", k));
        }
    }
    for (unsigned k = 0; k < count && s->bind_count < BIND_MAX; k++) {
        memset(&s->bind[s->bind_count], 0, sizeof s->bind[0]);
        s->bind[s->bind_count].phi = fresh[k].phi;
        s->bind[s->bind_count++].text = fresh[k].text;
    }
    for (unsigned k = 0; k < w.marks.edges; k++)
        if (w.marks.edge[k].from == from && w.marks.edge[k].to == to)
            s->marks &= ~w.marks.edge[k].clear;
    s->from = from;
    s->at = at;
}

static bool is_new(const struct state *s, unsigned block)
{
    struct state plain = *s;
    plain.left = NULL;
    plain.from = 0;
    for (size_t k = 0; k < w.seen_count[block]; k++)
        if (memcmp(&w.seen[block][k], &plain, sizeof plain) == 0)
            return false;
    w.seen[block] =
        make_room(w.seen[block], w.seen_count[block], &w.seen_room[block], sizeof *w.seen[block]);
    w.seen[block][w.seen_count[block]++] = plain;
    return true;
}

static void go(const struct state *s, unsigned from, unsigned to)
{
    struct state next = *s;
    enter(&next, from, to);
    if (!is_new(&next, to))
        return;
    if (++w.states > STATES_MAX) {
        w.lost = true;
        return;
    }
    push(&next);
}

LLVMValueRef switch_case(LLVMValueRef sw, unsigned k)
{
#if LLVM_VERSION_MAJOR >= 22
    return LLVMGetSwitchCaseValue(sw, k);
#else
    return LLVMGetOperand(sw, 2 * k);
#endif
}

static void leave_by_switch(struct state *s, struct inst *i)
{
    struct fn *f = w.f;
    unsigned b = i->block;
    LLVMValueRef subject = stripped(LLVMGetOperand(i->v, 0));
    key asked = text_of(subject), t = now(s, asked);
    struct state rest = *s;
    for (unsigned k = 1; k < f->block[b].succs; k++) {
        long n;
        if (!is_constant(switch_case(i->v, k), &n))
            continue;
        int yes = known(s, t, LLVMIntEQ, n);
        if (yes == 0)
            continue;
        struct state taken = *s;
        learn(&taken, asked, t, true, n);
        go(&taken, b, f->block[b].succ[k]);
        if (yes == 1)
            return;
        if (f->block[b].succs == 2)
            learn(&rest, asked, t, false, n);
    }
    go(&rest, b, f->block[b].succ[0]);
}

static void leave(struct state *s, struct inst *i)
{
    struct fn *f = w.f;
    unsigned b = i->block;
    if (i->op == LLVMBr && LLVMIsConditional(i->v)) {
        LLVMValueRef c = LLVMGetCondition(i->v);
        int t = truth(s, c);
        for (unsigned k = 0; k < 2; k++) {
            if (t == (int)k)
                continue; /* the first way is the true one */
            struct state next = *s;
            if (t < 0)
                assume(&next, c, k == 0);
            go(&next, b, f->block[b].succ[k]);
        }
        return;
    }
    if (i->op == LLVMSwitch) {
        leave_by_switch(s, i);
        return;
    }
    if (i->op == LLVMBr && place_of(i).line)
        s->left = i;
    for (unsigned k = 0; k < f->block[b].succs; k++)
        go(s, b, f->block[b].succ[k]);
}

/* A test of a pointer says that it is not NULL, and calls of its maker that it may be. */
static int end_kind(const struct state *s, LLVMValueRef v, long *value)
{
    if (!v)
        return END_UNKNOWN;
    key t = now(s, text_of(v));
    if (number_in(t, value))
        return END_VALUE;
    for (unsigned k = 0; k < s->fact_count; k++)
        if (s->fact[k].subject == t && s->fact[k].equal) {
            *value = s->fact[k].value;
            return END_VALUE;
        }
    return known(s, t, LLVMIntNE, 0) == 1 ? END_NONZERO : END_UNKNOWN;
}

static void see_return(struct state *s, struct inst *i)
{
    struct way_out out;
    memset(&out, 0, sizeof out);
    memcpy(out.held, s->held, sizeof out.held);
    out.held_count = s->held_count;
    LLVMValueRef value = LLVMGetNumOperands(i->v) > 0 ? LLVMGetOperand(i->v, 0) : NULL;
    out.kind = end_kind(s, value, &out.value);
    out.at = s->left && w.f->block[i->block].preds > 1 ? place_of(s->left) : place_of(i);
    if (!out.at.line)
        out.at = place_of(i);
    /* Closed on every way? */
    unsigned closed = 0;
    for (unsigned k = 0; k < s->shut_count; k++) {
        char *end;
        unsigned long n =
            strncmp(s->shut[k].text, "{P", 2) == 0 ? strtoul(s->shut[k].text + 2, &end, 10) : 32;
        if (n < 32 && strcmp(end, "}") == 0)
            closed |= 1u << n;
    }
    w.f->closes = w.ways == 0 ? closed : w.f->closes & closed;
    w.way = w.way ? w.way : zeroed(WAYS_MAX, sizeof *w.way);
    for (unsigned k = 0; k < w.ways; k++)
        if (memcmp(&w.way[k], &out, sizeof out) == 0)
            return;
    if (w.ways == WAYS_MAX) {
        w.lost = true;
        return;
    }
    w.way[w.ways++] = out;
}

static void see_marks(struct state *s, struct inst *i)
{
    if (!w.marks.count)
        return;
    uint64_t hit = s->marks & w.marks.trigger[i->number];
    for (unsigned k = 0; hit >> k && k < w.marks.count; k++)
        if (hit >> k & 1)
            mark_hit(w.f, &w.marks.mark[k], i, s);
    s->marks &= ~w.marks.clear[i->number];
    s->marks |= w.marks.set[i->number];
    for (unsigned k = 0; k < w.marks.thens; k++)
        if (w.marks.then[k].at == i->number &&
            (s->marks & w.marks.then[k].need) == w.marks.then[k].need)
            s->marks |= w.marks.then[k].set;
}

static void run(struct state *s)
{
    struct fn *f = w.f;
    unsigned block = f->inst[s->at].block;
    for (; s->at < f->block[block].last && !w.lost; s->at++) {
        struct inst *i = &f->inst[s->at];
        see_marks(s, i);
        if (i->op == LLVMCall) {
            see_call(s, i);
            if (i->callee && i->callee->never_returns)
                return;
        } else if (i->op == LLVMStore) {
            if (knows_anything(s))
                forget(s, key_text("%s*", now(s, text_of(LLVMGetOperand(i->v, 1)))));
            if (w.reporting)
                saw_access(f, i, s);
        } else if (i->op == LLVMLoad) {
            if (w.reporting)
                saw_access(f, i, s);
        } else if (i->op == LLVMRet) {
            see_return(s, i);
            return;
        } else if (i == terminator(f, block)) {
            leave(s, i);
            return;
        }
    }
}

/* ---- what a function leaves its callers ------------------------------------------------------- */

static bool same_ends(const struct way_out *a, const struct way_out *b)
{
    if (a->held_count != b->held_count)
        return false;
    for (unsigned k = 0; k < a->held_count; k++) {
        bool there = false;
        for (unsigned n = 0; n < b->held_count; n++)
            there |= a->held[k].text == b->held[n].text && a->held[k].mode == b->held[n].mode;
        if (!there)
            return false;
    }
    return true;
}

static void sum_ends(void)
{
    struct fn *f = w.f;
    bool uniform = true, any = false;
    for (unsigned k = 0; k < w.ways; k++) {
        uniform &= same_ends(&w.way[0], &w.way[k]);
        any |= w.way[k].held_count > 0;
    }
    f->ends_known = any && !w.lost;
    f->ends = 0;
    if (!f->ends_known)
        return;
    for (unsigned k = 0; k < w.ways; k++) {
        struct way_out *out = &w.way[k];
        struct end end = {.kind = uniform ? END_UNKNOWN : out->kind,
                          .value = uniform ? 0 : out->value};
        for (unsigned n = 0; n < out->held_count; n++) {
            struct held *h = &out->held[n];
            if (h->fuzzy || end.held_count == 4 ||
                (h->text[0] != '@' && strncmp(h->text, "{P", 2) != 0))
                continue;
            end.held[end.held_count++] =
                (struct taken){h->text, h->record, h->object, h->offset, h->mode, true, h->at, f};
        }
        bool known = false;
        for (unsigned n = 0; n < f->ends && !known; n++)
            known = f->end[n].kind == end.kind && f->end[n].value == end.value &&
                    f->end[n].held_count == end.held_count &&
                    (end.held_count == 0 || f->end[n].held[0].text == end.held[0].text);
        if (!known && f->ends < ENDS_MAX)
            f->end[f->ends++] = end;
        else if (!known)
            f->ends_known = false;
    }
}

static bool unlocks_too(struct fn *f, const struct held *h)
{
    EACH_INST (f, i) {
        if ((i->role == ROLE_unlock || i->role == ROLE_os_unlock) && i->arg >= 0 &&
            call_arg(i, (unsigned)i->arg)) {
            struct path p = path_of(call_arg(i, (unsigned)i->arg));
            if (p.text == h->text || (p.record && p.record == h->record && p.offset == h->offset))
                return true;
        }
        for (unsigned k = 0; i->callee && k < i->callee->release_count; k++)
            if (i->callee->releases[k].record == h->record &&
                i->callee->releases[k].offset == h->offset)
                return true;
    }
    return false;
}

/* Somebody else unlocks what this function leaves locked. */
static bool is_handed_over(struct fn *f, const struct held *h)
{
    static const char *const words[] = {"lock", "acquire", "enter", "begin", "hold", "_get", "pin"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strcasestr(f->name, words[k]) && strcmp(words[k], "lock") != 0)
            return true;
    if (strcasestr(f->name, "lock") && !strcasestr(f->name, "block"))
        return true;
    for (const struct lock_fact *l = NULL; (l = lock_fact_next(f->name, l));)
        if (l->kind == 'a' || l->kind == 'r')
            return true;
    EACH_FN (other) {
        /* What callers of an unlocking function do not hold either is theirs to release. */
        if (other == f || other->callers || strcasestr(other->name, "unlock"))
            continue;
        for (unsigned k = 0; k < other->release_count; k++)
            if (other->releases[k].record && other->releases[k].record == h->record &&
                other->releases[k].offset == h->offset)
                return true;
    }
    return false;
}

/* It returns 0, or a pointer, with the lock, and an error without: that is how one says so. */
static bool tells_callers(const struct way_out *kept)
{
    bool success = (kept->kind == END_VALUE && (kept->value == 0 || kept->value == 1)) ||
                   kept->kind == END_NONZERO;
    bool other = false;
    for (unsigned k = 0; k < w.ways; k++) {
        if (w.way[k].held_count)
            continue;
        other = true;
        bool failure = w.way[k].kind == END_VALUE &&
                       (kept->kind == END_VALUE && kept->value == 0 ? w.way[k].value < 0
                                                                    : w.way[k].value == 0);
        success &= failure;
    }
    return success && other;
}

static void report_ends(void)
{
    struct fn *f = w.f;
    if (w.lost)
        return;
    for (unsigned k = 0; k < w.ways; k++)
        for (unsigned n = 0; n < w.way[k].held_count; n++) {
            struct held *h = &w.way[k].held[n];
            bool always = true;
            for (unsigned m = 0; m < w.ways && always; m++) {
                bool there = false;
                for (unsigned o = 0; o < w.way[m].held_count; o++)
                    there |= w.way[m].held[o].text == h->text;
                always = there;
            }
            if (h->fuzzy || always || h->mode == MODE_ONCE || !unlocks_too(f, h) ||
                is_handed_over(f, h) || tells_callers(&w.way[k]))
                continue;
            found(CHECK_unlock, w.way[k].at, "%s, locked in line %u, is still held on this way out",
                  held_name(h), place_of(h->at).line);
            if (h->mode != MODE_OS)
                fix("weft_scoped_%s(&%s); in line %u, without the unlocks",
                    h->mode == MODE_READ        ? "rlock"
                    : h->at->role == ROLE_wlock ? "wlock"
                                                : "lock",
                    held_name(h), place_of(h->at).line);
        }
}

/* ---- the walk --------------------------------------------------------------------------------- */

static void ask(key t)
{
    w.asked = make_room(w.asked, w.asked_count, &w.asked_room, sizeof *w.asked);
    w.asked[w.asked_count++] = t;
}

static void count_condition(key **all, size_t *count, size_t *room, LLVMValueRef c)
{
    LLVMValueRef of;
    c = stripped(c);
    if (is_constant(c, NULL))
        return;
    *all = make_room(*all, *count, room, sizeof **all);
    (*all)[(*count)++] = text_of(c);
    if (is_not(c, &of)) {
        count_condition(all, count, room, of);
    } else if (LLVMIsAICmpInst(c)) {
        count_condition(all, count, room, LLVMGetOperand(c, 0));
    }
}

static int by_address(const void *a, const void *b)
{
    key x = *(const key *)a, y = *(const key *)b;
    return x < y ? -1 : x > y;
}

/* Which texts are asked about in two places, so that the first answer is worth keeping? */
static void find_asked(struct fn *f)
{
    key *all = NULL;
    size_t count = 0, room = 0;
    EACH_INST (f, i) {
        if (i->op == LLVMBr && LLVMIsConditional(i->v))
            count_condition(&all, &count, &room, LLVMGetCondition(i->v));
        if (i->op == LLVMSwitch)
            count_condition(&all, &count, &room, LLVMGetOperand(i->v, 0));
        if (i->op == LLVMPHI)
            for (unsigned k = 0; k < LLVMCountIncoming(i->v); k++)
                count_condition(&all, &count, &room, LLVMGetIncomingValue(i->v, k));
        if (i->op == LLVMRet && LLVMGetNumOperands(i->v) > 0)
            count_condition(&all, &count, &room, LLVMGetOperand(i->v, 0));
        if (i->op == LLVMCall && i->role != ROLE_NONE)
            ask(key_text("{C%u}", i->number));
        if (i->callee && i->callee->ends_known)
            ask(key_text("{C%u}", i->number));
    }
    if (count)
        qsort(all, count, sizeof *all, by_address);
    for (size_t k = 1; k < count; k++)
        if (all[k] == all[k - 1] && (k == 1 || all[k - 2] != all[k]))
            ask(all[k]);
    free(all);
}

bool is_interesting(struct fn *f)
{
    EACH_INST (f, i) {
        if (i->role != ROLE_NONE && i->role != ROLE_allocates && i->role != ROLE_blocks &&
            i->role != ROLE_frees)
            return true;
        if (i->callee && (i->callee->take_count || i->callee->ends || i->callee->release_count ||
                          i->callee->closes || i->callee->switches))
            return true;
    }
    return false;
}

static void hold_required(struct state *s)
{
    for (const struct lock_fact *l = NULL; (l = lock_fact_next(w.f->name, l));)
        if (l->kind == 'r' || l->kind == 'l') {
            struct taken t = {l->lock,    l->record, NULL,          l->offset,
                              MODE_WRITE, true,      &w.f->inst[0], w.f};
            size_t n = strlen(t.text);
            const char *plus = strrchr(t.text, '+');
            if (l->record)
                t.object = plus && strtol(plus + 1, NULL, 10) == l->offset
                               ? key_text("%.*s", (int)(plus - t.text), t.text)
                           : l->offset == 0 ? t.text
                                            : NULL;
            (void)n;
            hold(s, &w.f->inst[0], &t);
        }
}

void walk(struct fn *f, bool reporting)
{
    w.f = f;
    w.reporting = reporting;
    w.lost = false;
    w.todo_count = 0;
    w.states = 0;
    w.ways = 0;
    w.asked_count = 0;
    w.seen = zeroed(f->blocks, sizeof *w.seen);
    w.seen_count = zeroed(f->blocks, sizeof *w.seen_count);
    w.seen_room = zeroed(f->blocks, sizeof *w.seen_room);
    f->release_count = 0;
    f->closes = 0;
    w.pinned = false;
    EACH_INST (f, i)
        w.pinned |= i->role == ROLE_pin;
    find_asked(f);
    memset(&w.marks, 0, sizeof w.marks);
    if (reporting)
        marks_lay(f, &w.marks);

    size_t before = finding_count;
    struct state first;
    memset(&first, 0, sizeof first);
    first.marks = w.marks.entry;
    hold_required(&first);
    push(&first);
    while (w.todo_count > 0 && !w.lost) {
        struct state s = w.todo[--w.todo_count];
        run(&s);
    }
    if (w.lost) {
        finding_count = before; /* half of the ways is no ground for a report */
        f->release_count = 0;
        f->closes = 0;
    }
    sum_ends();
    if (reporting && !w.lost) {
        report_ends();
        marks_end(f, &w.marks);
    }
    for (unsigned k = 0; k < f->blocks; k++)
        free(w.seen[k]);
    free(w.seen), free(w.seen_count), free(w.seen_room);
    free(w.marks.set), free(w.marks.clear), free(w.marks.trigger);
}

struct sum {
    unsigned ends, releases, closes, held;
};

static struct sum sum_of(struct fn *f)
{
    struct sum s = {f->ends, f->release_count, f->closes, 0};
    for (unsigned k = 0; k < f->ends; k++)
        s.held += f->end[k].held_count;
    return s;
}

void check_walks(void)
{
    bool news = true;
    for (int round = 0; news && round < 4; round++) {
        news = false;
        EACH_FN (f) {
            if (!is_interesting(f))
                continue;
            struct sum before = sum_of(f);
            walk(f, false);
            struct sum after = sum_of(f);
            news |= memcmp(&before, &after, sizeof before) != 0;
        }
    }
    EACH_FN (f) {
        if (is_interesting(f) || lock_fact_next(f->name, NULL)) {
            walk(f, true);
        } else {
            struct state none;
            memset(&none, 0, sizeof none);
            EACH_INST (f, i) {
                if (i->op == LLVMLoad || i->op == LLVMStore)
                    saw_access(f, i, &none);
                if (i->callee)
                    saw_call(f, i, &none);
            }
        }
    }
}
