#include "http/form.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int form_open(struct form *ret, struct request *req, struct err *e)
{
    json_t *body = NULL;
    if (http_body_json(req, &body, e) < 0)
        return -1;
    *ret = (struct form){req, "body", body};
    return 0;
}

bool form_has(const struct form *f, const char *name)
{
    return json_object_get(f->object, name) != NULL;
}

int form_invalid(const struct form *f, const char *name, const char *type, struct err *e,
                 const char *msg_fmt, ...)
{
    char msg[sizeof e->text];
    va_list args;
    va_start(args, msg_fmt);
    vsnprintf(msg, sizeof msg, msg_fmt, args);
    va_end(args);
    const char *loc = name ? arena_printf(f->req->arena, "%s.%s", f->place, name) : f->place;
    return http_invalid(f->req, loc, type, e, "%s", msg);
}

/* 1: there it is; 0: absent and need not be there; -1. */
static int member(const struct form *f, const char *name, enum form_need need, json_t **ret,
                  struct err *e)
{
    *ret = json_object_get(f->object, name);
    if (*ret)
        return 1;
    return need == FORM_REQUIRED ? form_invalid(f, name, "missing", e, "Field required") : 0;
}

static int check_length(const struct form *f, const char *name, size_t n, size_t min, size_t max,
                        struct err *e)
{
    if (n < min)
        return form_invalid(f, name, "string_too_short", e,
                            "String should have at least %zu byte%s", min, min == 1 ? "" : "s");
    if (n > max)
        return form_invalid(f, name, "string_too_long", e, "String should have at most %zu bytes",
                            max);
    return 0;
}

int form_text(const struct form *f, const char *name, enum form_need need, size_t min, size_t max,
              const char **ret, struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    if (!json_is_string(value))
        return form_invalid(f, name, "string_type", e, "Input should be a valid string");
    struct str text = {json_string_value(value), json_string_length(value)};
    if (check_length(f, name, text.n, min, max, e) < 0)
        return -1;
    if (memchr(text.p, 0, text.n))
        return form_invalid(f, name, "value_error", e, "Value error, text has no NUL");
    *ret = arena_dup(f->req->arena, text.p, text.n);
    return 0;
}

int form_secret(const struct form *f, const char *name, enum form_need need, size_t min, size_t max,
                const char **ret, struct err *e)
{
    int rc = form_text(f, name, need, min, max, ret, e);
    return rc < 0 ? http_invalid_hide(f->req) : rc;
}

int form_bool(const struct form *f, const char *name, enum form_need need, bool *ret, struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    if (!json_is_boolean(value))
        return form_invalid(f, name, "bool_type", e, "Input should be a valid boolean");
    *ret = json_is_true(value);
    return 0;
}

int form_int(const struct form *f, const char *name, enum form_need need, int64_t min, int64_t max,
             int64_t *ret, struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    if (!json_is_integer(value))
        return form_invalid(f, name, "int_type", e, "Input should be a valid integer");
    if (json_integer_value(value) < min || json_integer_value(value) > max)
        return form_invalid(f, name, "range_error", e, "%s should be from %lld to %lld", name,
                            (long long)min, (long long)max);
    *ret = json_integer_value(value);
    return 0;
}

static const char *listed(struct arena *a, const char *const *words)
{
    auto_buf struct buf out = {0};
    for (size_t i = 0; words[i]; i++)
        buf_addf(&out, "%s'%s'", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
    return arena_dup(a, out.data, out.len);
}

int form_choice(const struct form *f, const char *name, enum form_need need,
                const char *const *words, int *ret, struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    for (int i = 0; json_is_string(value) && words[i]; i++)
        if (strcmp(json_string_value(value), words[i]) == 0) {
            *ret = i;
            return 0;
        }
    return form_invalid(f, name, "literal_error", e, "Input should be %s",
                        listed(f->req->arena, words));
}

int form_time(const struct form *f, const char *name, enum form_need need, int64_t *ret_us,
              struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    if (!json_is_string(value) || !clock_parse_rfc3339(json_string_value(value), ret_us))
        return form_invalid(f, name, "datetime_type", e,
                            "Input should be a time like 2030-01-31T12:00:00Z");
    return 0;
}

int form_array(const struct form *f, const char *name, enum form_need need, size_t max,
               const json_t **ret, struct err *e)
{
    json_t *value;
    int found = member(f, name, need, &value, e);
    if (found <= 0)
        return found;
    if (!json_is_array(value))
        return form_invalid(f, name, "list_type", e, "Input should be a valid list");
    if (json_array_size(value) > max)
        return form_invalid(f, name, "too_long", e, "List should have at most %zu items", max);
    *ret = value;
    return 0;
}

int form_limit(struct request *req, size_t standard, size_t most, size_t *ret, struct err *e)
{
    uint64_t value = standard;
    const char *text = http_query(req, "limit");
    if (text && !str_to_u64(str_of(text), &value))
        return http_invalid(
            req, "query.limit", "int_parsing", e,
            "Input should be a valid integer, unable to parse string as an integer");
    if (value < 1 || value > most)
        return http_invalid(req, "query.limit", "range_error", e, "limit should be from 1 to %zu",
                            most);
    *ret = (size_t)value;
    return 0;
}

void form_link_next(struct request *req, struct response *res, const char *before)
{
    auto_buf struct buf out = {0};
    struct str rest = str_of(req->query);
    buf_addz(&out, "<?");
    while (rest.p && req->query[0]) {
        struct str pair = str_cut(&rest, '&');
        if (pair.n && !str_starts(pair, STR("before=")) && !str_starts(pair, STR("after=")))
            buf_addf(&out, STR_FMT "&", STR_ARG(pair));
    }
    buf_addf(&out, "before=%s>; rel=\"next\"", before);
    http_response_header(req, res, "Link", out.data);
}

json_t *form_time_json(int64_t us)
{
    char text[CLOCK_TEXT];
    return us ? json_string(clock_rfc3339(us, text)) : json_null();
}
