/* A request, made an event: whatever was sent, the event is JSON, and a body that is JSON stands in
 * it byte for byte. The input: lines of headers, an empty line, the target, a line feed, the body.
 */
#include "gateway/event.h"

#include "base/json.h"
#include "base/must.h"
#include "gateway/percent.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS = 32 };

static const char *text(struct arena *a, struct str s)
{
    const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL;
    return arena_dup(a, s.n ? s.p : "", nul ? (size_t)(nul - s.p) : s.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf event = {0};
    struct http_header headers[HEADERS];
    struct request req = {
        .arena = a, .method = HTTP_POST, .headers = headers, .peer = "::1", .host = "h"};
    struct str rest = {(const char *)data, size}, line, body;
    struct err e = {0};
    while ((line = str_cut(&rest, '\n')).n && req.header_count < HEADERS) {
        struct str name = str_cut(&line, ':');
        headers[req.header_count++] = (struct http_header){text(a, name), text(a, line)};
    }
    req.target = arena_printf(a, "/%s", text(a, str_cut(&rest, '\n')));
    req.body = rest;
    struct str query = str_of(req.target), path = str_cut(&query, '?');
    req.query = query.p ? query.p : "";
    struct trie_match match = {.count = 1};
    match.params[0].name = STR("p");
    match.params[0].value = path;
    event_write(&event, &(struct event_source){&req, path, percent_decode(a, path, false), &match,
                                               "id", size & 1});
    must(json_check(buf_str(&event), &e) == 0);
    must(json_member(buf_str(&event), "body", &body, &e) == 0 && body.p);
    if (req.body.n && json_check(req.body, &e) == 0)
        must(str_eq(body, str_trim(req.body)));
    return 0;
}
