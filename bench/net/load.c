/* SPDX-License-Identifier: MIT */
/*
 * The load of bench/net: plain C over epoll, so that it costs less than any of
 * the servers it measures.
 *
 *     load echo HOST PORT CONNECTIONS SECONDS    64 bytes there and back, over and over
 *     load open HOST PORT CONNECTIONS SECONDS    connect, 64 bytes there and back, close
 *
 * Prints "RATE P99", requests per second and microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, BUCKETS = 1 << 20, BATCH = 256 };

struct connection {
    int fd;
    int got;
    int64_t since;
};

static struct sockaddr_in to;
static int set;
static uint32_t histogram[BUCKETS]; /* of microseconds */
static const char message[SIZE] = "what is sent comes back";

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void ask(struct connection *c)
{
    c->got = 0;
    c->since = now();
    if (send(c->fd, message, SIZE, MSG_NOSIGNAL) != SIZE)
        die("send");
}

static void begin(struct connection *c)
{
    int one = 1;
    struct linger at_once = {1, 0}; /* no TIME_WAIT: there are not enough ports */
    int64_t since = now();
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &e) != 0)
        die("epoll_ctl");
    ask(c);
    c->since = since;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    bool open = strcmp(argv[1], "open") == 0;
    int n = atoi(argv[4]);
    double seconds = atof(argv[5]);
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)atoi(argv[3]));
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    set = epoll_create1(0);
    struct connection *all = calloc((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++)
        begin(&all[i]);
    int64_t warm = now() + 300000000, end = warm + (int64_t)(seconds * 1e9), done = 0, first = 0;
    struct epoll_event e[BATCH];
    for (int64_t t = 0; t < end;) {
        int ready = epoll_wait(set, e, BATCH, 30000);
        t = now();
        if (ready == 0)
            die("no answer");
        for (int i = 0; i < ready; i++) {
            struct connection *c = e[i].data.ptr;
            char buf[SIZE];
            ssize_t r = recv(c->fd, buf, sizeof buf, 0);
            if (r <= 0)
                die("recv");
            if ((c->got += (int)r) < SIZE)
                continue;
            if (memcmp(buf + r - 1, message + SIZE - 1, 1) != 0)
                die("wrong bytes");
            int64_t end_of_this = now();
            if (end_of_this > warm) {
                int64_t us = (end_of_this - c->since) / 1000;
                histogram[us < BUCKETS ? us : BUCKETS - 1]++;
                first = first ? first : end_of_this;
                done++;
            }
            if (open) {
                close(c->fd);
                begin(c);
            } else {
                ask(c);
            }
        }
    }
    int64_t took = now() - first, sum = 0;
    int p99 = 0;
    while (p99 < BUCKETS - 1 && (sum += histogram[p99]) * 100 < done * 99)
        p99++;
    printf("%.0f %d\n", (double)done * 1e9 / (double)took, p99);
    return 0;
}
