#include "functions/functions_input.h"

#include "base/log.h"
#include "base/must.h"
#include "http/http.h"
#include "runtimes/runtimes.h"

#include <string.h>

/* One member being read: where it stands and what it is. */
struct input {
    struct request *req;
    const char *place, *name;
    const json_t *value;
    struct function_change *out;
};

static int invalid(const struct input *in, const char *type, struct err *e, const char *msg)
{
    const char *loc =
        in->name ? arena_printf(in->req->arena, "%s.%s", in->place, in->name) : in->place;
    return http_invalid(in->req, loc, type, e, "%s", msg);
}

static int unknown(const struct input *in, const char *key, const char *what, struct err *e)
{
    char quoted[64];
    return invalid(in, "extra_forbidden", e,
                   arena_printf(in->req->arena, "There is no %s '%s'", what,
                                log_quote(str_of(key), quoted, sizeof quoted)));
}

static int read_string(const struct input *in, struct str *ret, struct err *e)
{
    if (!json_is_string(in->value))
        return invalid(in, "string_type", e, "Input should be a valid string");
    struct str s = {json_string_value(in->value), json_string_length(in->value)};
    *ret = arena_str(in->req->arena, s);
    return 0;
}

static int read_bool(const struct input *in, int *ret, struct err *e)
{
    if (!json_is_boolean(in->value))
        return invalid(in, "bool_type", e, "Input should be a valid boolean");
    *ret = json_is_true(in->value);
    return 0;
}

static int out_of_range(const struct input *in, const struct limit_rule *rule, struct err *e)
{
    const char *msg =
        arena_printf(in->req->arena, "%s should be from %g to %g", in->name,
                     (double)rule->low / rule->scale, (double)rule->high / rule->scale);
    return invalid(in, "range_error", e, msg);
}

static int read_number(const struct input *in, const struct limit_rule *rule, uint32_t *ret,
                       struct err *e)
{
    if (rule->scale == 1 && !json_is_integer(in->value))
        return invalid(in, "int_type", e, "Input should be a valid integer");
    if (!json_is_number(in->value))
        return invalid(in, "float_type", e, "Input should be a valid number");
    double value = json_number_value(in->value) * rule->scale;
    if (!(value >= rule->low && value <= rule->high)) /* false for NaN as well */
        return out_of_range(in, rule, e);
    *ret = (uint32_t)(value + 0.5);
    return 0;
}

static int read_name(const struct input *in, struct err *e)
{
    struct str s;
    if (read_string(in, &s, e) < 0)
        return -1;
    if (!rules_name_ok(s))
        return invalid(in, "value_error", e, "Value error, a name has " NAME_RULE);
    in->out->name = s.p;
    return 0;
}

static int read_description(const struct input *in, struct err *e)
{
    struct str s;
    if (read_string(in, &s, e) < 0)
        return -1;
    if (s.n > DESCRIPTION_MAX)
        return invalid(in, "string_too_long", e, "String should have at most 1000 bytes");
    if (!files_is_text(s))
        return invalid(in, "value_error", e, "Value error, a description has no NUL");
    in->out->description = s.p;
    return 0;
}

static int read_code(const struct input *in, struct err *e)
{
    if (read_string(in, &in->out->code, e) < 0)
        return -1;
    if (!files_is_text(in->out->code))
        return invalid(in, "value_error", e, "Value error, code is UTF-8 text without NUL");
    return 0;
}

static int read_runtime(const struct input *in, struct err *e)
{
    struct str s;
    struct err why = {0};
    const struct runtime *runtime = NULL;
    if (read_string(in, &s, e) < 0)
        return -1;
    if (!files_is_text(s) || runtimes_find(s.p, &runtime, &why) < 0)
        return invalid(in, "value_error", e, why.text[0] ? why.text : "Value error, no runtime");
    in->out->runtime = runtime->name; /* an alias is stored under its proper name */
    return 0;
}

static int read_handler(const struct input *in, struct err *e)
{
    struct str s;
    if (read_string(in, &s, e) < 0)
        return -1;
    if (!rules_handler_ok(s))
        return invalid(in, "value_error", e,
                       "Value error, a handler has 1 to 255 bytes without blanks");
    in->out->handler = s.p;
    return 0;
}

static int read_choice(const struct input *in, const char *no, const char *yes, int *ret,
                       struct err *e)
{
    const char *value = json_string_value(in->value);
    if (value && strcmp(value, yes) == 0)
        *ret = 1;
    else if (value && strcmp(value, no) == 0)
        *ret = 0;
    else
        return invalid(in, "literal_error", e,
                       arena_printf(in->req->arena, "Input should be '%s' or '%s'", yes, no));
    return 0;
}

static int read_status(const struct input *in, struct err *e)
{
    return read_choice(in, "inactive", "active", &in->out->active, e);
}

