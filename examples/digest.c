/* SPDX-License-Identifier: MIT */
//weft: -lcrypto
/*
 * digest - the SHA-256 of every regular file under some directories, sorted by path.
 *
 *     weft run examples/digest.c -- DIR...
 *
 * prints byte for byte what this prints in the C locale, but hashes on all cores:
 *
 *     find DIR... -type f -print0 | sort -z | xargs -0 sha256sum
 *
 * Exit status: 0; 1 when something could not be read or written, which is said on standard error
 * while the rest is still printed; 2 for wrong usage; 130 when SIGINT (Ctrl-C) or SIGTERM stopped
 * it, as shells have it for a program that Ctrl-C ended.
 *
 * Stopping.  A signal ends the context that every stage looks at: no more is walked or hashed,
 * every goroutine ends, what was hashed so far is printed, and a last line on standard error says
 * that the list is incomplete.  A second Ctrl-C ends the printing too, and so does the first write
 * error: printing has a context of its own, and whatever ends it tells why by its cause.
 *
 * The pipeline.  An entry, one allocation, wanders through it; whoever holds the pointer owns it.
 *
 *     walk ---- jobs (bounded) ----> hash_files (some) ---- results (bounded) ----> collect
 *       \_______________ what could not be read _______________________________________/
 *
 * Each stage ends the next one: the walker closes jobs, waits until the hashers have ended, and
 * closes results; collect() runs in the first goroutine and ends there.  When it is to stop, each
 * stage still takes what the one before has sent, to free it, so nobody is left waiting.  Only
 * collect() writes to standard error, so messages and the progress line never mix.
 *
 * Memory: the entries that are printed in the end, the names of directories that wait to be
 * walked, and the two channels' capacities; the size of the files does not matter.
 *
 * read() and readdir() are the plain blocking ones: when the disk is slow, the runtime gives the
 * processor to other goroutines.
 */
#include <weft.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

enum {
    SUM_SIZE = 32,
    BUFFER_SIZE = 256 * 1024, /* as large as a goroutine's whole stack, hence on the heap */
    QUEUE_SIZE = 128,         /* entries that may wait in a channel */
    STATUS_STOPPED = 128 + SIGINT,
};

/* What sha256sum writes as two characters, a backslash first. */
#define ESCAPED "\\\n\r"

#define PROGRESS_AFTER WEFT_SECOND
#define PROGRESS_EVERY (100 * WEFT_MILLISECOND)

/* A file or a directory on its way through the pipeline. */
struct entry {
    struct entry *next; /* in the list of its present owner */
    bool is_file;
    int error; /* why it could not be read: an errno value, or 0 */
    unsigned char sum[SUM_SIZE];
    char path[];
};

WEFT_CHAN(entry_chan, struct entry *);

/* What the hashers share: the algorithm, and how far they are. */
struct shared {
    EVP_MD *sha256;
    atomic_ullong bytes;
};

/* out_of_memory - without memory there is no list to print: say so and end at once. */
static void out_of_memory(void)
{
    static const char text[] = "digest: out of memory\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
    (void)n;
    _exit(1);
}

/* print_name - a path on one line, the way sha256sum writes it. */
static void print_name(const char *name, FILE *out)
{
    for (;;) {
        size_t plain = strcspn(name, ESCAPED);
        fwrite(name, 1, plain, out);
        name += plain;
        if (!*name)
            return;
        putc('\\', out);
        putc(*name == '\n' ? 'n' : *name == '\r' ? 'r' : *name, out);
        name++;
    }
}

/* ---- walk: directories to entries ------------------------------------------- */

struct walker {
    struct entry *pending; /* directories still to be read */
    entry_chan_tx *jobs, *results;
};

