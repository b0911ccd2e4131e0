/* SPDX-License-Identifier: MIT */
/*
 * http.c - requests from a connection, and answers to it; see http.h.
 *
 * The parser is handed whatever was read, and stops at the end of a request (pause); the rest of
 * the buffer is the beginning of the next one.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

enum {
    BUFFER_SIZE = 8 << 10,
    LINGER_BYTES = 1 << 20,
};

#define LINGER_TIME WEFT_SECOND

/* ---- what the parser calls ------------------------------------------------------ */

/* refuse - the request is bad; stops the parser. */
static int refuse(struct http_conn *c, int status, const char *text)
{
    c->req.error = status;
    c->req.error_text = text;
    return -1;
}

/* append - to a string of malloc. */
static void append(char **text, size_t *size, const char *more, size_t n)
{
    char *longer = realloc(*text, *size + n + 1);
    if (!longer)
        weft_panic("out of memory");
    memcpy(longer + *size, more, n);
    *size += n;
    longer[*size] = 0;
    *text = longer;
}

/* append_cut - to an array, as far as there is room. */
static void append_cut(char *array, size_t room, size_t *size, const char *more, size_t n)
{
    if (n > room - 1 - *size)
        n = room - 1 - *size;
    memcpy(array + *size, more, n);
    *size += n;
    array[*size] = 0;
}

static int on_begin(http_parser *p)
{
    struct http_conn *c = p->data;
    c->began = true;
    return 0;
}

static int on_url(http_parser *p, const char *at, size_t n)
{
    struct http_conn *c = p->data;
    if (c->req.target_size + n > HTTP_MAX_TARGET)
        return refuse(c, 414, "the address is too long");
    append(&c->req.target, &c->req.target_size, at, n);
    return 0;
}

/* header_done - a header line is complete: is it one of those that matter? */
static void header_done(struct http_conn *c)
{
    struct http_request *req = &c->req;
    if (strcasecmp(c->name, "host") == 0)
        req->has_host = true;
    else if (strcasecmp(c->name, "content-type") == 0)
        memcpy(req->content_type, c->value, sizeof req->content_type);
    else if (strcasecmp(c->name, "expect") == 0)
        req->expects_continue = strcasecmp(c->value, "100-continue") == 0;
    c->name_size = c->value_size = 0;
    c->name[0] = c->value[0] = 0;
    c->in_value = false;
}

static int on_field(http_parser *p, const char *at, size_t n)
{
    struct http_conn *c = p->data;
    if (c->in_value)
        header_done(c);
    append_cut(c->name, sizeof c->name, &c->name_size, at, n);
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
    struct http_conn *c = p->data;
    c->in_value = true;
    append_cut(c->value, sizeof c->value, &c->value_size, at, n);
    return 0;
}

