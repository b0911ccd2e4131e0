/* SPDX-License-Identifier: MIT */
//weft: -lcrypto
/*
 * Six programs to weigh -race with; programs.go has the same ones in Go.
 *
 *     programs ROW COUNT [FOLDER]
 *
 * prints "ROW checksum C ns T kb M": what the work came to, how long it took, and
 * the most memory that was in use.
 */
#include <weft.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

WEFT_CHAN(int_chan, int);
WEFT_CHAN(long_chan, int64_t);
WEFT_CHAN(name_chan, char *);

/* ---- ping-pong: two goroutines, one value at a time ---------------------------- */

static void echo(int_chan *in, int_chan *out)
{
    weft_range (v, in)
        weft_send(out, v + 1);
}

static int64_t pingpong(int n)
{
    weft_auto(int_chan, there) = weft_make(int_chan, 0);
    weft_auto(int_chan, back) = weft_make(int_chan, 0);
    int64_t sum = 0;
    weft_wg wg = {0};
    weft_wg_go(&wg, echo, there, back);
    for (int i = 0; i < n; i++) {
        int v;
        weft_send(there, i);
        weft_recv(back, &v);
        sum += v;
    }
    weft_close(there);
    weft_wg_wait(&wg);
    return sum;
}

/* ---- producers and consumers: four of each on one buffered channel ------------- */

static void produce(int_chan *c, int n)
{
    for (int i = 0; i < n; i++)
        weft_send(c, i);
}

static void consume(int_chan *c, int64_t *out)
{
    int64_t sum = 0;
    weft_range (v, c)
        sum += v;
    *out = sum;
}

static int64_t prodcons(int n)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 128);
    weft_wg producers = {0}, consumers = {0};
    int64_t sums[4], sum = 0;
    for (int i = 0; i < 4; i++) {
        weft_wg_go(&producers, produce, c, n / 4);
        weft_wg_go(&consumers, consume, c, &sums[i]);
    }
    weft_wg_wait(&producers);
    weft_close(c);
    weft_wg_wait(&consumers);
    for (int i = 0; i < 4; i++)
        sum += sums[i];
    return sum;
}

/* ---- mutex: eight goroutines count in a table under one lock -------------------- */

struct table {
    weft_mutex mu;
    int64_t counts[64];
};

static void count(struct table *t, int n)
{
    for (int i = 0; i < n; i++) {
        weft_mutex_lock(&t->mu);
        t->counts[i & 63] += i;
        weft_mutex_unlock(&t->mu);
    }
}

static int64_t mutex(int n)
{
    struct table t = {0};
    weft_wg wg = {0};
    int64_t sum = 0;
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, count, &t, n / 8);
    weft_wg_wait(&wg);
    for (int i = 0; i < 64; i++)
        sum += t.counts[i];
    return sum;
}

/* ---- sieve: a chain of filters, one a prime -------------------------------------- */

static void filter(int_chan *in, int_chan *out, int prime)
{
    weft_range (v, in)
        if (v % prime != 0)
            weft_send(out, v);
    weft_close(out);
    weft_unref(in);
}

static void numbers(int_chan *out, int n)
{
    for (int i = 2; i < n; i++)
        weft_send(out, i);
    weft_close(out);
}

static int64_t sieve(int n)
{
    int_chan *c = weft_make(int_chan, 1);
    weft_wg wg = {0};
    weft_wg_go(&wg, numbers, c, n);
    int64_t sum = 0;
    int prime;
    while (weft_recv(c, &prime)) {
        sum += prime;
        int_chan *next = weft_make(int_chan, 1);
        weft_wg_go(&wg, filter, c, next, prime);
        c = next;
    }
    weft_unref(c);
    weft_wg_wait(&wg);
    return sum;
}

/* ---- files ------------------------------------------------------------------------ */

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    if (!f)
        weft_panic("cannot read %s", path);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(*size + 1);
    if (fread(text, 1, *size, f) != *size)
        weft_panic("cannot read all of %s", path);
    fclose(f);
    return text;
}

static void list_files(name_chan *out, const char *folder, int times)
{
    for (int i = 0; i < times; i++) {
        DIR *d = opendir(folder);
        for (struct dirent *e; (e = readdir(d));) {
            if (e->d_name[0] == '.')
                continue;
            size_t size = strlen(folder) + strlen(e->d_name) + 2;
            char *path = malloc(size);
            snprintf(path, size, "%s/%s", folder, e->d_name);
            weft_send(out, path);
        }
        closedir(d);
    }
    weft_close(out);
}

