#include "projects/project_cors.h"

#include "base/buf.h"
#include "base/must.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void project_cors_standard(struct project_cors *ret)
{
    *ret = (struct project_cors){.origins = "*",
                                 .methods = "GET, HEAD, POST, PUT, PATCH, DELETE",
                                 .headers = "Content-Type, Authorization",
                                 .exposed = "",
                                 .max_age_s = 600};
}

/* --- items of lists --- */

static bool is_one_of(char c, const char *more)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(more, c));
}

static bool all_of(struct str s, const char *more)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_one_of(s.p[i], more))
            return false;
    return s.n > 0;
}

static bool token_ok(struct str s)
{
    return all_of(s, "!#$%&'*+-.^_`|~");
}

static bool method_ok(struct str s)
{
    char name[8];
    return s.n < sizeof name && http_method_parse(s) != 0;
}

static bool port_ok(struct str port)
{
    uint64_t number;
    return port.n <= 5 && str_to_u64(port, &number) && number > 0 && number <= 65535;
}

/* "name.example", "127.0.0.1" or "[::1]", perhaps with a port. */
static bool authority_ok(struct str s)
{
    struct str host = s, port = {NULL, 0};
    const char *colon = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : memchr(s.p, ':', s.n);
    if (s.n && s.p[0] == '[') {
        if (!colon || !all_of((struct str){s.p + 1, (size_t)(colon - s.p) - 1}, ":."))
            return false;
        host = STR("v6");
        colon++;
        if (colon == s.p + s.n)
            colon = NULL;
        else if (*colon != ':')
            return false;
    } else if (colon) {
        host.n = (size_t)(colon - s.p);
    }
    if (colon)
        port = (struct str){colon + 1, s.n - (size_t)(colon + 1 - s.p)};
    return all_of(host, ".-_") && (!colon || port_ok(port));
}

/* scheme://host[:port], as a browser writes the Origin header: never with a path. */
static bool origin_ok(struct str s)
{
    const char *colon = memchr(s.p, ':', s.n);
    struct str scheme = {s.p, colon ? (size_t)(colon - s.p) : 0};
    struct str rest = {s.p + scheme.n, s.n - scheme.n};
    if (!str_starts(rest, STR("://")) || !all_of(scheme, "+-."))
        return false;
    return authority_ok((struct str){rest.p + 3, rest.n - 3});
}

/* Browsers send the origin in lower case and without the port that the scheme implies; an origin
 * is compared as it is. */
static void origin_add(struct buf *out, struct str s)
{
    size_t from = out->len;
    if (str_starts(s, STR("https://")) && str_ends(s, STR(":443")))
        s.n -= 4;
    else if (str_starts(s, STR("http://")) && str_ends(s, STR(":80")))
        s.n -= 3;
    buf_add_str(out, s);
    for (size_t i = from; i < out->len; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] - 'A' + 'a');
}

/* A list as the struct keeps it: items with a separator between them. */
struct kind {
    const char *name, *separator, *rule;
    size_t member; /* of struct project_cors */
    bool (*ok)(struct str item);
    void (*add)(struct buf *out, struct str item);
};
static const struct kind kinds[] = {
    {"origins", " ", "an origin is scheme://host or scheme://host:port",
     offsetof(struct project_cors, origins), origin_ok, origin_add},
    {"methods", ", ", "a method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
     offsetof(struct project_cors, methods), method_ok, buf_add_str},
    {"headers", ", ", "this is no name of a header", offsetof(struct project_cors, headers),
     token_ok, buf_add_str},
    {"exposed", ", ", "this is no name of a header", offsetof(struct project_cors, exposed),
     token_ok, buf_add_str},
};

static const char **member_of(struct project_cors *cors, const struct kind *k)
{
    return (const char **)(void *)((char *)cors + k->member);
}

/* --- reading a request --- */

static int read_item(const struct form *f, const struct kind *k, size_t i, const json_t *item,
                     struct buf *out, struct err *e)
{
    const char *where = arena_printf(f->req->arena, "%s.%zu", k->name, i);
    struct str text = {json_string_value(item), json_string_length(item)};
    if (!json_is_string(item))
        return form_invalid(f, where, "string_type", e, "Input should be a valid string");
    if (text.n > CORS_ITEM_MAX || !k->ok(text))
        return form_invalid(f, where, "value_error", e, "Value error, %s", k->rule);
    if (i > 0)
        buf_addz(out, k->separator);
    k->add(out, text);
    return 0;
}

