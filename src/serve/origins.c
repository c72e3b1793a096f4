#include "serve/origins.h"

#include "base/str.h"
#include "http/http.h"
#include "serve/server.h"

#include <string.h>

static const char *configured(void *app)
{
    return ((const struct server *)app)->settings.cors_origins;
}

static bool is_origin(struct str s)
{
    size_t scheme = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;
    return scheme && s.n > scheme && !memchr(s.p + scheme, '/', s.n - scheme) &&
           !memchr(s.p, ' ', s.n);
}

int origins_check(const char *origins)
{
    struct str rest = str_of(origins);
    while (rest.p && strcmp(origins, "*") != 0)
        if (!is_origin(str_trim(str_cut(&rest, ','))))
            return -1;
    return 0;
}

/* What Access-Control-Allow-Origin says to this client, or NULL. */
static const char *allowed(void *app, const struct request *req)
{
    const char *origins = configured(app), *origin = http_header(req, "Origin");
    if (!origins || !origin)
        return NULL;
    if (strcmp(origins, "*") == 0)
        return "*";
    struct str rest = str_of(origins);
    while (rest.p)
        if (str_is(str_trim(str_cut(&rest, ',')), origin))
            return origin;
    return NULL;
}

/* Caches must keep the answers to different origins apart, also those without permission. */
static void add_origin(void *app, struct request *req, struct response *res, const char *origin)
{
    if (configured(app) && strcmp(configured(app), "*") != 0)
        http_response_header(req, res, "Vary", "Origin");
    if (!origin)
        return;
    http_response_header(req, res, "Access-Control-Allow-Origin", origin);
    if (strcmp(origin, "*") != 0)
        http_response_header(req, res, "Access-Control-Allow-Credentials", "true");
}

void origins_decorate(void *app, struct request *req, struct response *res)
{
    const char *origin = allowed(app, req);
    if (!configured(app))
        return;
    add_origin(app, req, res, origin);
    if (origin)
        http_response_header(req, res, "Access-Control-Expose-Headers",
                             "Link, Retry-After, RateLimit, RateLimit-Policy");
}

void origins_preflight(void *app, struct request *req, struct response *res)
{
    const char *origin = allowed(app, req);
    const char *headers = http_header(req, "Access-Control-Request-Headers");
    if (!origin) {
        (void)http_reply_text(req, res, 400, "application/json",
                              STR("{\"detail\":\"Disallowed CORS origin\"}"));
        return; /* decorate adds the rest */
    }
    res->status = 204;
    http_response_header(req, res, "Access-Control-Allow-Methods",
                         "GET, POST, PUT, DELETE, PATCH, OPTIONS");
    if (headers)
        http_response_header(req, res, "Access-Control-Allow-Headers", headers);
    http_response_header(req, res, "Access-Control-Max-Age", "600");
}