/* ---- map-reduce: how often each two-letter beginning of a word occurs ------------- */

enum { KINDS = 26 * 26 };
typedef struct counts {
    int64_t of[KINDS];
} counts;
WEFT_CHAN(counts_chan, counts *);

static int kind_of(const unsigned char *word)
{
    int a = word[0] - 'a', b = word[1] - 'a';
    return a >= 0 && a < 26 && b >= 0 && b < 26 ? a * 26 + b : -1;
}

static void map(name_chan *in, counts_chan *out)
{
    weft_range (path, in) {
        size_t size;
        char *text = read_file(path, &size);
        counts *c = calloc(1, sizeof *c);
        bool inside = false;
        for (size_t i = 0; i + 1 < size; i++) {
            bool letter = text[i] != ' ' && text[i] != '\n';
            if (letter && !inside) {
                int k = kind_of((unsigned char *)text + i);
                if (k >= 0)
                    c->of[k]++;
            }
            inside = letter;
        }
        free(text);
        free(path);
        weft_send(out, c);
    }
}

static void close_after(weft_wg *wg, counts_chan *c)
{
    weft_wg_wait(wg);
    weft_close(c);
}

static int64_t mapreduce(int n, const char *folder)
{
    weft_auto(name_chan, names) = weft_make(name_chan, 16);
    weft_auto(counts_chan, results) = weft_make(counts_chan, 16);
    weft_wg wg = {0}, closer = {0};
    counts total = {0};
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, map, names, results);
    weft_wg_go(&closer, close_after, &wg, results);
    weft_wg_go(&closer, list_files, names, folder, n);
    weft_range (c, results) {
        for (int i = 0; i < KINDS; i++)
            total.of[i] += c->of[i];
        free(c);
    }
    weft_wg_wait(&closer);
    int64_t sum = 0;
    for (int i = 0; i < KINDS; i++)
        sum += total.of[i] * i;
    return sum;
}

/* ---- digest: the SHA-256 of each file --------------------------------------------- */

static void hash(name_chan *in, long_chan *out)
{
    weft_range (path, in) {
        size_t size;
        char *text = read_file(path, &size);
        unsigned char sum[32];
        int64_t first = 0;
        EVP_Digest(text, size, sum, NULL, EVP_sha256(), NULL);
        for (int i = 0; i < 7; i++)
            first = first << 8 | sum[i];
        free(text);
        free(path);
        weft_send(out, first);
    }
}

static void close_long_after(weft_wg *wg, long_chan *c)
{
    weft_wg_wait(wg);
    weft_close(c);
}

static int64_t digest(int n, const char *folder)
{
    weft_auto(name_chan, names) = weft_make(name_chan, 128);
    weft_auto(long_chan, results) = weft_make(long_chan, 128);
    weft_wg wg = {0}, closer = {0};
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, hash, names, results);
    weft_wg_go(&closer, close_long_after, &wg, results);
    weft_wg_go(&closer, list_files, names, folder, n);
    uint64_t all = 0;
    weft_range (v, results)
        all += (uint64_t)v;
    weft_wg_wait(&closer);
    return (int64_t)all;
}

/* The peak of the memory in use; the file counts from the start of the program. */
static long peak_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && kb == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = atol(line + 6);
    if (f)
        fclose(f);
    return kb;
}

int weft_main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const char *row = argv[1], *folder = argc > 3 ? argv[3] : ".";
    int n = atoi(argv[2]);
    int64_t result, start = weft_now();
    if (strcmp(row, "pingpong") == 0)
        result = pingpong(n);
    else if (strcmp(row, "prodcons") == 0)
        result = prodcons(n);
    else if (strcmp(row, "mutex") == 0)
        result = mutex(n);
    else if (strcmp(row, "sieve") == 0)
        result = sieve(n);
    else if (strcmp(row, "mapreduce") == 0)
        result = mapreduce(n, folder);
    else if (strcmp(row, "digest") == 0)
        result = digest(n, folder);
    else
        return 2;
    int64_t took = weft_now() - start;
    printf("%s checksum %lld ns %lld kb %ld\n", row, (long long)result, (long long)took, peak_kb());
    return 0;
}
