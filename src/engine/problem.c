#include "engine/problem.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_MAX = 256, MESSAGE_MAX = 4096 }; /* bytes; the rest is cut */

void problem_free(struct call_problem *p)
{
    if (!p)
        return;
    free(p->file);
    free(p->type);
    free(p->message);
    free(p->module);
    free(p->package);
    free(p);
}

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *text = json_object_get(object, name);
    return json_is_string(text) ? (struct str){json_string_value(text), json_string_length(text)}
                                : STR("");
}

/* jansson has seen to it that the bytes are UTF-8. */
static bool is_path(struct str path)
{
    if (!path.n || path.n > PROBLEM_FILE_MAX)
        return false;
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < ' ' || path.p[i] == 0x7f)
            return false;
    for (struct str rest = path; rest.p;) {
        struct str segment = str_cut(&rest, '/');
        if (!segment.n || str_is(segment, ".") || str_is(segment, ".."))
            return false;
    }
    return true;
}

static bool read_place(const json_t *number, uint32_t *ret)
{
    json_int_t value = json_integer_value(number); /* 0 for all else */
    if (value < 1 || value > PROBLEM_PLACE_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* At most `max` bytes, whole characters, up to the first NUL. */
static char *cut(struct str text, size_t max)
{
    size_t n = text.n < max ? text.n : max;
    while (n < text.n && n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--;
    return mem_dup(text.p, n);
}

bool problem_missing(const json_t *failed, const struct runtime *r, struct problem_missing *ret)
{
    struct str module = text_of(failed, "module");
    if (!module.n || module.n >= sizeof ret->module || strlen(module.p) != module.n)
        return false;
    snprintf(ret->module, sizeof ret->module, "%s", module.p);
    return runtimes_package(r, ret->module, ret->package);
}

struct call_problem *problem_read(const json_t *failed, const struct problem_missing *missing)
{
    const json_t *at = json_object_get(failed, "column");
    struct str file = text_of(failed, "file");
    uint32_t line, column = 0;
    if (!is_path(file) || !read_place(json_object_get(failed, "line"), &line) ||
        (at && !json_is_null(at) && !read_place(at, &column)))
        return NULL;
    struct call_problem *p = mem_alloc(sizeof *p);
    *p = (struct call_problem){.file = mem_dup(file.p, file.n),
                               .line = line,
                               .column = column,
                               .type = cut(text_of(failed, "type"), TYPE_MAX),
                               .message = cut(text_of(failed, "message"), MESSAGE_MAX),
                               .module = mem_strdup(missing ? missing->module : NULL),
                               .package = mem_strdup(missing ? missing->package : NULL)};
    return p;
}
