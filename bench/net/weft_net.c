/* SPDX-License-Identifier: MIT */
/*
 * The servers of bench/net in weft; go/main.go and tokio/src/main.rs do the same.
 *
 *     weft_net echo ADDRESS       every byte back
 *     weft_net redis ADDRESS      PING, SET, GET and what redis-benchmark asks at first
 *     weft_net dial COUNT         connections within the process: dial, accept, close
 *
 * A goroutine per connection, which reads into a buffer of its own; replies to
 * what came in one read leave in one write, as one would write it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <weft.h>

enum { ECHO_BUFFER = 4096, REDIS_BUFFER = 16384 };

static void echo(int fd)
{
    char buf[ECHO_BUFFER];
    ssize_t n;
    while ((n = weft_read(weft_background(), fd, buf, sizeof buf)) > 0)
        if (weft_write_all(weft_background(), fd, buf, (size_t)n) < 0)
            break;
    weft_fd_close(fd);
}

/* ---- a store --------------------------------------------------------------------- */

enum { BUCKETS = 1 << 16 };

struct entry {
    struct entry *next;
    size_t key_len, value_len;
    char *key, *value;
};

static struct entry *buckets[BUCKETS];
static weft_rwmutex store_lock;

static struct entry **find(const char *key, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)key[i]) * 16777619u;
    struct entry **at = &buckets[h % BUCKETS];
    while (*at && ((*at)->key_len != n || memcmp((*at)->key, key, n) != 0))
        at = &(*at)->next;
    return at;
}

static char *copy(const char *from, size_t n) { return memcpy(malloc(n ? n : 1), from, n); }

static void set(const char *key, size_t key_len, const char *value, size_t value_len)
{
    char *fresh = copy(value, value_len);
    weft_scoped_wlock(&store_lock);
    struct entry **at = find(key, key_len), *e = *at;
    if (!e) {
        e = *at = calloc(1, sizeof *e);
        e->key = copy(key, key_len);
        e->key_len = key_len;
    }
    free(e->value);
    e->value = fresh;
    e->value_len = value_len;
}

/* ---- the protocol ------------------------------------------------------------------ */

struct bytes {
    const char *at;
    size_t n;
};

enum { ARGS_MAX = 8 };

/* One number after a mark, "*3\r\n"; NULL: more is needed. */
static const char *number(const char *p, const char *end, long *n)
{
    const char *eol = memchr(p, '\n', (size_t)(end - p));
    if (!eol)
        return NULL;
    *n = strtol(p + 1, NULL, 10);
    return eol + 1;
}

/* One request; its length, 0 when more is needed, -1 when it is none. */
static long parse(const char *from, const char *end, struct bytes *arg, int *count)
{
    const char *p = from;
    long n, size;
    if (p == end)
        return 0;
    if (*p != '*') {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        if (!eol)
            return 0;
        arg[0] = (struct bytes){p, (size_t)(eol - p) - (eol > p && eol[-1] == '\r')};
        *count = 1;
        return eol + 1 - from;
    }
    if (!(p = number(p, end, &n)))
        return 0;
    if (n < 1 || n > ARGS_MAX)
        return -1;
    for (long i = 0; i < n; i++) {
        if (p == end || !(p = number(p, end, &size)))
            return 0;
        if (size < 0 || size > REDIS_BUFFER)
            return -1;
        if (end - p < size + 2)
            return 0;
        arg[i] = (struct bytes){p, (size_t)size};
        p += size + 2;
    }
    *count = (int)n;
    return p - from;
}

static bool is(const struct bytes *a, const char *word)
{
    return a->n == strlen(word) && strncasecmp(a->at, word, a->n) == 0;
}

static size_t put(char *out, const char *text)
{
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

static size_t get(char *out, const struct bytes *key)
{
    weft_scoped_rlock(&store_lock);
    struct entry *e = *find(key->at, key->n);
    if (!e)
        return put(out, "$-1\r\n");
    size_t n = (size_t)sprintf(out, "$%zu\r\n", e->value_len);
    memcpy(out + n, e->value, e->value_len);
    return n + e->value_len + put(out + n + e->value_len, "\r\n");
}

/* The reply's length; there is room for it. */
static size_t answer(char *out, const struct bytes *arg, int count)
{
    if (is(&arg[0], "PING"))
        return put(out, "+PONG\r\n");
    if (is(&arg[0], "SET") && count >= 3) {
        set(arg[1].at, arg[1].n, arg[2].at, arg[2].n);
        return put(out, "+OK\r\n");
    }
    if (is(&arg[0], "GET") && count == 2)
        return get(out, &arg[1]);
    if (is(&arg[0], "CONFIG"))
        return put(out, "*0\r\n");
    return put(out, "-ERR unknown command\r\n");
}

static void redis(int fd)
{
    char *in = malloc(REDIS_BUFFER), *out = malloc(2 * REDIS_BUFFER);
    size_t have = 0;
    ssize_t n;
    while ((n = weft_read(weft_background(), fd, in + have, REDIS_BUFFER - have)) > 0) {
        have += (size_t)n;
        size_t used = 0, reply = 0;
        struct bytes arg[ARGS_MAX];
        int count = 0;
        long size = 0;
        while (reply < REDIS_BUFFER - 64 && (size = parse(in + used, in + have, arg, &count)) > 0) {
            used += (size_t)size;
            reply += answer(out + reply, arg, count);
        }
        memmove(in, in + used, have - used);
        have -= used;
        if (reply > 0 && weft_write_all(weft_background(), fd, out, reply) < 0)
            break;
        if (size < 0 || have == REDIS_BUFFER)
            break;
    }
    free(in);
    free(out);
    weft_fd_close(fd);
}

/* ---- connections within the process -------------------------------------------------- */

static void accept_all(int server)
{
    int fd;
    while ((fd = weft_accept(weft_background(), server, NULL, NULL)) >= 0)
        weft_fd_close(fd);
}

static int dial_all(long count)
{
    char text[WEFT_ADDR_TEXT_MAX], c;
    weft_addr at;
    int server = weft_listen(weft_background(), "tcp", "127.0.0.1:0");
    if (server < 0 || weft_addr_local(server, &at) != 0)
        return 1;
    weft_addr_text(&at, text, sizeof text);
    weft_go(accept_all, server);
    weft_time start = weft_now();
    for (long i = 0; i < count; i++) {
        int fd = weft_dial(weft_background(), "tcp", text);
        if (fd < 0 || weft_read(weft_background(), fd, &c, 1) != 0)
            return 1;
        weft_fd_close(fd);
    }
    printf("%.0f\n", (double)count * 1e9 / (double)(weft_now() - start));
    weft_fd_close(server);
    return 0;
}

int weft_main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "dial") == 0)
        return dial_all(atol(argv[2]));
    void (*serve)(int) = strcmp(argv[1], "redis") == 0 ? redis : echo;
    int server = weft_listen(weft_background(), "tcp", argv[2]), fd;
    if (server < 0) {
        fprintf(stderr, "listen: %s\n", weft_strerror(server));
        return 1;
    }
    while ((fd = weft_accept(weft_background(), server, NULL, NULL)) >= 0)
        weft_go(serve, fd);
    return 1;
}
