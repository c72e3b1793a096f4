#include "deps/build_private.h"

#include "base/json.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PACKAGES_MAX = 5000 };

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && (!s.p[i] || !strchr("@/._+!~-", s.p[i])))
            return false;
    return s.n > 0;
}

int build_list_add(struct build_list *l, struct str payload, struct err *e)
{
    size_t n = payload.n ? (unsigned char)*payload.p : 0;
    if (payload.n < 1 + n)
        return err_set(e, ERR_MALFORMED, "a package without a name");
    struct str name = {payload.p + 1, n}, version = {payload.p + 1 + n, payload.n - 1 - n};
    if (!is_plain(name) || name.n > WIRE_NAME_MAX || !is_plain(version) ||
        version.n > WIRE_VERSION_MAX)
        return err_set(e, ERR_INVALID, "the name or version of a package cannot be one");
    if (l->count == PACKAGES_MAX)
        return err_set(e, ERR_LIMIT, "more than %d packages (limit packages = %d)", PACKAGES_MAX,
                       PACKAGES_MAX);
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->of = mem_realloc(l->of, l->room * sizeof *l->of);
    }
    l->of[l->count++] =
        (struct build_package){mem_dup(name.p, name.n), mem_dup(version.p, version.n)};
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct build_package *p = a, *q = b;
    int names = strcmp(p->name, q->name);
    return names ? names : strcmp(p->version, q->version);
}

void build_list_write(struct build_list *l, struct buf *ret_json, struct buf *ret_pins)
{
    if (l->count)
        qsort(l->of, l->count, sizeof *l->of, compare);
    buf_addz(ret_json, "[");
    for (size_t i = 0; i < l->count; i++) {
        const struct build_package *p = &l->of[i];
        if (i && compare(p, p - 1) == 0) /* npm has the same one in several places */
            continue;
        buf_addz(ret_json, i ? ",{\"name\":" : "{\"name\":");
        json_add_string(ret_json, str_of(p->name));
        buf_addz(ret_json, ",\"version\":");
        json_add_string(ret_json, str_of(p->version));
        buf_addz(ret_json, "}");
        buf_addf(ret_pins, "%s==%s\n", p->name, p->version);
    }
    buf_addz(ret_json, "]");
}

void build_list_done(struct build_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->of[i].name);
        free(l->of[i].version);
    }
    free(l->of);
    *l = (struct build_list){0};
}
