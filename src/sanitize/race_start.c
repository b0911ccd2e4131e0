/* SPDX-License-Identifier: MIT */
/*
 * What a program with ThreadSanitizer needs before that begins: `weft build
 * -race` links this file, by naming weft__race_start.  Nothing else does, so a
 * program that brings its own __tsan_default_options() can be linked otherwise.
 *
 * Options.  TSan asks for the program's own ones before libc is ready, so the
 * environment is read from the kernel.  Behind our defaults stand the words of
 * WEFT_RACE, and TSan adds those of TSAN_OPTIONS, of which the last one counts.
 *
 * Addresses.  Older TSan keeps fixed places for itself, and ends a program at
 * its start when the kernel randomises addresses by more than 28 bits.  The
 * resolver of an indirect function runs before that: it starts the program anew
 * without randomising.  At that time not even the functions of libc can be
 * called, therefore the bare system calls.
 */
#define _GNU_SOURCE
#ifndef __clang__ /* it would make calls of strlen() and the like out of loops */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#include "base/atomic.h"
#include "platform/syscall.h"

enum { RND_BITS_MAX = 28 };

/*
 * atexit_sleep_ms=0: TSan waits for a second at the end, in case some thread
 * does something yet; weft's end has waited for the goroutines to come to rest.
 */
#define DEFAULTS "atexit_sleep_ms=0"

static char options[4096] = DEFAULTS;
static char words[1 << 17]; /* of the environment, and of the command line */

static bool begins(const char *text, const char *with)
{
    while (*with && *text == *with) {
        text++;
        with++;
    }
    return *with == '\0';
}

/* All of a file, with a zero behind it; its length, or -1. */
static long read_all(const char *path, char *to, size_t size)
{
    long fd = weft__syscall(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    size_t n = 0;
    while (n + 1 < size) {
        long got = weft__syscall(SYS_read, fd, (long)(to + n), (long)(size - 1 - n), 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    to[n] = '\0';
    weft__syscall(SYS_close, fd, 0, 0, 0);
    return (long)n;
}

/* ---- options ------------------------------------------------------------------- */

__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    long length = read_all("/proc/self/environ", words, sizeof words);
    for (char *at = words; at < words + length; at++) {
        const char name[] = "WEFT_RACE";
        if (begins(at, name) && at[sizeof name - 1] == '=') {
            size_t n = sizeof DEFAULTS - 1;
            options[n++] = ':';
            for (at += sizeof name; *at && n < sizeof options - 1; at++)
                options[n++] = *at;
            options[n] = '\0';
            break;
        }
        while (*at)
            at++;
    }
    return options;
}

/* ---- addresses ------------------------------------------------------------------ */

enum { WORDS_MAX = 1 << 13 };

/* The words of a file as an argument list, as far as there is room. */
static char **list(const char *path, char **first, char **end, char *to, size_t size)
{
    long length = read_all(path, to, size);
    char **at = first;
    for (char *p = to; length > 0 && p < to + length && at < end - 1; p++) {
        *at++ = p;
        while (*p)
            p++;
    }
    *at++ = NULL;
    return at;
}

static void start_again(void)
{
    static char *lists[2 * WORDS_MAX];
    size_t half = sizeof words / 2;
    char **env = list("/proc/self/cmdline", lists, lists + WORDS_MAX, words, half);
    list("/proc/self/environ", env, env + WORDS_MAX, words + half, half);
    static const char text[] = "weft: vm.mmap_rnd_bits is over 28, which not every ThreadSanitizer "
                               "can live with; addresses are not randomised\n";
    weft__syscall(SYS_write, 2, (long)text, sizeof text - 1, 0);
    weft__syscall(SYS_execve, (long)"/proc/self/exe", (long)lists, (long)env, 0);
}

static void nothing(void) {}

/* clang does not see that the declaration below uses it. */
__attribute__((used)) static void (*resolve(void))(void)
{
    char bits[16];
    int n = 0;
    if (read_all("/proc/sys/vm/mmap_rnd_bits", bits, sizeof bits) > 0)
        for (const char *p = bits; *p >= '0' && *p <= '9'; p++)
            n = n * 10 + *p - '0';
    if (n > RND_BITS_MAX) {
        long now = weft__syscall(SYS_personality, 0xffffffff, 0, 0, 0);
        if (now >= 0 && !(now & ADDR_NO_RANDOMIZE) &&
            weft__syscall(SYS_personality, now | ADDR_NO_RANDOMIZE, 0, 0, 0) >= 0)
            start_again();
    }
    return nothing;
}

void weft__race_start(void) __attribute__((ifunc("resolve")));
/* A word that needs the address, so that the resolver runs at the start. */
__attribute__((used)) static void (*const needed)(void) = weft__race_start;
