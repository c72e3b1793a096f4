/* admission — may this request call this function, and may it now? Access, then rates, then the
 * quota. Only for gateway/. A function that is public and has no limits costs one look into a
 * table. */
#pragma once

#include "gateway/gateway.h"

struct verdict {
    struct err refused;         /* code 0: let in, and counted */
    unsigned retry_s;           /* with ERR_LIMIT: Retry-After */
    const char *policy, *state; /* RateLimit-Policy and RateLimit, in the arena; or NULL */
};

/* `decided` is called once, before this returns or later, on the loop thread; `v` lives during the
 * call. Sets req->principal when it takes one. */
void admission_ask(struct http_exchange *x, const char *function_id,
                   void (*decided)(void *arg, const struct verdict *v), void *arg);
/* For a stream (http/stream.h): whether who asks may still call the function. Takes nothing; one
 * that is gone is for the engine to end. */
int admission_still(const struct request *req, const char *function_id, struct err *e);
/* For who has its code run without calling it: refuses when the function is gone or no call of the
 * quota is left. Takes none. */
void admission_look(struct request *req, const char *function_id, struct verdict *ret);

/* The headers that every answer about a function with limits carries. */
void admission_headers(struct request *req, const struct verdict *v, struct response *res);
/* Fills the response to whoever was not let in. */
void admission_refuse(struct request *req, const struct verdict *v, struct response *res);
