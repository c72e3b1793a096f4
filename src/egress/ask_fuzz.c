/* Feeds arbitrary bytes to the reader of what a client of the proxy asks for. What it lets through
 * must itself read as the same request, whole or not: nothing may hide in what goes on. */
#include "base/must.h"
#include "egress/egress_ask.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct egress_ask *ask)
{
    struct err e = {0};
    struct egress_ask again;
    auto_buf struct buf out = {0};
    egress_ask_write(ask, true, "Basic eA==", &out);
    must(egress_ask_end(buf_str(&out)) == out.len);
    must(egress_ask_parse(buf_str(&out), &again, &e) == 0);
    must(!again.connect && strcmp(again.place, ask->place) == 0 && str_eq(again.path, ask->path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct egress_ask ask;
    char host[EGRESS_PLACE], port[6];
    struct str text = {(const char *)data, size};
    text.n = egress_ask_end(text);
    if (!text.n || egress_ask_parse(text, &ask, &e) < 0)
        return 0;
    egress_place_split(ask.place, host, port);
    must(*host && *port);
    if (!ask.connect)
        check_written(&ask);
    return 0;
}
