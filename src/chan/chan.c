/* SPDX-License-Identifier: MIT */
/*
 * Channels: making, dropping, sending, receiving, closing.
 *
 * One lock a channel.  A value goes straight from the sender's variable to a
 * waiting receiver's, or through the ring of buffered values; a receiver that
 * makes room moves a waiting sender's value into the ring, so order is kept.
 * Wake-ups come after the unlock (chan_impl.h says why).
 *
 * The sanitizers' edges are Go's.  Slot by slot for buffered values: receive k
 * takes over from send k, and send k + cap from receive k; a value that is
 * handed to or taken from one who waits goes through its slot too, as if that
 * one had done it itself.  Without a buffer the two sides take over from each
 * other, through the waiter of the one that waits.  A close publishes on the
 * header.
 */
#include "chan/chan_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"
#include "weft/go.h"
#include "weft/panic.h"

enum { SLAB_HEADERS = 64 };

static struct {
    struct lock lock; /* guards: free */
    struct chan *free;
} pool;

/* ---- headers ----------------------------------------------------------------- */

static struct chan *header_get(void)
{
    weft__lock(&pool.lock);
    struct chan *c = pool.free;
    if (!c) {
        struct chan *slab = weft__alloc_zero(SLAB_HEADERS * sizeof *slab);
        for (int i = 0; slab && i < SLAB_HEADERS; i++) {
            slab[i].generation = 1;
            slab[i].link = pool.free;
            pool.free = &slab[i];
        }
        c = pool.free;
    }
    if (c)
        pool.free = c->link;
    weft__unlock(&pool.lock);
    return c;
}

/* What the sanitizers are told of a slot stands behind the buffer, when there is one. */
struct slot_edges {
    uint64_t sent, received;
};
enum { WATCHED_SLOTS = 1 << 16 };

static size_t buffer_bytes(size_t elem, size_t cap)
{
    size_t size = cap * elem;
    if (likely(!weft__tsan) || cap == 0)
        return size;
    size_t slots = cap < WATCHED_SLOTS ? cap : WATCHED_SLOTS;
    return (size + 7) / 8 * 8 + slots * sizeof(struct slot_edges);
}

static struct slot_edges *edges_of(struct chan *c, size_t index)
{
    char *at = c->buf + (c->cap * c->elem + 7) / 8 * 8;
    return (struct slot_edges *)(void *)at + index % WATCHED_SLOTS;
}

struct chan *weft__chan_new(enum chan_kind kind, size_t elem, size_t cap, uintptr_t pc)
{
    struct chan *c = header_get();
    if (!c)
        return NULL;
    char *buf = NULL;
    size_t size = buffer_bytes(elem, cap);
    if (size > 0) {
        buf = weft__alloc(size);
        if (!buf) {
            weft__lock(&pool.lock);
            c->link = pool.free;
            pool.free = c;
            weft__unlock(&pool.lock);
            return NULL;
        }
    }
    c->kind = kind;
    c->closed = false;
    c->elem = (uint32_t)elem;
    c->cap = cap;
    c->count = c->head = c->tail = 0;
    c->buf = buf;
    c->recvq = c->sendq = (struct waitq){0};
    c->made_pc = pc;
    c->closed_pc = 0;
    c->closed_by = 0;
    store_relaxed(&c->refs, 1);
    if (unlikely(weft__tsan && cap > 0)) {
        char *edges = (char *)edges_of(c, 0);
        bytes_zero(edges, size - (size_t)(edges - buf));
    }
    return c;
}

