/* What a function returned, made a response: whatever JSON it is, the response frames nothing and
 * breaks no line. */
#include "gateway/result.h"

#include "base/json.h"
#include "base/must.h"

#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_clean(const char *s)
{
    return !strpbrk(s, "\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str output = {(const char *)data, size};
    struct err e = {0};
    if (json_check(output, &e) < 0)
        return 0;
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf body = {0};
    struct request req = {.arena = a};
    struct response res;
    if (result_map(&req, output, &res, &body, &e) < 0) {
        must(e.code == ERR_MALFORMED && *e.text);
        return 0;
    }
    must(res.status >= 200 && res.status <= 599 && res.header_count <= RESULT_HEADERS_MAX);
    must(!res.content_type || is_clean(res.content_type));
    for (size_t i = 0; i < res.header_count; i++) {
        must(*res.headers[i].name && !strpbrk(res.headers[i].name, " :\r\n"));
        must(is_clean(res.headers[i].value));
        must(strcasecmp(res.headers[i].name, "Transfer-Encoding") != 0);
    }
    return 0;
}
