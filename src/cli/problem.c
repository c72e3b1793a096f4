#include "cli/problem.h"

#include <jansson.h>
#include <string.h>

/* ["body", "name"] becomes "name", and so does a setting of an upload: it may have come from
 * virga.json as well as from an option. */
static void add_place(struct buf *out, const json_t *loc)
{
    size_t n = json_array_size(loc), first = n > 1 ? 1 : 0;
    const char *second = json_string_value(json_array_get(loc, 1));
    if (n > 2 && second && strcmp(second, "virga_json") == 0)
        first = 2;
    for (size_t i = first; i < n; i++) {
        const json_t *part = json_array_get(loc, i);
        buf_addz(out, i > first ? "." : "");
        if (json_is_string(part))
            buf_addz(out, json_string_value(part));
        else
            buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(part));
    }
}

/* The contract's words for a wrong value begin with the name of an exception. */
static const char *message_of(const json_t *entry)
{
    static const char prefix[] = "Value error, ";
    const char *msg = json_string_value(json_object_get(entry, "msg"));
    if (!msg)
        return "invalid";
    return strncmp(msg, prefix, strlen(prefix)) == 0 ? msg + strlen(prefix) : msg;
}

void problem_explain(struct str body, struct buf *out)
{
    size_t i;
    const json_t *entry;
    json_t *tree = json_loadb(body.n ? body.p : "", body.n, 0, NULL);
    const json_t *detail = json_object_get(tree, "detail");
    if (json_is_string(detail))
        buf_addz(out, json_string_value(detail));
    json_array_foreach(detail, i, entry)
    {
        buf_addz(out, i ? "\n" : "");
        add_place(out, json_object_get(entry, "loc"));
        buf_addf(out, ": %s", message_of(entry));
    }
    json_decref(tree);
}
