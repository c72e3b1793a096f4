/* client_lines — answers of any length, line by line: exports, and records as they come. */
#include "cli/client_private.h"

#include "base/must.h"

#include <string.h>

enum { LINE_BYTES_MAX = 8 << 20, SILENCE_S = 60 };

struct lines {
    struct client *c;
    client_line *each;
    void *arg;
    struct buf rest;   /* a line that has begun; of a refusal, the body; or all of it */
    struct buf *whole; /* an answer that is no stream of events goes here; NULL: all are lines */
    struct err *e;
    bool ended, too_long;
};

static int give_lines(struct lines *l)
{
    size_t used = 0;
    const char *end;
    while ((end = memchr(l->rest.data + used, '\n', l->rest.len - used))) {
        struct str line = {l->rest.data + used, (size_t)(end - l->rest.data) - used};
        used += line.n + 1;
        if (l->each(l->arg, line, l->e) < 0)
            return -1;
    }
    buf_consume(&l->rest, used);
    return 0;
}

static bool is_in_lines(const struct lines *l)
{
    static const struct str events = STR("text/event-stream");
    const char *type = NULL;
    curl_easy_getinfo(l->c->stream, CURLINFO_CONTENT_TYPE, &type);
    return !l->whole || str_starts(str_of(type), events);
}

static size_t on_lines(char *p, size_t one, size_t n, void *arg)
{
    struct lines *l = arg;
    long status = 0;
    bool in_lines = is_in_lines(l);
    l->too_long = l->rest.len + n > (in_lines ? LINE_BYTES_MAX : ANSWER_MAX);
    if (l->too_long)
        return 0; /* libcurl ends the transfer */
    buf_add(&l->rest, p, one * n);
    if (n == 0 || !in_lines || !client_is_good(l->c->stream, &status))
        return n;
    l->ended = give_lines(l) < 0;
    return l->ended ? 0 : n;
}

static int explain(struct lines *l, CURLcode done, const char *text)
{
    struct client *c = l->c;
    long status = 0;
    bool good = client_is_good(c->stream, &status);
    buf_clear(&c->problem);
    buf_clear(&c->answer);
    c->too_long = l->too_long;
    if (done != CURLE_OK)
        return client_unreachable(c, c->stream, done, text, l->e);
    if (!good) {
        buf_add_str(&c->answer, buf_str(&l->rest));
        return client_refused(c, c->stream, status, l->e);
    }
    return l->whole && !is_in_lines(l) ? client_take_json(c, buf_str(&l->rest), l->whole, l->e) : 0;
}

static int run(struct lines *l, const struct client_request *req, int silence_s)
{
    struct client *c = l->c;
    char text[CURL_ERROR_SIZE] = "";
    if (!c->stream)
        c->stream = client_handle_new(c);
    curl_easy_setopt(c->stream, CURLOPT_WRITEFUNCTION, on_lines);
    curl_easy_setopt(c->stream, CURLOPT_WRITEDATA, l);
    curl_easy_setopt(c->stream, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c->stream, CURLOPT_LOW_SPEED_TIME, (long)silence_s);
    CURLcode done = client_transfer(c, c->stream, req, text);
    int rc = l->ended ? -1 : explain(l, done, text); /* `each` has said why */
    buf_done(&l->rest);
    return rc;
}

int client_lines(struct client *c, const char *path, const char *last_event, client_line *each,
                 void *arg, struct err *e)
{
    struct lines l = {.c = c, .each = each, .arg = arg, .e = e};
    struct client_request req = {
        .method = "GET", .path = path, .last_event = last_event, .patient = true};
    return run(&l, &req, SILENCE_S);
}

int client_events(struct client *c, const struct client_request *req, client_line *each, void *arg,
                  struct buf *ret, struct err *e)
{
    struct lines l = {.c = c, .each = each, .arg = arg, .whole = ret, .e = e};
    struct client_request with = *req;
    with.events = true;
    return run(&l, &with, 0); /* a handler may be silent for as long as it runs */
}
