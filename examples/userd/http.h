/* SPDX-License-Identifier: MIT */
/*
 * http.h - requests from a connection, and answers to it: as much of HTTP/1.1 as a JSON service
 * needs.
 *
 * http_parser reads the syntax; what is here decides how much of it, and for how long.
 */
#ifndef USERD_HTTP_H
#define USERD_HTTP_H

#include <weft.h>

#include <http_parser.h>

enum {
    HTTP_MAX_TARGET = 2048,     /* longer ones are 414 */
    HTTP_MAX_HEADER = 16 << 10, /* bytes of all header lines together; more is 431 */
    HTTP_CLIENT_GONE = 499,     /* nginx's number for a client that did not wait for its answer */
};

struct http_limits {
    size_t max_body;             /* more is 413 */
    weft_duration read_timeout;  /* for a whole request, from its first byte; 408 */
    weft_duration write_timeout; /* for an answer; then the connection is closed */
};

struct http_request {
    int error; /* the status that a bad request gets; 0 for a good one */
    const char *error_text;
    enum http_method method;
    char *target, *body; /* of malloc, ended by zero bytes that do not count */
    size_t target_size, body_size;
    const char *path, *query; /* in target, cut apart there; query is "" when there is none */
    char content_type[64];
    bool has_host, expects_continue, keep_alive;
};

struct http_response {
    int status;
    char *body;       /* JSON, of malloc */
    char header[128]; /* further lines, each with its end */
};

/* What stays of a connection between requests is small; the buffers come and go. */
struct http_conn {
    int fd;
    const struct http_limits *limits;
    http_parser parser;
    struct http_request req;
    char *buffer;
    size_t at, end;       /* of the buffer: what was read and not parsed */
    weft_time started;    /* when the first byte of the request was seen */
    bool began, complete; /* the request */
    /* The header line that is being read; cut when longer than anybody asks for. */
    char name[32], value[64];
    size_t name_size, value_size;
    bool in_value;
};

void http_open(struct http_conn *c, int fd, const struct http_limits *limits);
/* http_rest - between requests: let go of the buffers. */
void http_rest(struct http_conn *c);

enum http_got {
    HTTP_GOT_REQUEST, /* in c->req; a bad one has its error */
    HTTP_GOT_NOTHING, /* no byte of a further request is here */
    HTTP_GOT_END,     /* the client has closed, the connection broke, or the context ended */
};

/*
 * http_read - the next request.
 *
 * Once its first byte is there it waits for the rest, for limits->read_timeout at the most.
 */
enum http_got http_read(weft_ctx *ctx, struct http_conn *c);

/* http_write - the answer to c->req; the number of bytes sent, or a negative errno value. */
ssize_t http_write(weft_ctx *ctx, struct http_conn *c, const struct http_response *res, bool close);

/* http_linger - no more is sent.  Wait, not for long, until the client has closed: closing while it
 * still sends would make its system throw the answer away. */
void http_linger(weft_ctx *ctx, struct http_conn *c);

#endif /* USERD_HTTP_H */
