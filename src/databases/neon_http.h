/* neon_http — one request to Neon's API, in JSON. Only for databases/. Worker threads. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct databases_config;

struct neon_request {
    const char *method, *path; /* below the API's URL */
    json_t *body;              /* taken; NULL: none */
    long timeout_s;
};
/* `ret` (may be NULL) is the caller's reference. ERR_NOT_FOUND for 404; else ERR_UNAVAILABLE with
 * what Neon says. */
int neon_http(const struct databases_config *config, struct neon_request request, json_t **ret,
              struct err *e);