/* Called with the lock held; releases it. */
void weft__chan_free(struct chan *c, uintptr_t pc)
{
    /* Selects that another case has decided already are on their way to take
     * themselves off; they find themselves off. */
    struct waitq *queues[] = {&c->recvq, &c->sendq};
    for (int i = 0; i < 2; i++)
        while (queues[i]->first)
            waitq_remove(queues[i], queues[i]->first);
    char *buf = c->buf;
    size_t size = buffer_bytes(c->elem, c->cap);
    c->buf = NULL;
    c->closed_pc = pc;
    c->generation = c->generation == UINT16_MAX ? 1 : c->generation + 1;
    weft__unlock(&c->lock);
    if (buf)
        weft__free(buf, size);
    weft__lock(&pool.lock);
    c->link = pool.free;
    pool.free = c;
    weft__unlock(&pool.lock);
}

weft_chan *weft_impl_chan_make(size_t elem, int64_t capacity)
{
    if (capacity < 0)
        weft_panic("make of a channel with negative capacity %lld", (long long)capacity);
    if (elem > UINT32_MAX)
        weft_panic("make of a channel: values of %zu bytes are too large", elem);
    if (elem > 0 && (uint64_t)capacity > (uint64_t)PTRDIFF_MAX / elem)
        weft_panic("make of a channel: capacity %lld is too large", (long long)capacity);
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct chan *c = weft__chan_new(CHAN_PLAIN, elem, (size_t)capacity, pc);
    if (!c)
        weft_panic("make of a channel: out of memory for capacity %lld", (long long)capacity);
    return handle_of(c);
}

/* ---- misuse -------------------------------------------------------------------- */

void weft__chan_panic_stale(const void *handle, uintptr_t pc)
{
    (void)pc;
    struct chan *c = chan_of(handle);
    char site[256];
    weft__lock(&c->lock);
    uintptr_t dropped = c->closed_pc;
    weft__unlock(&c->lock);
    weft__site(site, sizeof site, dropped);
    weft_panic("use of a destroyed channel\n\tits last reference was dropped at %s", site);
}

void weft__chan_panic_closed(weft_chan *handle, const char *what)
{
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    uintptr_t closed = c->closed_pc, made = c->made_pc;
    uint64_t by = c->closed_by;
    weft__unlock(&c->lock);
    char at[256], origin[256];
    weft__site(at, sizeof at, closed);
    weft__site(origin, sizeof origin, made);
    weft_panic("%s closed channel\n\tclosed at %s by goroutine %llu\n\tchannel made at %s", what,
               at, (unsigned long long)by, origin);
}

static inline void check_locked(weft_chan *handle, struct chan *c, uintptr_t pc)
{
    if (unlikely(handle_stale(handle, c))) {
        weft__unlock(&c->lock);
        weft__chan_panic_stale(handle, pc);
    }
}

static inline struct chan *lock_chan(weft_chan *handle, uintptr_t pc)
{
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    check_locked(handle, c, pc);
    return c;
}

/* ---- references ------------------------------------------------------------------ */

void weft_impl_ref(weft_chan *handle)
{
    if (!handle)
        return;
    struct chan *c = chan_of(handle);
    if (unlikely(handle_stale(handle, c)))
        weft__chan_panic_stale(handle, (uintptr_t)__builtin_return_address(0));
    add_relaxed(&c->refs, 1);
}

static bool still_waits(struct waiter *w)
{
    return w->ticket == 0 || load_seq(&w->g->wait_ticket) == w->ticket;
}

static unsigned count_waiting(struct waitq *q, struct waiter **first)
{
    unsigned n = 0;
    for (struct waiter *w = q->first; w; w = w->next)
        if (still_waits(w)) {
            if (n++ == 0)
                *first = w;
        }
    return n;
}

