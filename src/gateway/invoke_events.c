#include "gateway/invoke_events.h"

#include "base/base64.h"
#include "base/json.h"

#include <strings.h>

bool invoke_events_wanted(const struct request *req)
{
    static const struct str type = STR("text/event-stream");
    struct str rest = str_of(http_header(req, "Accept"));
    while (rest.p) {
        struct str item = str_cut(&rest, ',');
        struct str name = str_trim(str_cut(&item, ';'));
        if (name.n == type.n && strncasecmp(name.p, type.p, type.n) == 0)
            return true;
    }
    return false;
}

void invoke_events_open(struct buf *out, unsigned status, struct str headers)
{
    buf_addf(out, "event: open\ndata: {\"statusCode\":%u,\"headers\":", status);
    buf_add_str(out, headers);
    buf_addz(out, "}\n\n");
}

static void add_base64(struct buf *out, struct str bytes)
{
    buf_addz(out, "{\"base64\":\"");
    base64_add(out, bytes);
    buf_addz(out, "\"}");
}

/* Text that is no longer so than as base64: control characters grow to six times their size, and a
 * client that reads slowly costs what a piece takes. */
static bool add_text(struct buf *out, struct str bytes)
{
    size_t begin = out->len;
    if (!str_is_utf8(bytes))
        return false;
    buf_addz(out, "{\"text\":");
    json_add_string(out, bytes);
    buf_addz(out, "}");
    if (out->len - begin <= bytes.n / 3 * 4 + 64)
        return true;
    out->len = begin;
    return false;
}

void invoke_events_piece(struct buf *out, struct str bytes)
{
    buf_addz(out, "event: piece\ndata: ");
    if (!add_text(out, bytes))
        add_base64(out, bytes);
    buf_addz(out, "\n\n");
}

void invoke_events_result(struct buf *out, struct str result)
{
    buf_addz(out, "event: result\ndata: ");
    buf_add_str(out, result);
    buf_addz(out, "\n\n");
}