/* entry_new - the entry for @name in @dir, or for @dir itself when @name is NULL. */
static struct entry *entry_new(const char *dir, const char *name)
{
    size_t dir_len = strlen(dir), name_len = name ? strlen(name) : 0;
    struct entry *e = malloc(sizeof *e + dir_len + 1 + name_len + 1);
    if (!e)
        out_of_memory();
    *e = (struct entry){.next = NULL};
    memcpy(e->path, dir, dir_len);
    if (name && dir_len && dir[dir_len - 1] != '/')
        e->path[dir_len++] = '/';
    memcpy(e->path + dir_len, name ? name : "", name_len + 1);
    return e;
}

/* type_of - what the directory said, else what the file itself says; 0 when that failed. */
static unsigned char type_of(struct entry *e, unsigned char d_type)
{
    struct stat st;
    if (d_type != DT_UNKNOWN)
        return d_type;
    if (lstat(e->path, &st) == 0)
        return IFTODT(st.st_mode);
    e->error = errno;
    return 0;
}

/* place - send a new entry where it belongs; symbolic links, sockets and the like go nowhere. */
static void place(struct walker *w, struct entry *e, unsigned char d_type)
{
    unsigned char type = type_of(e, d_type);
    if (e->error) {
        weft_send(w->results, e);
    } else if (type == DT_REG) {
        e->is_file = true;
        weft_send(w->jobs, e);
    } else if (type == DT_DIR) {
        e->next = w->pending;
        w->pending = e;
    } else {
        free(e);
    }
}

/* read_dir - place everything in @dir, as long as the context lasts; 0 or an errno value.
 * O_NOFOLLOW: the directory may have been replaced by a link since it was listed. */
static int read_dir(weft_ctx *ctx, struct walker *w, const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    DIR *stream = fdopendir(fd);
    if (!stream) {
        int error = errno;
        close(fd);
        return error;
    }
    weft_defer(closedir, stream);
    while (!weft_ctx_err(ctx)) {
        errno = 0;
        struct dirent *d = readdir(stream);
        if (!d)
            return errno;
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            place(w, entry_new(dir, d->d_name), d->d_type);
    }
    return 0;
}

static void walk(weft_ctx *ctx, char **roots, entry_chan_tx *jobs, entry_chan_tx *results,
                 weft_wg *hashers)
{
    struct walker w = {.jobs = jobs, .results = results};
    for (; *roots && !weft_ctx_err(ctx); roots++) {
        place(&w, entry_new(*roots, NULL), DT_UNKNOWN);
        while (w.pending) {
            struct entry *dir = w.pending;
            w.pending = dir->next;
            dir->error = weft_ctx_err(ctx) ? 0 : read_dir(ctx, &w, dir->path);
            if (dir->error)
                weft_send(results, dir);
            else
                free(dir);
        }
    }
    weft_close(jobs);
    weft_wg_wait(hashers);
    weft_close(results);
}

/* ---- hash: files to sums ------------------------------------------------------ */

/* hash_file - fill e->sum; 0 or an errno value, ECANCELED when the context ended.  libcrypto fails
 * only for want of memory here. */
