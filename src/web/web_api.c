#include "web/web.h"

#include "auth/auth.h"
#include "http/compress.h"
#include "web/accept.h"
#include "web/assets.h"
#include "web/page.h"
#include "web/unpack.h"

/* Scripts and styles from files of ours only, requests to this server only, in nobody's frame. */
#define PAGE_POLICY                                                                                \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* The names below /assets/ hold a hash of what is in them: such a file never changes. Others are
 * kept too, but asked for. */
static const char *how_long(const char *path)
{
    return str_starts(str_of(path), STR("/assets/")) ? "public, max-age=31536000, immutable"
                                                     : "no-cache";
}

static void add_headers(struct request *req, struct response *res, const struct asset *asset)
{
    http_response_header(req, res, "ETag", asset->etag);
    http_response_header(req, res, "Cache-Control", how_long(asset->path));
    http_response_header(req, res, "Vary", "Accept-Encoding");
    http_response_header(req, res, "Content-Security-Policy", PAGE_POLICY);
    http_response_header(req, res, "Referrer-Policy", "no-referrer");
}

static void answer(struct http_exchange *x, const char *path)
{
    struct request *req = http_exchange_request(x);
    const struct asset *asset = assets_find(path);
    struct response res = {.status = 200};
    if (!asset) {
        struct err e = {0};
        (void)err_set(&e, ERR_NOT_FOUND, "Not Found");
        http_answer_error(x, &e);
        return;
    }
    add_headers(req, &res, asset);
    res.content_type = asset->type;
    if (accept_has_tag(http_header(req, "If-None-Match"), asset->etag)) {
        res.status = 304;
        http_answer(x, &res);
    } else if (http_takes_gzip(req)) {
        http_response_header(req, &res, "Content-Encoding", "gzip");
        res.body = asset->gzip;
        http_answer(x, &res);
    } else {
        unpack_answer(x, &res, asset->gzip);
    }
}

static void file(struct http_exchange *x)
{
    answer(x, http_exchange_request(x)->path);
}

static void docs(struct http_exchange *x)
{
    answer(x, "/docs/index.html");
}

/* Whether the path is `word` or below it. */
static bool is_below(const char *path, struct str word)
{
    return str_starts(str_of(path), word) && (path[word.n] == '/' || path[word.n] == '\0');
}

/* Whoever asks for something there wants a file or data, in whatever way. */
static bool is_no_page(const char *path)
{
    static const struct str words[] = {STR("/api"), STR("/metrics"), STR("/docs"), STR("/assets")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_below(path, words[i]))
            return true;
    return false;
}

const struct route *web_otherwise(void *app, struct request *req)
{
    static const struct route missing = {HTTP_GET,   "/",  PERM_PUBLIC,
                                         PLANE_DATA, NULL, page_answer_missing};
    (void)app;
    bool html = accept_has_type(http_header(req, "Accept"), "text/html");
    return html && !is_no_page(req->path) ? &missing : NULL;
}

#define READ (HTTP_GET | HTTP_HEAD)
/* The dashboard's addresses are those of web/src/app/pages.ts. */
const struct route web_routes[] = {
    {READ, "/docs", PERM_PUBLIC, PLANE_DATA, NULL, docs},
    {READ, "/docs/:file", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/openapi.json", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/openapi.yaml", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/assets/:file", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/favicon.svg", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/licenses.txt", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/theme.js", PERM_PUBLIC, PLANE_DATA, NULL, file},
    {READ, "/", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/setup", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/sign-in", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/sign-up", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/projects", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/projects/*rest", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/functions", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/functions/*rest", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/logs", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/settings", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {READ, "/settings/*rest", PERM_PUBLIC, PLANE_DATA, NULL, page_answer},
    {0},
};