static int read_list(const struct form *f, const struct kind *k, struct project_cors *cors,
                     struct err *e)
{
    auto_buf struct buf out = {0};
    const json_t *list = json_object_get(f->object, k->name), *item;
    size_t i;
    if (json_is_string(list) && strcmp(json_string_value(list), "*") == 0) {
        *member_of(cors, k) = "*";
        return 0;
    }
    list = NULL;
    if (form_array(f, k->name, FORM_OPTIONAL, CORS_LIST_MAX, &list, e) < 0)
        return -1;
    if (!list)
        return 0;
    json_array_foreach(list, i, item)
    {
        if (read_item(f, k, i, item, &out, e) < 0)
            return -1;
    }
    *member_of(cors, k) = arena_dup(f->req->arena, out.data ? out.data : "", out.len);
    return 0;
}

/* With credentials browsers take "*" for a name, and for origins refuse the answer altogether. */
static int check_together(const struct form *f, struct project_cors *cors, struct err *e)
{
    for (size_t i = 0; cors->credentials && i < ARRAY_LEN(kinds); i++)
        if (strcmp(*member_of(cors, &kinds[i]), "*") == 0)
            return form_invalid(f, kinds[i].name, "value_error", e,
                                "Value error, with credentials '*' is not allowed: name them");
    return 0;
}

int project_cors_change(const struct form *body, struct project_cors *cors, struct err *e)
{
    struct project_cors changed = *cors;
    if (!form_has(body, "cors"))
        return 0;
    struct form f = {body->req, arena_printf(body->req->arena, "%s.cors", body->place),
                     json_object_get(body->object, "cors")};
    if (!json_is_object(f.object))
        return form_invalid(body, "cors", "dict_type", e, "Input should be a valid dictionary");
    if (form_bool(&f, "enabled", FORM_OPTIONAL, &changed.enabled, e) < 0 ||
        form_bool(&f, "credentials", FORM_OPTIONAL, &changed.credentials, e) < 0 ||
        form_int(&f, "max_age_s", FORM_OPTIONAL, 0, CORS_AGE_MAX_S, &changed.max_age_s, e) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (read_list(&f, &kinds[i], &changed, e) < 0)
            return -1;
    if (check_together(&f, &changed, e) < 0)
        return -1;
    *cors = changed;
    return 1;
}

/* --- the store --- */

const char *project_cors_text(struct arena *a, const struct project_cors *cors)
{
    json_t *all = json_pack("{s:b, s:s, s:s, s:s, s:s, s:b, s:I}", "enabled", cors->enabled,
                            "origins", cors->origins, "methods", cors->methods, "headers",
                            cors->headers, "exposed", cors->exposed, "credentials",
                            cors->credentials, "max_age_s", (json_int_t)cors->max_age_s);
    must(all);
    char *text = json_dumps(all, JSON_COMPACT);
    const char *ret = arena_strdup(a, text);
    free(text);
    json_decref(all);
    return ret;
}

void project_cors_parse(struct arena *a, const char *text, struct project_cors *ret)
{
    const char *origins, *methods, *headers, *exposed;
    int enabled, credentials;
    json_int_t age;
    project_cors_standard(ret);
    json_t *all = text ? json_loads(text, 0, NULL) : NULL;
    if (all && json_unpack(all, "{s:b, s:s, s:s, s:s, s:s, s:b, s:I}", "enabled", &enabled,
                           "origins", &origins, "methods", &methods, "headers", &headers, "exposed",
                           &exposed, "credentials", &credentials, "max_age_s", &age) == 0) {
        *ret = (struct project_cors){.enabled = enabled,
                                     .origins = arena_strdup(a, origins),
                                     .methods = arena_strdup(a, methods),
                                     .headers = arena_strdup(a, headers),
                                     .exposed = arena_strdup(a, exposed),
                                     .credentials = credentials,
                                     .max_age_s = age};
    }
    json_decref(all);
}

/* --- clients --- */

static json_t *list_json(const char *text)
{
    struct str rest = str_of(text);
    if (strcmp(text, "*") == 0)
        return json_string("*");
    json_t *list = json_array();
    while (rest.p && rest.n) {
        struct str item = str_cut(&rest, ' ');
        if (str_ends(item, STR(",")))
            item.n--;
        if (item.n)
            json_array_append_new(list, json_stringn(item.p, item.n));
    }
    return list;
}

json_t *project_cors_json(const struct project_cors *cors)
{
    json_t *ret =
        json_pack("{s:b, s:o, s:o, s:o, s:o, s:b, s:I}", "enabled", cors->enabled, "origins",
                  list_json(cors->origins), "methods", list_json(cors->methods), "headers",
                  list_json(cors->headers), "exposed", list_json(cors->exposed), "credentials",
                  cors->credentials, "max_age_s", (json_int_t)cors->max_age_s);
    must(ret);
    return ret;
}