static int hash_file(weft_ctx *ctx, struct entry *e, struct shared *shared, EVP_MD_CTX *md,
                     unsigned char *buffer)
{
    if (weft_ctx_err(ctx))
        return ECANCELED;
    int fd = open(e->path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    weft_defer(close, fd);
    if (!EVP_DigestInit_ex(md, shared->sha256, NULL))
        return ENOMEM;
    while (!weft_ctx_err(ctx)) {
        ssize_t n = read(fd, buffer, BUFFER_SIZE);
        if (n < 0) {
            int error = errno;
            if (error == EINTR)
                continue;
            return error;
        }
        if (n == 0)
            return EVP_DigestFinal_ex(md, e->sum, NULL) ? 0 : ENOMEM;
        if (!EVP_DigestUpdate(md, buffer, (size_t)n))
            return ENOMEM;
        atomic_fetch_add_explicit(&shared->bytes, (unsigned long long)n, memory_order_relaxed);
    }
    return ECANCELED;
}

static void hash_files(weft_ctx *ctx, entry_chan_rx *jobs, entry_chan_tx *results,
                       struct shared *shared)
{
    unsigned char *buffer = malloc(BUFFER_SIZE);
    weft_defer(free, buffer);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    weft_defer(EVP_MD_CTX_free, md);
    if (!buffer || !md)
        out_of_memory();
    weft_range (e, jobs) {
        e->error = hash_file(ctx, e, shared, md, buffer);
        if (e->error == ECANCELED)
            free(e);
        else
            weft_send(results, e);
    }
}

/* ---- collect: sums to a sorted list --------------------------------------------- */

struct collector {
    struct entry *hashed;
    size_t n_hashed, n_files, n_errors;
    bool line_shown; /* the progress line is on the terminal */
};

static void progress_erase(struct collector *c)
{
    if (c->line_shown)
        fputs("\r\033[K", stderr);
    c->line_shown = false;
}

static void progress_show(struct collector *c, struct shared *shared, weft_duration since_start)
{
    unsigned long long bytes = atomic_load_explicit(&shared->bytes, memory_order_relaxed);
    fprintf(stderr, "\rdigest: %zu files, %.1f MB, %d s\033[K", c->n_files, (double)bytes / 1e6,
            (int)(since_start / WEFT_SECOND));
    c->line_shown = true;
}

static void take(struct collector *c, struct entry *e)
{
    c->n_files += e->is_file;
    if (e->error) {
        c->n_errors++;
        progress_erase(c);
        fputs("digest: ", stderr);
        print_name(e->path, stderr);
        fprintf(stderr, ": %s\n", weft_strerror(e->error));
        free(e);
    } else {
        c->n_hashed++;
        e->next = c->hashed;
        c->hashed = e;
    }
}

/* collect - take results until their channel is closed.  A NULL channel is a case that never
 * happens: ticks without a terminal, done after the context has ended. */
static void collect(weft_ctx *ctx, struct collector *c, entry_chan_rx *results,
                    struct shared *shared)
{
    weft_auto(weft_ticker, ticker) = isatty(STDERR_FILENO) ? weft_ticker_new(PROGRESS_EVERY) : NULL;
    weft_time_chan_rx *ticks = ticker ? weft_ticker_chan(ticker) : NULL;
    weft_done_chan_rx *done = weft_ctx_done(ctx);
    weft_time start = weft_now();
    struct entry *e;
    for (bool open = true; open;) {
        switch (weft_select(weft_on_recv_ok(results, &e, &open), weft_on_recv(ticks, NULL),
                            weft_on_recv(done, NULL))) {
        case 0:
            if (open)
                take(c, e);
            break;
        case 1:
            if (weft_now() - start > PROGRESS_AFTER)
                progress_show(c, shared, weft_now() - start);
            break;
        case 2:
            /* The others are on their way out.  Should one hang in a read, the next Ctrl-C is
             * what it would be without us: a cancel gives the signals back. */
            weft_ctx_cancel(ctx);
            done = NULL;
            break;
        }
    }
    progress_erase(c);
}

/* print_sum - a line of sha256sum; a backslash in front says that the name is escaped. */
static void print_sum(const unsigned char *sum, const char *name)
{
    if (strpbrk(name, ESCAPED))
        putchar('\\');
    static const char digit[] = "0123456789abcdef";
    char hex[2 * SUM_SIZE];
    for (int i = 0; i < SUM_SIZE; i++) {
        hex[2 * i] = digit[sum[i] >> 4];
        hex[2 * i + 1] = digit[sum[i] & 15];
    }
    fwrite(hex, 1, sizeof hex, stdout);
    fputs("  ", stdout);
    print_name(name, stdout);
    putchar('\n');
}

static int by_path(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

/* flush - write what stdio holds, unless the context ends before standard output takes it: a pager
 * may be in no hurry.  What cannot be written then is dropped, or exit() would wait for it. */
static void flush(weft_ctx *ctx)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (poll(&out, 1, 0) == 0) {
        if (weft_sleep(ctx, WEFT_MILLISECOND) != 0) {
            __fpurge(stdout);
            return;
        }
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        weft_ctx_cancel_cause(ctx, errno ? -errno : -EIO);
}

/* print_all - the list, sorted, until the context ends, which a write error does too; why it ended,
 * or 0.  Frees the list.  A pipe that takes anything takes PIPE_BUF bytes without waiting. */
static int print_all(weft_ctx *ctx, struct collector *c)
{
    struct entry **list = malloc((c->n_hashed + 1) * sizeof *list);
    if (!list)
        out_of_memory();
    size_t n = 0;
    for (struct entry *e = c->hashed; e; e = e->next)
        list[n++] = e;
    qsort(list, n, sizeof *list, by_path);

    setvbuf(stdout, NULL, _IOFBF, PIPE_BUF);
    for (size_t i = 0; i < n; i++) {
        if (!weft_ctx_err(ctx)) {
            print_sum(list[i]->sum, list[i]->path);
            if (__fpending(stdout) > PIPE_BUF / 2)
                flush(ctx);
        }
        free(list[i]);
    }
    free(list);
    flush(ctx);
    return weft_ctx_cause(ctx);
}

/* find_nothing - xargs runs its command also when it is given no name, and sha256sum then reads the
 * empty standard input: this is the line it prints. */
static void find_nothing(struct collector *c, const EVP_MD *sha256)
{
    struct entry *e = entry_new("-", NULL);
    if (!EVP_Digest("", 0, e->sum, NULL, sha256, NULL))
        out_of_memory();
    take(c, e);
}

/* stoppable - a context that Ctrl-C ends. */
#define stoppable() weft_ctx_with_signals(weft_background(), SIGINT, SIGTERM, 0)

int weft_main(int argc, char **argv)
{
    char **roots = argv + 1;
    if (*roots && strcmp(*roots, "--") == 0)
        roots++;
    else if (*roots && **roots == '-')
        argc = 0;
    if (argc < 2 || !*roots) {
        fputs("usage: digest DIR...\n", stderr);
        return 2;
    }

    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error, not our death */
    struct shared shared = {.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    if (!shared.sha256) {
        fputs("digest: this libcrypto offers no SHA-256\n", stderr);
        return 1;
    }
    weft_defer(EVP_MD_free, shared.sha256);

    weft_auto(weft_ctx, ctx) = stoppable();
    weft_auto(entry_chan, jobs) = weft_make(entry_chan, QUEUE_SIZE);
    weft_auto(entry_chan, results) = weft_make(entry_chan, QUEUE_SIZE);
    weft_wg walker = {0}, hashers = {0};
    int n_hashers = 2 * weft_procs(0) + 2; /* some of them wait for the disk */
    for (int i = 0; i < n_hashers; i++)
        weft_wg_go(&hashers, hash_files, ctx, weft_rx(jobs), weft_tx(results), &shared);
    weft_wg_go(&walker, walk, ctx, roots, weft_tx(jobs), weft_tx(results), &hashers);

    struct collector c = {0};
    collect(ctx, &c, weft_rx(results), &shared);
    weft_wg_wait(&walker);

    bool stopped = weft_ctx_err(ctx) != 0;
    if (!stopped && c.n_files == 0)
        find_nothing(&c, shared.sha256);
    weft_auto(weft_ctx, printing) = stopped ? stoppable() : weft_ctx_with_cancel(ctx);
    int why = print_all(printing, &c);
    if (stopped || why == -EINTR) {
        fputs("digest: interrupted, the list is incomplete\n", stderr);
        return STATUS_STOPPED;
    }
    if (why)
        fprintf(stderr, "digest: standard output: %s\n", weft_strerror(why));
    return why || c.n_errors ? 1 : 0;
}

/*
 * After  mkdir d; echo hello >'d/a b'; : >d/empty; echo x >$'d/two\nlines'
 * `weft run examples/digest.c -- d` prints
 *
 *     5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  d/a b
 *     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  d/empty
 *     \73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  d/two\nlines
 */