/* The last reference went while goroutines wait: nobody can wake them any more. */
static noinline void panic_waited_on(struct chan *c, uintptr_t pc)
{
    struct waiter *receiver = NULL, *sender = NULL;
    unsigned receivers = count_waiting(&c->recvq, &receiver);
    unsigned senders = count_waiting(&c->sendq, &sender);
    if (receivers + senders == 0) {
        weft__chan_free(c, pc);
        return;
    }
    struct g *g = (sender ? sender : receiver)->g;
    uintptr_t wait_pc = g->wait_pc, made = c->made_pc;
    unsigned long long id = g->id;
    const char *word = weft__wait_word(g->wait_reason);
    /* It stays a channel without owner: the goroutines on it are leaks now. */
    weft__unlock(&c->lock);
    char at[256], origin[256];
    weft__site(at, sizeof at, wait_pc);
    weft__site(origin, sizeof origin, made);
    weft_panic("channel destroyed while %u goroutine%s wait%s on it\n"
               "\tgoroutine %llu [%s] at %s\n\tchannel made at %s",
               receivers + senders, receivers + senders == 1 ? "" : "s",
               receivers + senders == 1 ? "s" : "", id, word, at, origin);
}

static void drop(void *handle, uintptr_t pc)
{
    if (!handle)
        return;
    struct chan *c = chan_of(handle);
    if (unlikely(handle_stale(handle, c)))
        weft__chan_panic_stale(handle, pc);
    /* Everything the other owners did with the channel comes before its end. */
    if (__atomic_fetch_sub(&c->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weft__lock(&c->lock);
    if (unlikely(c->recvq.first || c->sendq.first)) {
        panic_waited_on(c, pc);
        return;
    }
    weft__chan_free(c, pc);
}

void weft_impl_drop(void *handle) { drop(handle, (uintptr_t)__builtin_return_address(0)); }

void(weft_unref)(void *handle) { drop(handle, (uintptr_t)__builtin_return_address(0)); }

/* ---- values -------------------------------------------------------------------- */

/* Words that may lie anywhere and be of any type. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) any_half;

inline void weft__chan_copy(void *to, const void *from, size_t size)
{
    if (size == 8)
        *(any_word *)to = *(const any_word *)from;
    else if (size == 4)
        *(any_half *)to = *(const any_half *)from;
    else if (unlikely(weft__tsan))
        bytes_copy(to, from, size); /* the access is reported as the user's, by san_read() */
    else
        memcpy(to, from, size);
}

void weft__chan_zero(void *to, size_t size)
{
    static const char zeros[64];
    for (char *p = to; size > 0;) {
        size_t n = size < sizeof zeros ? size : sizeof zeros;
        weft__chan_copy(p, zeros, n);
        p += n;
        size -= n;
    }
}

static inline char *slot_at(struct chan *c, size_t index) { return c->buf + index * c->elem; }

static inline size_t after(struct chan *c, size_t index)
{
    return index + 1 == c->cap ? 0 : index + 1;
}

/* ---- edges ----------------------------------------------------------------------- */

/* Publishing comes first: what a send learns of the slot's last receive is not
 * what its own receive learns, and the other way round. */
static noinline void slot_sent(struct chan *c, size_t index)
{
    struct slot_edges *e = edges_of(c, index);
    if (c->kind == CHAN_TIMER)
        return; /* whoever armed the timer has published */
    if (c->cap > WATCHED_SLOTS) {
        hb_acquire(e); /* several slots share a place: what all of them did */
        hb_release(e);
        return;
    }
    hb_publish(&e->sent, 1);
    hb_take(&e->received);
}

static noinline void slot_received(struct chan *c, size_t index)
{
    struct slot_edges *e = edges_of(c, index);
    if (c->cap > WATCHED_SLOTS) {
        hb_acquire(e);
        hb_release(e);
        return;
    }
    hb_publish(&e->received, 1);
    hb_take(&e->sent);
}

void weft__chan_timer_armed(struct chan *c)
{
    if (unlikely(weft__tsan))
        hb_publish(&edges_of(c, 0)->sent, 1);
}

/* A partner that waits, without a buffer. */
static void met(struct waiter *w)
{
    hb_acquire(w);
    hb_release(w);
}

/* A value went straight to a receiver that waits. */
static noinline void handed(struct chan *c, struct waiter *w)
{
    if (c->cap == 0) {
        met(w);
        return;
    }
    size_t i = c->tail;
    slot_sent(c, i);
    struct hb_as as = weft__hb_as(w->g, w);
    slot_received(c, i);
    weft__hb_self(&as);
    c->head = c->tail = after(c, i);
}

/* The value of a sender that waits is about to go into the buffer. */
static noinline void moved_up(struct chan *c, struct waiter *w)
{
    struct hb_as as = weft__hb_as(w->g, w);
    slot_sent(c, c->tail);
    weft__hb_self(&as);
}

/* Before waiting; a goroutine on a buffered channel leaves the rest to its partner. */
static inline void hb_waits(struct chan *c, struct waiter *w)
{
    if (unlikely(weft__tsan) && (c->cap == 0 || w->g->thread))
        hb_release(w);
}

void weft__chan_hb_waits(struct chan *c, struct waiter *w) { hb_waits(c, w); }

/* ---- the buffer ------------------------------------------------------------------- */

/* At the tail and from the head; the caller sees to the count, which must_wait() reads without
 * the lock: it never shows what would not be true once the lock is released. */
static inline void buffer_put(struct chan *c, const void *value)
{
    weft__chan_copy(slot_at(c, c->tail), value, c->elem);
    c->tail = after(c, c->tail);
}

static inline void buffer_take(struct chan *c, void *out)
{
    if (unlikely(weft__tsan))
        slot_received(c, c->head);
    if (out)
        weft__chan_copy(out, slot_at(c, c->head), c->elem);
    c->head = after(c, c->head);
}

static inline void wake(struct waiter *w, bool ok)
{
    w->ok = ok;
    w->g->wait_result = w;
}

/* ---- attempts under the lock -------------------------------------------------------- */

static inline enum chan_result offer(struct chan *c, const void *value, struct g **woken)
{
    *woken = NULL;
    if (unlikely(c->closed)) {
        weft__unlock(&c->lock);
        return CHAN_CLOSED;
    }
    struct waiter *w;
    if (c->recvq.first && (w = waitq_take(&c->recvq))) {
        if (w->value)
            weft__chan_copy(w->value, value, c->elem);
        if (unlikely(weft__tsan))
            handed(c, w);
        wake(w, true);
        *woken = w->g;
        weft__unlock(&c->lock);
        return CHAN_DONE;
    }
    if (c->count < c->cap) {
        if (unlikely(weft__tsan))
            slot_sent(c, c->tail);
        buffer_put(c, value);
        c->count++;
        weft__unlock(&c->lock);
        return CHAN_DONE;
    }
    return CHAN_BLOCKED;
}

enum chan_result weft__chan_offer(struct chan *c, const void *value, struct g **woken)
{
    return offer(c, value, woken);
}

enum chan_result weft__chan_try_send(struct chan *c, const void *value)
{
    struct g *woken;
    enum chan_result r = offer(c, value, &woken);
    if (r == CHAN_DONE && woken)
        weft__ready(woken);
    return r;
}

enum chan_result weft__chan_try_recv(struct chan *c, void *out)
{
    struct waiter *w;
    if (c->count > 0) {
        buffer_take(c, out);
        if (c->sendq.first && (w = waitq_take(&c->sendq))) {
            struct g *g = w->g;
            if (unlikely(weft__tsan))
                moved_up(c, w);
            buffer_put(c, w->value);
            wake(w, true);
            weft__unlock(&c->lock);
            weft__ready(g);
            return CHAN_DONE; /* one went and one came: as many as before */
        }
        c->count--;
        weft__unlock(&c->lock);
        return CHAN_DONE;
    }
    if (c->sendq.first && (w = waitq_take(&c->sendq))) {
        struct g *g = w->g;
        if (unlikely(weft__tsan))
            met(w);
        if (out)
            weft__chan_copy(out, w->value, c->elem);
        wake(w, true);
        weft__unlock(&c->lock);
        weft__ready(g);
        return CHAN_DONE;
    }
    if (c->closed) {
        size_t elem = c->elem;
        hb_acquire(&c->closed_pc);
        weft__unlock(&c->lock);
        if (out)
            weft__chan_zero(out, elem);
        return CHAN_CLOSED;
    }
    return CHAN_BLOCKED;
}

/* ---- the public operations ------------------------------------------------------------ */

static void wait_for_ever(enum wait_reason reason, uintptr_t pc)
{
    for (;;)
        weft__park(reason, NULL, pc, NULL);
}

/* The lock is held from here on: the fast paths below took it and found that
 * there is more to do than to move one word. */
static noinline void send_locked(weft_chan *handle, const void *value, uintptr_t pc)
{
    struct chan *c = chan_of(handle);
    check_locked(handle, c, pc);
    if (unlikely(weft__tsan))
        san_read(value, c->elem, (void *)pc);
    switch (weft__chan_try_send(c, value)) {
    case CHAN_DONE:
        return;
    case CHAN_CLOSED:
        weft__chan_panic_closed(handle, "send on");
    case CHAN_BLOCKED:
        break;
    }
    struct waiter w = {.g = weft__current(), .value = (void *)value, .object = c};
    waitq_push(&c->sendq, &w);
    hb_waits(c, &w);
    weft__park(WAIT_CHAN_SEND, c, pc, &c->lock);
    hb_acquire(&w);
    if (unlikely(!w.ok))
        weft__chan_panic_closed(handle, "send on");
}

static noinline bool recv_locked(weft_chan *handle, void *out, uintptr_t pc)
{
    struct chan *c = chan_of(handle);
    check_locked(handle, c, pc);
    if (unlikely(weft__tsan && out))
        san_write(out, c->elem, (void *)pc);
    switch (weft__chan_try_recv(c, out)) {
    case CHAN_DONE:
        return true;
    case CHAN_CLOSED:
        return false;
    case CHAN_BLOCKED:
        break;
    }
    struct waiter w = {.g = weft__current(), .value = out, .object = c};
    waitq_push(&c->recvq, &w);
    hb_waits(c, &w);
    weft__park(WAIT_CHAN_RECV, c, pc, &c->lock);
    hb_acquire(&w);
    return w.ok;
}

/* The commonest case, with the lock held: a word through the buffer, and nobody waits.  False:
 * nothing was done. */
static inline bool put_word(weft_chan *handle, struct chan *c, const void *value)
{
    if (unlikely(!healthy(handle, c)) || c->elem != sizeof(any_word) || c->count >= c->cap ||
        c->recvq.first || unlikely(weft__tsan))
        return false;
    *(any_word *)(c->buf + c->tail * sizeof(any_word)) = *(const any_word *)value;
    c->tail = after(c, c->tail);
    c->count++;
    weft__unlock(&c->lock);
    return true;
}

static inline bool take_word(weft_chan *handle, struct chan *c, void *out)
{
    if (unlikely(!healthy(handle, c)) || c->elem != sizeof(any_word) || c->count == 0 ||
        c->sendq.first || unlikely(weft__tsan) || !out)
        return false;
    *(any_word *)out = *(const any_word *)(c->buf + c->head * sizeof(any_word));
    c->head = after(c, c->head);
    c->count--;
    weft__unlock(&c->lock);
    return true;
}

void weft_impl_send(weft_chan *handle, const void *value)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (unlikely(!handle))
        wait_for_ever(WAIT_CHAN_SEND_NIL, pc);
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    if (likely(put_word(handle, c, value)))
        return;
    send_locked(handle, value, pc);
}