static int on_headers(http_parser *p)
{
    struct http_conn *c = p->data;
    header_done(c);
    if (p->http_major != 1)
        return refuse(c, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (p->http_minor > 0 && !c->req.has_host)
        return refuse(c, 400, "a request needs a Host header");
    bool sized = p->content_length != UINT64_MAX;
    if (sized && p->content_length > c->limits->max_body)
        return refuse(c, 413, "the body is too large");
    return 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
    struct http_conn *c = p->data;
    if (c->req.body_size + n > c->limits->max_body)
        return refuse(c, 413, "the body is too large");
    append(&c->req.body, &c->req.body_size, at, n);
    return 0;
}

static int on_complete(http_parser *p)
{
    struct http_conn *c = p->data;
    c->complete = true;
    c->req.method = p->method;
    c->req.keep_alive = http_should_keep_alive(p) && !p->upgrade;
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* ---- reading -------------------------------------------------------------------- */

void http_open(struct http_conn *c, int fd, const struct http_limits *limits)
{
    *c = (struct http_conn){.fd = fd, .limits = limits};
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
}

static void forget_request(struct http_conn *c)
{
    free(c->req.target);
    free(c->req.body);
    c->req = (struct http_request){0};
    c->began = c->complete = c->in_value = false;
    c->name_size = c->value_size = 0; /* a trailer's, perhaps */
}

void http_rest(struct http_conn *c)
{
    forget_request(c);
    free(c->buffer);
    c->buffer = NULL;
    c->at = c->end = 0;
}

/* parse - what is in the buffer, up to the end of a request. */
static void parse(struct http_conn *c)
{
    http_parser_pause(&c->parser, 0);
    c->at += http_parser_execute(&c->parser, &settings, c->buffer + c->at, c->end - c->at);
    enum http_errno error = HTTP_PARSER_ERRNO(&c->parser);
    if (error == HPE_OK || error == HPE_PAUSED || c->req.error)
        return;
    c->req.error = error == HPE_HEADER_OVERFLOW ? 431 : error == HPE_INVALID_VERSION ? 505 : 400;
    c->req.error_text = http_errno_description(error);
}

/* split - path and query of the target; false when it is none. */
static bool split(struct http_request *req)
{
    struct http_parser_url url;
    http_parser_url_init(&url);
    if (!req->target || http_parser_parse_url(req->target, req->target_size, 0, &url) != 0 ||
        !(url.field_set & 1 << UF_PATH))
        return false;
    req->path = req->target + url.field_data[UF_PATH].off;
    req->query = "";
    if (url.field_set & 1 << UF_QUERY) {
        req->query = req->target + url.field_data[UF_QUERY].off;
        req->target[url.field_data[UF_QUERY].off + url.field_data[UF_QUERY].len] = 0;
    }
    req->target[url.field_data[UF_PATH].off + url.field_data[UF_PATH].len] = 0;
    return true;
}

/* fill - read once into the empty buffer, until the request's time is over.  At a request's begin
 * it does not wait: -EAGAIN. */
static ssize_t fill(weft_ctx *ctx, struct http_conn *c)
{
    c->at = c->end = 0;
    if (!c->buffer && !(c->buffer = malloc(BUFFER_SIZE)))
        weft_panic("out of memory");
    ssize_t n = weft_recvfrom(ctx, c->fd, c->buffer, BUFFER_SIZE, MSG_DONTWAIT, NULL, NULL);
    if (n == -EAGAIN && c->began) {
        weft_auto(weft_ctx, limited) =
            weft_ctx_with_deadline(ctx, c->started + c->limits->read_timeout);
        n = weft_read(limited, c->fd, c->buffer, BUFFER_SIZE);
    }
    if (n > 0)
        c->end = (size_t)n;
    return n;
}

/* go_on - tell a client that asks first that its body is welcome. */
static bool go_on(weft_ctx *ctx, struct http_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    c->req.expects_continue = false;
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, c->limits->write_timeout);
    return weft_write_all(limited, c->fd, text, sizeof text - 1) > 0;
}

enum http_got http_read(weft_ctx *ctx, struct http_conn *c)
{
    struct http_request *req = &c->req;
    forget_request(c);
    c->started = weft_now();
    for (;;) {
        if (c->at < c->end)
            parse(c);
        if (!req->error && c->complete && !split(req))
            refuse(c, 400, "the address is malformed");
        if (req->error || c->complete)
            return HTTP_GOT_REQUEST;
        if (req->expects_continue && !go_on(ctx, c))
            return HTTP_GOT_END;
        ssize_t n = fill(ctx, c);
        if (n == -EAGAIN)
            return HTTP_GOT_NOTHING;
        if (n == -ETIMEDOUT) {
            refuse(c, 408, "the request took too long");
        } else if (n == 0 && c->began) {
            refuse(c, 400, "the request ended too early");
        } else if (n <= 0) {
            return HTTP_GOT_END;
        }
    }
}

/* ---- writing -------------------------------------------------------------------- */

/* send_all - at once if the socket takes it, else with a limit of time. */
static ssize_t send_all(weft_ctx *ctx, struct http_conn *c, const char *data, size_t size)
{
    ssize_t n = weft_sendto(ctx, c->fd, data, size, MSG_DONTWAIT, NULL, 0);
    if (n == -EAGAIN)
        n = 0;
    if (n < 0 || (size_t)n == size)
        return n;
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, c->limits->write_timeout);
    ssize_t rest = weft_write_all(limited, c->fd, data + n, size - (size_t)n);
    return rest < 0 ? rest : (ssize_t)size;
}

static const char *reason(int status)
{
    return status == HTTP_CLIENT_GONE ? "Client Closed Request"
                                      : http_status_str((enum http_status)status);
}

ssize_t http_write(weft_ctx *ctx, struct http_conn *c, const struct http_response *res, bool close)
{
    char head[512], date[40];
    time_t now = (time_t)(weft_wall() / WEFT_SECOND);
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    size_t body = strlen(res->body);
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\nConnection: %s\r\n%s\r\n",
                        res->status, reason(res->status), date, body,
                        close ? "close" : "keep-alive", res->header);
    if (c->req.method == HTTP_HEAD && !c->req.error)
        body = 0;
    char *all = malloc((size_t)size + body);
    if (!all)
        weft_panic("out of memory");
    weft_defer(free, all);
    memcpy(all, head, (size_t)size);
    memcpy(all + size, res->body, body);
    return send_all(ctx, c, all, (size_t)size + body);
}

void http_linger(weft_ctx *ctx, struct http_conn *c)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, LINGER_TIME);
    shutdown(c->fd, SHUT_WR);
    char scrap[1024];
    ssize_t n = 1;
    for (size_t all = 0; n > 0 && all < LINGER_BYTES; all += (size_t)n)
        n = weft_read(limited, c->fd, scrap, sizeof scrap);
}
