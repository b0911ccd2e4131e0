/* SPDX-License-Identifier: MIT */
/*
 * userd.c - a small service: users, over HTTP/1.1 and JSON, in SQLite or PostgreSQL.  README.md
 * says how to use it; this file reads the options, opens what is needed, and ends it all.
 */
#include <weft.h>

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "log.h"
#include "server.h"
#include "store.h"

static const char usage[] =
    "usage: userd [OPTIONS]\n"
    "\n"
    "    --listen HOST:PORT      default 127.0.0.1:8080; port 0: any, the log says which\n"
    "    --db ADDRESS            sqlite:FILE (default sqlite:userd.db) or postgres://...\n"
    "    --connections N         to the database, at the most; default 8\n"
    "    --clients N             connections to us, at the most; default 20000\n"
    "    --request-timeout S     for an answer; default 30 seconds\n"
    "    --read-timeout S        for a client to send a request; default 10\n"
    "    --write-timeout S       for a client to take an answer; default 10\n"
    "    --idle-timeout S        for a client to send nothing; default 120\n"
    "    --drain S               for requests that run when we are stopped; default 10\n"
    "    --max-body BYTES        default 65536\n";

struct options {
    const char *listen, *db;
    long connections;
    struct server server;
};

/* number - of an option, at least @least; ends the program when it is none. */
static double number(const char *name, const char *text, double least)
{
    char *end;
    double n = strtod(text, &end);
    if (end == text || *end || !(n >= least && n <= 1e9)) {
        fprintf(stderr, "userd: --%s: not a number of %g or more: %s\n", name, least, text);
        exit(2);
    }
    return n;
}

static weft_duration seconds(const char *name, const char *text)
{
    return (weft_duration)(number(name, text, 0) * (double)WEFT_SECOND);
}

static void parse(struct options *o, int argc, char **argv)
{
    struct server *s = &o->server;
    enum { LISTEN, DB, CONNECTIONS, CLIENTS, REQUEST, READ, WRITE, IDLE, DRAIN, BODY, HELP };
    static const struct option known[] = {
        {"listen", required_argument, NULL, LISTEN},
        {"db", required_argument, NULL, DB},
        {"connections", required_argument, NULL, CONNECTIONS},
        {"clients", required_argument, NULL, CLIENTS},
        {"request-timeout", required_argument, NULL, REQUEST},
        {"read-timeout", required_argument, NULL, READ},
        {"write-timeout", required_argument, NULL, WRITE},
        {"idle-timeout", required_argument, NULL, IDLE},
        {"drain", required_argument, NULL, DRAIN},
        {"max-body", required_argument, NULL, BODY},
        {"help", no_argument, NULL, HELP},
        {0},
    };
    int which, at;
    while ((which = getopt_long(argc, argv, "", known, &at)) >= 0) {
        const char *name = which == '?' ? NULL : known[at].name;
        switch (which) {
        case LISTEN:
            o->listen = optarg;
            break;
        case DB:
            o->db = optarg;
            break;
        case CONNECTIONS:
            o->connections = (long)number(name, optarg, 1);
            break;
        case CLIENTS:
            s->places = (weft_sem)WEFT_SEM((int64_t)number(name, optarg, 1));
            break;
        case REQUEST:
            s->request_timeout = seconds(name, optarg);
            break;
        case READ:
            s->limits.read_timeout = seconds(name, optarg);
            break;
        case WRITE:
            s->limits.write_timeout = seconds(name, optarg);
            break;
        case IDLE:
            s->idle_timeout = seconds(name, optarg);
            break;
        case DRAIN:
            s->drain = seconds(name, optarg);
            break;
        case BODY:
            s->limits.max_body = (size_t)number(name, optarg, 0);
            break;
        default:
            fputs(usage, which == HELP ? stdout : stderr);
            exit(which == HELP ? 0 : 2);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

/* more_descriptors - as many as the system lets us have: each client is one. */
static void more_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int weft_main(int argc, char **argv)
{
    struct options o = {
        .listen = "127.0.0.1:8080",
        .db = "sqlite:userd.db",
        .connections = 8,
        .server = {.limits = {.max_body = 64 << 10,
                              .read_timeout = 10 * WEFT_SECOND,
                              .write_timeout = 10 * WEFT_SECOND},
                   .request_timeout = 30 * WEFT_SECOND,
                   .idle_timeout = 120 * WEFT_SECOND,
                   .drain = 10 * WEFT_SECOND,
                   .places = WEFT_SEM(20000)},
    };
    parse(&o, argc, argv);
    signal(SIGPIPE, SIG_IGN); /* a log that nobody reads is no reason to end */
    more_descriptors();
    http_parser_set_max_header_size(HTTP_MAX_HEADER);

    weft_auto(weft_ctx, stop) = weft_ctx_with_signals(weft_background(), SIGTERM, SIGINT, 0);
    struct server *s = &o.server;
    struct store *store = store_open(stop, o.db, (int)o.connections);
    if (!store)
        return 1;
    s->api.store = store;
    s->api.started = weft_now();
    int listener = weft_listen(stop, "tcp", o.listen);
    if (listener < 0) {
        log_event("error", "listen", "addr=%s why=\"%s\"", o.listen, weft_strerror(listener));
        store->close(store);
        return 1;
    }
    char text[WEFT_ADDR_TEXT_MAX] = "-";
    weft_addr address;
    if (weft_addr_local(listener, &address) == 0)
        weft_addr_text(&address, text, sizeof text);
    log_event("info", "listening", "addr=%s db=%s", text, store->kind);

    bool in_time = server_run(stop, s, listener);
    store->close(store);
    log_event("info", "stopped", "requests=%llu in_time=%s",
              (unsigned long long)atomic_load(&s->api.requests), in_time ? "yes" : "no");
    return in_time ? 0 : 1;
}