bool weft_impl_recv(weft_chan *handle, void *out)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (unlikely(!handle))
        wait_for_ever(WAIT_CHAN_RECV_NIL, pc);
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    if (likely(take_word(handle, c, out)))
        return true;
    return recv_locked(handle, out, pc);
}

bool weft__chan_send_now(weft_chan *handle, const void *value, uintptr_t pc)
{
    if (!handle || must_wait(handle, chan_of(handle), true))
        return false;
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    if (likely(put_word(handle, c, value)))
        return true;
    check_locked(handle, c, pc);
    if (unlikely(weft__tsan))
        san_read(value, c->elem, (void *)pc);
    switch (weft__chan_try_send(c, value)) {
    case CHAN_DONE:
        return true;
    case CHAN_CLOSED:
        weft__chan_panic_closed(handle, "send on");
    case CHAN_BLOCKED:
        break;
    }
    weft__unlock(&c->lock);
    return false;
}

enum chan_result weft__chan_recv_now(weft_chan *handle, void *out, uintptr_t pc)
{
    if (!handle || must_wait(handle, chan_of(handle), false))
        return CHAN_BLOCKED;
    struct chan *c = chan_of(handle);
    weft__lock(&c->lock);
    if (likely(take_word(handle, c, out)))
        return CHAN_DONE;
    check_locked(handle, c, pc);
    size_t elem = c->elem;
    enum chan_result r = weft__chan_try_recv(c, out);
    if (r == CHAN_BLOCKED)
        weft__unlock(&c->lock);
    else if (out)
        san_write(out, elem, (void *)pc);
    return r;
}

