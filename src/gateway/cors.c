#include "gateway/cors.h"

#include "gateway/answer.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

struct cors_headers {
    const char *origin; /* NULL: not allowed */
    const char *exposed;
    bool credentials, varies;
};

static bool is_any(const char *list)
{
    return strcmp(list, "*") == 0;
}

/* Origins are compared as browsers send them: byte by byte. */
static bool allows_origin(const struct project_cors *cors, const char *origin)
{
    return is_any(cors->origins) || str_lists(str_of(cors->origins), ' ', str_of(origin), false);
}

/* "*" only where it is true for everybody and no cookies come along. */
static const char *allowed_origin(const struct project_cors *cors, const char *origin)
{
    return is_any(cors->origins) && !cors->credentials ? "*" : origin;
}

bool cors_is_preflight(const struct project_cors *cors, const struct request *req)
{
    return cors->enabled && req->method == HTTP_OPTIONS && http_header(req, "Origin") &&
           http_header(req, "Access-Control-Request-Method");
}

static bool allows_headers(const struct project_cors *cors, const char *asked)
{
    struct str rest = str_of(asked);
    while (!is_any(cors->headers) && rest.p) {
        struct str name = str_trim(str_cut(&rest, ','));
        if (name.n && !str_lists(str_of(cors->headers), ',', name, true))
            return false;
    }
    return true;
}

/* NULL: all is well. */
static const char *objection(const struct project_cors *cors, struct request *req)
{
    const char *origin = http_header(req, "Origin");
    const char *method = http_header(req, "Access-Control-Request-Method");
    if (!allows_origin(cors, origin))
        return arena_printf(req->arena, "This project does not allow the origin '%.200s'", origin);
    if (!is_any(cors->methods) && !str_lists(str_of(cors->methods), ',', str_of(method), false))
        return arena_printf(req->arena,
                            "This project does not allow pages of other origins the method '%.40s'",
                            method);
    if (!allows_headers(cors, http_header(req, "Access-Control-Request-Headers")))
        return "This project does not allow pages of other origins one of these request headers";
    return NULL;
}

static void allow(const struct project_cors *cors, struct request *req, struct response *res)
{
    const char *asked = http_header(req, "Access-Control-Request-Headers");
    const char *headers = is_any(cors->headers) ? asked : cors->headers;
    http_response_header(req, res, "Access-Control-Allow-Origin",
                         allowed_origin(cors, http_header(req, "Origin")));
    http_response_header(req, res, "Access-Control-Allow-Methods",
                         is_any(cors->methods) ? http_header(req, "Access-Control-Request-Method")
                                               : cors->methods);
    if (headers && *headers)
        http_response_header(req, res, "Access-Control-Allow-Headers", headers);
    if (cors->credentials)
        http_response_header(req, res, "Access-Control-Allow-Credentials", "true");
    http_response_header(req, res, "Access-Control-Max-Age",
                         arena_printf(req->arena, "%" PRId64, cors->max_age_s));
}

void cors_preflight(const struct project_cors *cors, struct request *req, struct response *res)
{
    const char *why = objection(cors, req);
    *res = (struct response){.status = 204};
    if (why)
        answer_detail(req, 403, why, res);
    else
        allow(cors, req, res);
    http_response_header(req, res, "Vary",
                         "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
}

const struct cors_headers *cors_prepare(const struct project_cors *cors, struct request *req)
{
    const char *origin = http_header(req, "Origin");
    if (!cors->enabled)
        return NULL;
    struct cors_headers *h = arena_alloc(req->arena, sizeof *h);
    h->varies = !is_any(cors->origins) || cors->credentials;
    h->credentials = cors->credentials;
    if (origin && allows_origin(cors, origin)) {
        h->origin = allowed_origin(cors, origin);
        h->exposed = arena_strdup(req->arena, cors->exposed);
    }
    return h;
}

static void add(struct request *req, struct response *res, const char *name, const char *value)
{
    for (size_t i = 0; i < res->header_count; i++)
        if (strcasecmp(res->headers[i].name, name) == 0)
            return;
    http_response_header(req, res, name, value);
}

void cors_add(const struct cors_headers *h, struct request *req, struct response *res)
{
    if (!h)
        return;
    if (h->varies) /* beside what the function varies by: fields of this name add up */
        http_response_header(req, res, "Vary", "Origin");
    if (!h->origin)
        return;
    add(req, res, "Access-Control-Allow-Origin", h->origin);
    if (h->credentials)
        add(req, res, "Access-Control-Allow-Credentials", "true");
    if (h->exposed && *h->exposed)
        add(req, res, "Access-Control-Expose-Headers", h->exposed);
}
