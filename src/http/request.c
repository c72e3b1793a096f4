/* What handlers read from a request, and the 422 that says what is wrong with it. */
#include "http/http.h"

#include "base/json.h"
#include "base/must.h"
#include "http/reply.h"
#include "http/target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { BODY_DEPTH_MAX = 64 };

static const struct {
    struct str name;
    enum http_method method;
} methods[] = {
    {STR("GET"), HTTP_GET},         {STR("POST"), HTTP_POST},   {STR("PUT"), HTTP_PUT},
    {STR("DELETE"), HTTP_DELETE},   {STR("PATCH"), HTTP_PATCH}, {STR("HEAD"), HTTP_HEAD},
    {STR("OPTIONS"), HTTP_OPTIONS},
};

const char *http_method_name(enum http_method m)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (methods[i].method == m)
            return methods[i].name.p;
    return NULL;
}

unsigned http_method_parse(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_eq(name, methods[i].name))
            return methods[i].method;
    return 0;
}

const char *http_param(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->param_count; i++)
        if (strcmp(req->params[i].name, name) == 0)
            return req->params[i].value;
    must(!"the route has such a parameter");
    return NULL;
}

void http_param_set(struct request *req, const char *name, const char *value)
{
    for (size_t i = 0; i < req->param_count; i++)
        if (strcmp(req->params[i].name, name) == 0)
            req->params[i].value = value;
}

const char *http_header(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (strcasecmp(req->headers[i].name, name) == 0)
            return req->headers[i].value;
    return NULL;
}

static char *decoded(struct arena *a, struct str s)
{
    char *copy = arena_dup(a, s.p, s.n);
    (void)target_decode(copy, true); /* target_split has refused what fails here */
    return copy;
}

const char *http_query(const struct request *req, const char *name)
{
    const char *last = NULL;
    struct str rest = str_of(req->query);
    while (rest.p) {
        struct str value = str_cut(&rest, '&');
        struct str key = str_cut(&value, '=');
        if (strcmp(decoded(req->arena, key), name) == 0)
            last = decoded(req->arena, value);
    }
    return last;
}

static json_t *loc_part(const char *part)
{
    uint64_t index;
    if (str_to_u64(str_of(part), &index) && index <= INT32_MAX)
        return json_integer((json_int_t)index);
    return json_string(part);
}

/* The value that `loc` ("body.items.0") names, as far as it exists; borrowed or new in `*ret`. */
static json_t *value_at(const struct request *req, const char *const *parts, size_t count)
{
    if (count == 2 && strcmp(parts[0], "query") == 0) {
        const char *value = http_query(req, parts[1]);
        return value ? json_string(value) : json_null();
    }
    for (size_t i = 0; count == 2 && strcmp(parts[0], "path") == 0 && i < req->param_count; i++)
        if (strcmp(req->params[i].name, parts[1]) == 0)
            return json_string(req->params[i].value);
    json_t *at = strcmp(parts[0], "body") == 0 ? req->json : NULL;
    for (size_t i = 1; at && i < count; i++)
        at = json_is_array(at) ? json_array_get(at, strtoul(parts[i], NULL, 10))
                               : json_object_get(at, parts[i]);
    return at ? json_incref(at) : json_null();
}

enum { LOC_PARTS_MAX = 16, SHOWN_MAX = 200 };

/* What a 422 repeats goes to logs and screens of clients: what holds other members, or should, may
 * hold secrets, and what is long helps nobody. */
static json_t *shown(json_t *take, const char *type)
{
    bool should_hold = strcmp(type, "dict_type") == 0 || strcmp(type, "list_type") == 0;
    json_t *instead = json_is_object(take)  ? json_object()
                      : json_is_array(take) ? json_array()
                                            : NULL;
    if (json_string_length(take) > SHOWN_MAX || (should_hold && json_is_string(take)))
        instead = json_null();
    if (!instead)
        return take;
    json_decref(take);
    return instead;
}

static size_t cut_loc(struct arena *a, const char *loc, const char **parts)
{
    char *rest = arena_strdup(a, loc);
    size_t n = 0;
    while (rest && n < LOC_PARTS_MAX)
        parts[n++] = strsep(&rest, ".");
    return n;
}

static void drop_json(void *json)
{
    json_decref(json);
}

static json_t *new_entry(struct request *req, const char *type, const char *msg)
{
    if (!req->invalid) {
        req->invalid = json_array();
        arena_defer(req->arena, drop_json, req->invalid);
    }
    json_t *entry = json_object();
    json_object_set_new(entry, "type", json_string(type));
    json_object_set_new(entry, "loc", json_array());
    json_object_set_new(entry, "msg", json_string(msg));
    json_array_append_new(req->invalid, entry);
    return entry;
}

