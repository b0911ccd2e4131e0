/* SPDX-License-Identifier: MIT */
/* The writer of reports, and the words they use. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft.h>

#include "debug/debug.h"

WEFT_TEST(text_goes_to_a_buffer_and_is_cut_off_there)
{
    char room[8];
    struct text t;
    memset(room, 'x', sizeof room);
    weft__text_buffer(&t, room, sizeof room);
    weft__print(&t, "%s %d", "abc", 12345);
    weft__flush(&t);
    weft_check(room, ==, "abc 123");
}

WEFT_TEST(a_buffer_of_one_byte_holds_its_end)
{
    char room[2] = "xy";
    struct text t;
    weft__text_buffer(&t, room, 1);
    weft__print(&t, "abc");
    weft__flush(&t);
    weft_check(room[0], ==, '\0');
    weft_check(room[1], ==, 'y');
}

/* More than the writer's own buffer, in pieces that straddle its end. */
WEFT_TEST(long_text_arrives_whole)
{
    enum { LINES = 500 };
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    struct text t;
    weft__text_file(&t, file);
    for (int i = 0; i < LINES; i++)
        weft__print(&t, "line %d of the text\n", i);
    weft__flush(&t);
    fclose(file);
    const char *at = out;
    for (int i = 0; i < LINES; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "line %d of the text\n", i);
        weft_check(strncmp(at, line, (size_t)n) == 0);
        at += n;
    }
    weft_check(*at, ==, '\0');
    free(out);
}

WEFT_TEST(put_takes_more_than_the_buffer_holds)
{
    enum { SIZE = 10000 };
    static char big[SIZE], room[SIZE + 1];
    struct text t;
    for (int i = 0; i < SIZE; i++)
        big[i] = (char)('a' + i % 26);
    weft__text_buffer(&t, room, sizeof room);
    weft__print(&t, "%s", "");
    weft__put(&t, big, SIZE);
    weft__flush(&t);
    weft_check(memcmp(room, big, SIZE) == 0);
}

/* A descriptor that others made non-blocking is waited for. */
WEFT_TEST(a_full_pipe_is_waited_for)
{
    enum { PIECES = 200 };
    int ends[2];
    weft_check(pipe2(ends, O_NONBLOCK) == 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    pid_t child = fork();
    if (child == 0) {
        struct text t;
        close(ends[0]);
        weft__text_fd(&t, ends[1]);
        for (int i = 0; i < PIECES; i++)
            weft__put(&t, "0123456789012345678901234567890123456789012345678901234567890123", 64);
        weft__flush(&t);
        _exit(0);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, 0);
    size_t all = 0;
    char piece[1000];
    ssize_t n;
    usleep(50 * 1000); /* so that the pipe is full for a while */
    while ((n = read(ends[0], piece, sizeof piece)) > 0)
        all += (size_t)n;
    weft_check(all, ==, (size_t)PIECES * 64);
}

WEFT_TEST(durations_are_said_from_a_second_on)
{
    char out[DURATION_MAX];
    weft_check(weft__duration(out, 0), ==, "");
    weft_check(weft__duration(out, -5 * WEFT_SECOND), ==, "");
    weft_check(weft__duration(out, WEFT_SECOND - 1), ==, "");
    weft_check(weft__duration(out, WEFT_SECOND), ==, "1 second");
    weft_check(weft__duration(out, 59 * WEFT_SECOND), ==, "59 seconds");
    weft_check(weft__duration(out, 60 * WEFT_SECOND), ==, "1 minute");
    weft_check(weft__duration(out, 119 * WEFT_MINUTE), ==, "1 hour");
    weft_check(weft__duration(out, 49 * WEFT_HOUR), ==, "2 days");
}

WEFT_TEST(every_reason_has_words_of_its_own)
{
    for (int a = 0; a < WAIT_REASONS; a++) {
        weft_check(weft__wait_word((enum wait_reason)a) != NULL);
        for (int b = 0; b < a; b++)
            weft_check(strcmp(weft__wait_word((enum wait_reason)a),
                              weft__wait_word((enum wait_reason)b)) != 0);
    }
    weft_check(weft__wait_word(WAIT_CHAN_SEND_NIL), ==, "chan send (nil chan)");
    weft_check(weft__wait_word((enum wait_reason)200) != NULL);
}
