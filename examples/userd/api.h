/* SPDX-License-Identifier: MIT */
/*
 * api.h - what the service answers: requests in, JSON out.
 *
 *     GET /users/N      200 {"id":N,"name":"...","email":"..."}, or 404
 *     POST /users       {"name":"...","email":"..."}: 201 with the user, 400, 409 or 415
 *     GET /slow?s=N     200 after a query of N seconds
 *     GET /healthz      200, or 503 while it stops or the database does not answer
 *
 * An error is {"status":404,"error":"there is no user 7"}.
 */
#ifndef USERD_API_H
#define USERD_API_H

#include "http.h"
#include "store.h"

#include <stdatomic.h>

struct api {
    struct store *store;
    weft_time started;
    atomic_ullong requests;
    atomic_int clients; /* connections that are open */
    atomic_bool stopping;
};

/* api_answer - the answer to a good request.  The context ends when the client has gone
 * (-ECONNRESET is the cause), when the request has taken too long, or with the service. */
void api_answer(weft_ctx *ctx, struct api *api, const struct http_request *req,
                struct http_response *res);

/* api_error - make an answer an error. */
void api_error(struct http_response *res, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* USERD_API_H */