int http_invalid(struct request *req, const char *loc, const char *type, struct err *e,
                 const char *msg_fmt, ...)
{
    char msg[sizeof e->text];
    va_list args;
    va_start(args, msg_fmt);
    vsnprintf(msg, sizeof msg, msg_fmt, args);
    va_end(args);
    const char *parts[LOC_PARTS_MAX] = {loc};
    size_t count = cut_loc(req->arena, loc, parts);
    json_t *entry = new_entry(req, type, msg);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json_object_get(entry, "loc"), loc_part(parts[i]));
    bool missing = strcmp(type, "missing") == 0 && count > 1; /* shows where it should be */
    json_object_set_new(entry, "input",
                        shown(value_at(req, parts, missing ? count - 1 : count), type));
    err_set(e, ERR_INVALID, "%s: %s", loc, msg);
    e->sys = REPLY_INVALID_MARK;
    return -1;
}

int http_invalid_hide(struct request *req)
{
    json_t *last = json_array_get(req->invalid, json_array_size(req->invalid) - 1);
    json_object_set_new(last, "input", json_null());
    return -1;
}

/* The parser repeats what stands there: it may be half of a password. */
static const char *without_quotation(struct arena *a, const char *text)
{
    const char *quotation = strstr(text, " near '");
    return quotation ? arena_dup(a, text, (size_t)(quotation - text)) : text;
}

static int not_json(struct request *req, size_t position, const char *text, struct err *e)
{
    text = without_quotation(req->arena, text);
    json_t *entry = new_entry(req, "json_invalid", "JSON decode error");
    json_object_set_new(entry, "loc", json_pack("[s, I]", "body", (json_int_t)position));
    json_object_set_new(entry, "input", json_object());
    json_object_set_new(entry, "ctx", json_pack("{s: s}", "error", text));
    err_set(e, ERR_INVALID, "body: JSON decode error at byte %zu: %s", position, text);
    e->sys = REPLY_INVALID_MARK;
    return -1;
}

/* Where the nesting first exceeds what we take, or SIZE_MAX. jansson recurses on it. */
static size_t too_deep_at(struct str s)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > BODY_DEPTH_MAX)
                return i;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        }
    }
    return SIZE_MAX;
}

/* No Content-Type, application/json or application/anything+json. */
static bool is_json_type(const char *content_type)
{
    if (!content_type)
        return true;
    struct str rest = str_of(content_type);
    struct str type = str_trim(str_cut(&rest, ';'));
    static const char prefix[] = "application/";
    size_t skip = sizeof prefix - 1;
    if (type.n <= skip || strncasecmp(type.p, prefix, skip) != 0)
        return false;
    struct str sub = {type.p + skip, type.n - skip};
    return (sub.n == 4 && strncasecmp(sub.p, "json", 4) == 0) ||
           (sub.n > 5 && strncasecmp(sub.p + sub.n - 5, "+json", 5) == 0);
}

static int not_object(struct request *req, struct err *e)
{
    return http_invalid(req, "body", "dict_type", e, "Input should be a valid dictionary");
}

static int parse_body(struct request *req, struct err *e)
{
    size_t deep = too_deep_at(req->body);
    if (deep != SIZE_MAX)
        return not_json(req, deep, "nested too deeply", e);
    json_error_t error;
    req->json =
        json_loadb(req->body.p, req->body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!req->json) {
        bool nul = json_error_code(&error) == json_error_null_character; /* it speaks of flags */
        return not_json(req, error.position < 0 ? 0 : (size_t)error.position,
                        nul ? "a text holds \\u0000" : error.text, e);
    }
    arena_defer(req->arena, drop_json, req->json);
    return 0;
}

static int check_present(struct request *req, struct err *e)
{
    if (req->body.n == 0)
        return http_invalid(req, "body", "missing", e, "Field required");
    if (!is_json_type(http_header(req, "Content-Type"))) /* curl -d sends another one */
        return http_invalid(req, "body", "dict_type", e,
                            "Input should be a valid dictionary: send it with the header "
                            "Content-Type: application/json");
    return 0;
}

int http_body_member(struct request *req, const char *name, struct str *ret, struct err *e)
{
    struct err why = {0};
    if (check_present(req, e) < 0)
        return -1;
    if (json_check(req->body, &why) < 0)
        return not_json(req, 0, why.text, e);
    if (json_member(req->body, name, ret, &why) < 0)
        return http_invalid(req, "body", "dict_type", e, "Input should be a valid dictionary: %s",
                            why.text);
    return 0;
}

int http_body_json(struct request *req, json_t **ret, struct err *e)
{
    if (check_present(req, e) < 0 || (!req->json && parse_body(req, e) < 0))
        return -1;
    if (!json_is_object(req->json))
        return not_object(req, e);
    *ret = req->json;
    return 0;
}