static int read_reuse(const struct input *in, struct err *e)
{
    int always = 1;
    if (read_choice(in, "never", "always", &always, e) < 0)
        return -1;
    in->out->reuse = always ? REUSE_ALWAYS : REUSE_NEVER;
    return 0;
}

static int read_network(const struct input *in, struct err *e)
{
    return read_bool(in, &in->out->network_enabled, e);
}

static int read_public_logs(const struct input *in, struct err *e)
{
    return read_bool(in, &in->out->public_logs, e);
}

static int read_concurrency(const struct input *in, struct err *e)
{
    static const struct limit_rule rule = {"concurrency", 1, 1, 1000, CONCURRENCY_DEFAULT};
    return read_number(in, &rule, &in->out->concurrency, e);
}

static int read_queue(const struct input *in, struct err *e)
{
    static const struct limit_rule rule = {"queue", 1, 0, 10000, QUEUE_DEFAULT};
    return read_number(in, &rule, &in->out->queue, e);
}

/* A limit that we do not know would be one that is asked for and not enforced. */
static int check_limit_names(const struct input *in, struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)in->value, key, value)
    {
        int i = 0;
        while (i < LIMITS && strcmp(limit_rules[i].name, key) != 0)
            i++;
        if (i == LIMITS)
            return unknown(in, key, "limit", e);
    }
    return 0;
}

static int read_limits(const struct input *in, struct err *e)
{
    if (!json_is_object(in->value))
        return invalid(in, "dict_type", e, "Input should be a valid dictionary");
    if (check_limit_names(in, e) < 0)
        return -1;
    const char *place = arena_printf(in->req->arena, "%s.%s", in->place, in->name);
    for (int i = 0; i < LIMITS; i++) {
        const char *name = limit_rules[i].name;
        struct input one = {in->req, place, name, json_object_get(in->value, name), in->out};
        if (one.value && read_number(&one, &limit_rules[i], &in->out->limits[i], e) < 0)
            return -1;
    }
    return 0;
}

static int check_variable(const struct input *in, const char *key, const json_t *value,
                          struct err *e)
{
    struct arena *a = in->req->arena;
    if (!rules_environment_key_ok(str_of(key)))
        return invalid(in, "value_error", e, "Value error, a name has " ENVIRONMENT_RULE);
    if (rules_environment_key_reserved(key))
        return invalid(in, "value_error", e,
                       arena_printf(a, "Value error, '%s' is reserved for the platform", key));
    struct str text = {json_string_value(value), json_string_length(value)};
    if (!json_is_string(value) || !files_is_text(text))
        return invalid(in, "string_type", e,
                       arena_printf(a, "Value of '%s' should be text without NUL", key));
    return 0;
}

static int read_environment(const struct input *in, struct err *e)
{
    const char *key;
    json_t *value;
    if (!json_is_object(in->value))
        return invalid(in, "dict_type", e, "Input should be a valid dictionary");
    json_object_foreach((json_t *)(uintptr_t)in->value, key, value)
    {
        if (check_variable(in, key, value, e) < 0)
            return -1;
    }
    if (json_dumpb(in->value, NULL, 0, JSON_COMPACT) > ENVIRONMENT_MAX)
        return invalid(in, "value_error", e, "Value error, the environment is above 64 KB");
    in->out->environment = (json_t *)(uintptr_t)in->value;
    return 0;
}

static const struct field {
    const char *name;
    int (*read)(const struct input *in, struct err *e);
} fields[] = {
    {"name", read_name},
    {"description", read_description},
    {"code", read_code},
    {"runtime", read_runtime},
    {"handler", read_handler},
    {"status", read_status},
    {"network_enabled", read_network},
    {"public_logs", read_public_logs},
    {"limits", read_limits},
    {"concurrency", read_concurrency},
    {"queue", read_queue},
    {"reuse", read_reuse},
    {"environment", read_environment},
};

int functions_read_change(struct request *req, const char *place, const json_t *object,
                          struct function_change *change, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *name = fields[i].name;
        struct input in = {req, place, name, json_object_get(object, name), change};
        if (!in.value)
            continue;
        if (fields[i].read(&in, e) < 0)
            return -1;
        change->any = true;
    }
    return 0;
}

int functions_refuse_unknown(struct request *req, const char *place, const json_t *object,
                             struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (i < ARRAY_LEN(fields) && strcmp(fields[i].name, key) != 0)
            i++;
        if (i == ARRAY_LEN(fields))
            return unknown(&(struct input){.req = req, .place = place}, key, "setting", e);
    }
    return 0;
}

int functions_read_member(struct request *req, const char *place, const char *name,
                          const char *value, struct function_change *change, struct err *e)
{
    if (!value)
        return 0;
    json_t *object = json_object();
    /* Bytes that are no UTF-8 make no string: null, which every field refuses. */
    json_t *text = json_string(value);
    json_object_set_new(object, name, text ? text : json_null());
    int rc = functions_read_change(req, place, object, change, e);
    json_decref(object);
    return rc;
}
