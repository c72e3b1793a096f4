#include "gateway/cors.h"

#include "base/test.h"

#include <strings.h>

struct asked {
    struct arena *arena;
    struct http_header headers[4];
    struct request req;
    struct response res;
};

static void ask(struct asked *q, enum http_method method, const char *origin, const char *follows,
                const char *with)
{
    *q = (struct asked){.arena = arena_new()};
    const struct http_header all[] = {{"Origin", origin},
                                      {"Access-Control-Request-Method", follows},
                                      {"Access-Control-Request-Headers", with}};
    for (size_t i = 0; i < 3; i++)
        if (all[i].value)
            q->headers[q->req.header_count++] = all[i];
    q->req.arena = q->arena;
    q->req.method = method;
    q->req.headers = q->headers;
}

static const char *get(const struct asked *q, const char *name)
{
    for (size_t i = 0; i < q->res.header_count; i++)
        if (strcasecmp(q->res.headers[i].name, name) == 0)
            return q->res.headers[i].value;
    return "";
}

static const struct project_cors open_to_all = {
    .enabled = true, .origins = "*", .methods = "*", .headers = "*", .exposed = "", .max_age_s = 5};
static const struct project_cors with_cookies = {.enabled = true,
                                                 .origins = "https://a.example http://b:1",
                                                 .methods = "GET, PUT",
                                                 .headers = "X-A, X-B",
                                                 .exposed = "X-C",
                                                 .credentials = true,
                                                 .max_age_s = 600};

static int preflight(struct asked *q, const struct project_cors *cors, const char *origin,
                     const char *method, const char *headers)
{
    ask(q, HTTP_OPTIONS, origin, method, headers);
    CHECK(cors_is_preflight(cors, &q->req));
    cors_preflight(cors, &q->req, &q->res);
    return q->res.status;
}

TEST(a_preflight_names_what_may_follow)
{
    struct asked q;
    CHECK_INT(preflight(&q, &with_cookies, "http://b:1", "PUT", "x-b,X-a"), 204);
    CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "http://b:1");
    CHECK_STR(get(&q, "Access-Control-Allow-Methods"), "GET, PUT");
    CHECK_STR(get(&q, "Access-Control-Allow-Headers"), "X-A, X-B");
    CHECK_STR(get(&q, "Access-Control-Allow-Credentials"), "true");
    CHECK_STR(get(&q, "Access-Control-Max-Age"), "600");
    CHECK(strstr(get(&q, "Vary"), "Origin"));
    arena_free(q.arena);
    CHECK_INT(preflight(&q, &open_to_all, "null", "DELETE", "x-any"), 204);
    CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "*");
    CHECK_STR(get(&q, "Access-Control-Allow-Methods"), "DELETE");
    CHECK_STR(get(&q, "Access-Control-Allow-Headers"), "x-any");
    CHECK_STR(get(&q, "Access-Control-Allow-Credentials"), "");
    arena_free(q.arena);
}

TEST(what_is_not_allowed_is_refused_without_allow_headers)
{
    const char *const wrong[][3] = {{"https://a.example.evil", "GET", NULL},
                                    {"https://a.exampl", "GET", NULL},
                                    {"null", "GET", NULL},
                                    {"https://a.example", "get", NULL},
                                    {"https://a.example", "DELETE", NULL},
                                    {"https://a.example", "GET", "X-A, X-C"}};
    for (size_t i = 0; i < 6; i++) {
        struct asked q;
        CHECK_INT(preflight(&q, &with_cookies, wrong[i][0], wrong[i][1], wrong[i][2]), 403);
        CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "");
        CHECK(q.res.body.n > 0);
        arena_free(q.arena);
    }
}

TEST(an_options_request_that_asks_nothing_is_no_preflight)
{
    struct asked q;
    ask(&q, HTTP_OPTIONS, "https://a.example", NULL, NULL);
    CHECK(!cors_is_preflight(&open_to_all, &q.req));
    arena_free(q.arena);
    ask(&q, HTTP_GET, "https://a.example", "GET", NULL);
    CHECK(!cors_is_preflight(&open_to_all, &q.req));
    arena_free(q.arena);
}

static void answer(struct asked *q, const struct project_cors *cors, const char *origin,
                   const char *own)
{
    ask(q, HTTP_GET, origin, NULL, NULL);
    if (own)
        http_response_header(&q->req, &q->res, "access-control-allow-origin", own);
    cors_add(cors_prepare(cors, &q->req), &q->req, &q->res);
}

TEST(an_answer_says_whether_the_page_may_read_it)
{
    struct asked q;
    answer(&q, &with_cookies, "https://a.example", NULL);
    CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "https://a.example");
    CHECK_STR(get(&q, "Access-Control-Expose-Headers"), "X-C");
    CHECK_STR(get(&q, "Vary"), "Origin");
    arena_free(q.arena);
    answer(&q, &with_cookies, "https://evil.example", NULL);
    CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "");
    CHECK_STR(get(&q, "Vary"), "Origin");
    arena_free(q.arena);
    answer(&q, &open_to_all, NULL, NULL);
    CHECK_INT(q.res.header_count, 0);
    arena_free(q.arena);
    answer(&q, &open_to_all, "https://a.example", "https://own.example");
    CHECK_STR(get(&q, "Access-Control-Allow-Origin"), "https://own.example");
    CHECK_INT(q.res.header_count, 1);
    arena_free(q.arena);
    answer(&q, &(struct project_cors){.origins = "*"}, "https://a.example", NULL);
    CHECK_INT(q.res.header_count, 0);
    arena_free(q.arena);
}

TEST_MAIN(a_preflight_names_what_may_follow, what_is_not_allowed_is_refused_without_allow_headers,
          an_options_request_that_asks_nothing_is_no_preflight,
          an_answer_says_whether_the_page_may_read_it)
