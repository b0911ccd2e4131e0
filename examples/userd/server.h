/* SPDX-License-Identifier: MIT */
/*
 * server.h - connections: a goroutine for each, and one for each request.
 */
#ifndef USERD_SERVER_H
#define USERD_SERVER_H

#include "api.h"
#include "http.h"

struct server {
    struct api api;
    struct http_limits limits;
    weft_duration request_timeout; /* for the answer to a request; 504 */
    weft_duration idle_timeout;    /* for a connection without requests */
    weft_duration drain;           /* for the requests that run when the service stops */
    weft_sem places;               /* for connections; others wait in the kernel's queue */
    weft_wg connections;
};

/*
 * server_run - serve what comes to the listening socket until @stop ends, then let the requests
 * that run finish; those that still do after @s->drain are cancelled.
 *
 * Closes the socket, and lets the next signal end the program.  True when no request had to be
 * cancelled.
 */
bool server_run(weft_ctx *stop, struct server *s, int listener);

#endif /* USERD_SERVER_H */
