/* SPDX-License-Identifier: MIT */
/*
 * api.c - the routes and what they do; see api.h.
 */
#include "api.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_NAME = 100, /* in bytes */
    MAX_EMAIL = 254,
    MAX_SLOW = 3600, /* in seconds */
};

typedef json_t json;
static void json_cleanup(json **j) { json_decref(*j); }

static void set_json(struct http_response *res, int status, json_t *j)
{
    res->status = status;
    res->body = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (!res->body)
        weft_panic("out of memory");
}

void api_error(struct http_response *res, int status, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    free(res->body);
    set_json(res, status, json_pack("{s:i, s:s}", "status", status, "error", text));
}

/* failed - the store did not do it. */
static void failed(weft_ctx *ctx, struct http_response *res, int err)
{
    if (err == -ETIMEDOUT)
        api_error(res, 504, "the request took too long");
    else if (err == -ECANCELED && weft_ctx_cause(ctx) == -ECONNRESET)
        api_error(res, HTTP_CLIENT_GONE, "the client closed the connection");
    else if (err == -ECANCELED)
        api_error(res, 503, "the service stops");
    else
        api_error(res, 503, "the database does not answer");
}

/* to_json - takes over the user's strings. */
static void set_user(struct http_response *res, int status, struct user *u)
{
    set_json(
        res, status,
        json_pack("{s:I, s:s, s:s}", "id", (json_int_t)u->id, "name", u->name, "email", u->email));
    free(u->name);
    free(u->email);
}

static void get_user(weft_ctx *ctx, struct api *api, const struct http_request *req,
                     struct http_response *res)
{
    const char *digits = req->path + strlen("/users/");
    if (!*digits || strlen(digits) > 18 || digits[strspn(digits, "0123456789")]) {
        api_error(res, 404, "a user is /users/NUMBER");
        return;
    }
    struct user u = {0};
    int64_t id = strtoll(digits, NULL, 10);
    int err = api->store->get(ctx, api->store, id, &u);
    if (err == -ENOENT)
        api_error(res, 404, "there is no user %lld", (long long)id);
    else if (err)
        failed(ctx, res, err);
    else
        set_user(res, 200, &u);
}

/* field - a string of an object, of 1 to max bytes; NULL, with an answer, when it is not. */
static const char *field(const json_t *object, const char *name, size_t max,
                         struct http_response *res)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        api_error(res, 400, "\"%s\" must be a string", name);
    else if (json_string_length(value) == 0 || json_string_length(value) > max)
        api_error(res, 400, "\"%s\" must have 1 to %zu bytes", name, max);
    else
        return json_string_value(value);
    return NULL;
}

static void post_user(weft_ctx *ctx, struct api *api, const struct http_request *req,
                      struct http_response *res)
{
    const char *type = req->content_type, json_type[] = "application/json";
    size_t n = strlen(json_type);
    if (strncasecmp(type, json_type, n) != 0 || (type[n] && !strchr("; \t", type[n]))) {
        api_error(res, 415, "the Content-Type must be application/json");
        return;
    }
    json_error_t why;
    weft_auto(json, in) =
        json_loadb(req->body ? req->body : "", req->body_size, JSON_REJECT_DUPLICATES, &why);
    if (!in) {
        api_error(res, 400, "malformed JSON, line %d, column %d: %s", why.line, why.column,
                  why.text);
        return;
    }
    const char *name = field(in, "name", MAX_NAME, res);
    const char *email = name ? field(in, "email", MAX_EMAIL, res) : NULL;
    if (!email)
        return;
    if (!strchr(email, '@')) {
        api_error(res, 400, "\"email\" must have an @");
        return;
    }
    struct user u = {0};
    int err = api->store->add(ctx, api->store, name, email, &u.id);
    if (err == -EEXIST) {
        api_error(res, 409, "this e-mail address is taken");
    } else if (err) {
        failed(ctx, res, err);
    } else {
        u.name = strdup(name);
        u.email = strdup(email);
        snprintf(res->header, sizeof res->header, "Location: /users/%lld\r\n", (long long)u.id);
        set_user(res, 201, &u);
    }
}

static void get_slow(weft_ctx *ctx, struct api *api, const struct http_request *req,
                     struct http_response *res)
{
    char *end;
    bool given = strncmp(req->query, "s=", 2) == 0;
    double seconds = given ? strtod(req->query + 2, &end) : 0;
    if (!given || end == req->query + 2 || *end || !(seconds >= 0 && seconds <= MAX_SLOW)) {
        api_error(res, 400, "?s= must be a number of seconds, 0 to %d", MAX_SLOW);
        return;
    }
    int err = api->store->slow(ctx, api->store, seconds);
    if (err)
        failed(ctx, res, err);
    else
        set_json(res, 200, json_pack("{s:f}", "slept", seconds));
}

static void get_health(weft_ctx *ctx, struct api *api, const struct http_request *req,
                       struct http_response *res)
{
    (void)req;
    if (atomic_load(&api->stopping)) {
        api_error(res, 503, "the service stops");
        return;
    }
    int err = api->store->ping(ctx, api->store);
    if (err) {
        failed(ctx, res, err);
        return;
    }
    double up = (double)(weft_now() - api->started) / (double)WEFT_SECOND;
    set_json(res, 200,
             json_pack("{s:s, s:s, s:f, s:I, s:i, s:i}", "status", "ok", "database",
                       api->store->kind, "uptime", up, "requests",
                       (json_int_t)atomic_load(&api->requests), "clients",
                       atomic_load(&api->clients), "goroutines", weft_num_goroutine()));
}

/* ---- routes --------------------------------------------------------------------- */

static const struct route {
    const char *path; /* with a slash at its end: and all below */
    enum http_method method;
    void (*handle)(weft_ctx *, struct api *, const struct http_request *, struct http_response *);
} routes[] = {
    {"/users/", HTTP_GET, get_user},
    {"/users", HTTP_POST, post_user},
    {"/slow", HTTP_GET, get_slow},
    {"/healthz", HTTP_GET, get_health},
};

static bool leads_to(const struct route *r, const char *path)
{
    size_t n = strlen(r->path);
    return r->path[n - 1] == '/' ? strncmp(path, r->path, n) == 0 : strcmp(path, r->path) == 0;
}

void api_answer(weft_ctx *ctx, struct api *api, const struct http_request *req,
                struct http_response *res)
{
    const struct route *r = routes, *end = routes + sizeof routes / sizeof *routes;
    while (r < end && !leads_to(r, req->path))
        r++;
    if (r == end) {
        api_error(res, 404, "there is nothing at this address");
    } else if (req->method != r->method && !(req->method == HTTP_HEAD && r->method == HTTP_GET)) {
        snprintf(res->header, sizeof res->header, "Allow: %s%s\r\n", http_method_str(r->method),
                 r->method == HTTP_GET ? ", HEAD" : "");
        api_error(res, 405, "%s is not allowed here", http_method_str(req->method));
    } else {
        r->handle(ctx, api, req, res);
    }
}