bool weft_impl_try_send(weft_chan *handle, const void *value)
{
    return weft__chan_send_now(handle, value, (uintptr_t)__builtin_return_address(0));
}

bool weft_impl_try_recv(weft_chan *handle, void *out, bool *open)
{
    enum chan_result r = weft__chan_recv_now(handle, out, (uintptr_t)__builtin_return_address(0));
    if (open)
        *open = r != CHAN_CLOSED;
    return r == CHAN_DONE;
}

void(weft_close)(void *handle)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (!handle)
        weft_panic("close of a NULL channel");
    struct chan *c = lock_chan(handle, pc);
    if (c->closed) {
        weft__unlock(&c->lock);
        weft__chan_panic_closed(handle, "close of");
    }
    c->closed = true;
    hb_publish(&c->closed_pc, pc);
    c->closed_by = weft_goroutine_id();
    struct g *list = NULL, **tail = &list;
    struct waitq *queues[] = {&c->recvq, &c->sendq};
    for (int i = 0; i < 2; i++)
        for (struct waiter *w; (w = waitq_take(queues[i]));) {
            if (i == 0 && w->value)
                weft__chan_zero(w->value, c->elem);
            hb_release(w);
            wake(w, false);
            w->g->link = NULL;
            *tail = w->g;
            tail = &w->g->link;
        }
    weft__unlock(&c->lock);
    weft__ready_all(list);
}

size_t weft_impl_len(weft_chan *handle)
{
    if (!handle)
        return 0;
    struct chan *c = lock_chan(handle, (uintptr_t)__builtin_return_address(0));
    size_t n = c->kind == CHAN_TIMER ? 0 : c->count;
    weft__unlock(&c->lock);
    return n;
}

size_t weft_impl_cap(weft_chan *handle)
{
    if (!handle)
        return 0;
    struct chan *c = lock_chan(handle, (uintptr_t)__builtin_return_address(0));
    size_t n = c->kind == CHAN_TIMER ? 0 : c->cap;
    weft__unlock(&c->lock);
    return n;
}

/* ---- reports ---------------------------------------------------------------------------- */

/* "channel made at file.c:20, capacity 0".  Headers stay headers, so reading one is safe. */
static void describe(struct text *t, const struct g *g)
{
    const struct chan *c = g->wait_object;
    char site[256];
    if (c)
        weft__print(t, "        channel made at %s, capacity %zu\n",
                    weft__site(site, sizeof site, c->made_pc), c->cap);
}

__attribute__((constructor)) static void register_words(void)
{
    weft__describe[WAIT_CHAN_SEND] = describe;
    weft__describe[WAIT_CHAN_RECV] = describe;
}
