/* cors — pages of other origins and a project's gateway (Fetch standard). Only for gateway/.
 *
 * With CORS enabled the gateway answers preflights itself, and its answers, refusals included, say
 * whether the page may read them. What the function says about it wins. An origin that is not
 * allowed gets a 403 for its preflight, and other answers without these headers: the browser keeps
 * them from the page. */
#pragma once

#include "http/http.h"
#include "projects/projects.h"

/* OPTIONS with an origin and the method that is to follow. */
bool cors_is_preflight(const struct project_cors *cors, const struct request *req);
void cors_preflight(const struct project_cors *cors, struct request *req, struct response *res);

/* What a later answer will carry, in the arena: the project may be gone by then. NULL: nothing. */
struct cors_headers;
const struct cors_headers *cors_prepare(const struct project_cors *cors, struct request *req);
/* Adds what `res` does not have yet. */
void cors_add(const struct cors_headers *h, struct request *req, struct response *res);
