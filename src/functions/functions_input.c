#include "functions/functions_input.h"

#include "base/log.h"
#include "base/must.h"
#include "http/form.h"
#include "projects/projects.h"
#include "runtimes/runtimes.h"

#include <string.h>

/* One member being read: where it stands, and what it changes. */
struct input {
    const struct form *form;
    const char *name;
    struct function_change *out;
};

static const json_t *value_of(const struct input *in)
{
    return json_object_get(in->form->object, in->name);
}

static int unknown(const struct form *form, const char *name, const char *key, const char *what,
                   struct err *e)
{
    char quoted[64];
    return form_invalid(form, name, "extra_forbidden", e, "There is no %s '%s'", what,
                        log_quote(str_of(key), quoted, sizeof quoted));
}

static int read_text(const struct input *in, size_t max, const char **ret, struct err *e)
{
    return form_text(in->form, in->name, FORM_REQUIRED, 0, max, ret, e);
}

/* The member is one of two words; `ret` is true for the first. */
static int read_either(const struct input *in, const char *yes, const char *no, int *ret,
                       struct err *e)
{
    int choice = 0;
    const char *const words[] = {yes, no, NULL};
    if (form_choice(in->form, in->name, FORM_REQUIRED, words, &choice, e) < 0)
        return -1;
    *ret = choice == 0;
    return 0;
}

static int read_flag(const struct input *in, int *ret, struct err *e)
{
    bool value = false;
    if (form_bool(in->form, in->name, FORM_REQUIRED, &value, e) < 0)
        return -1;
    *ret = value;
    return 0;
}

/* A number with a fraction, kept as a whole number of `scale`ths. */
static int read_scaled(const struct input *in, const struct limit_rule *rule, uint32_t *ret,
                       struct err *e)
{
    if (!json_is_number(value_of(in)))
        return form_invalid(in->form, in->name, "float_type", e, "Input should be a valid number");
    double value = json_number_value(value_of(in)) * rule->scale;
    if (!(value >= rule->low && value <= rule->high)) /* false for NaN as well */
        return form_invalid(in->form, in->name, "range_error", e, "%s should be from %g to %g",
                            in->name, (double)rule->low / rule->scale,
                            (double)rule->high / rule->scale);
    *ret = (uint32_t)(value + 0.5);
    return 0;
}

static int read_number(const struct input *in, const struct limit_rule *rule, uint32_t *ret,
                       struct err *e)
{
    int64_t value = 0;
    if (rule->scale != 1)
        return read_scaled(in, rule, ret, e);
    if (form_int(in->form, in->name, FORM_REQUIRED, rule->low, rule->high, &value, e) < 0)
        return -1;
    *ret = (uint32_t)value;
    return 0;
}

static int read_name(const struct input *in, struct err *e)
{
    const char *name = NULL;
    if (read_text(in, SIZE_MAX, &name, e) < 0)
        return -1;
    if (!rules_name_ok(str_of(name)))
        return form_invalid(in->form, in->name, "value_error", e,
                            "Value error, a name has " NAME_RULE);
    in->out->name = name;
    return 0;
}

static int read_description(const struct input *in, struct err *e)
{
    return read_text(in, DESCRIPTION_MAX, &in->out->description, e);
}

static int read_code(const struct input *in, struct err *e)
{
    const char *code = NULL;
    if (read_text(in, SIZE_MAX, &code, e) < 0) /* the size of a body is bounded */
        return -1;
    in->out->code = str_of(code);
    return 0;
}

static int read_runtime(const struct input *in, struct err *e)
{
    struct err why = {0};
    const char *name = NULL;
    const struct runtime *runtime = NULL;
    if (read_text(in, SIZE_MAX, &name, e) < 0)
        return -1;
    if (runtimes_find(name, &runtime, &why) < 0)
        return form_invalid(in->form, in->name, "value_error", e, "%s", why.text);
    in->out->runtime = runtime->name; /* an alias is stored under its proper name */
    return 0;
}

static int read_handler(const struct input *in, struct err *e)
{
    const char *handler = NULL;
    if (read_text(in, SIZE_MAX, &handler, e) < 0)
        return -1;
    if (!rules_handler_ok(str_of(handler)))
        return form_invalid(in->form, in->name, "value_error", e,
                            "Value error, a handler has 1 to 255 bytes without blanks");
    in->out->handler = handler;
    return 0;
}

/* Which project that is, and whether whoever asks may put something there, is found out in the
 * transaction (save.h). */
static int read_project(const struct input *in, struct err *e)
{
    struct function_change *c = in->out;
    c->project = NULL;
    c->project_loc = arena_printf(in->form->req->arena, "%s.%s", in->form->place, in->name);
    c->move = true;
    return json_is_null(value_of(in)) ? 0 : read_text(in, SIZE_MAX, &c->project, e);
}

static int read_access(const struct input *in, struct err *e)
{
    return form_choice(in->form, in->name, FORM_REQUIRED, access_words, &in->out->access, e);
}

static const struct limit_rule rate_rule = {"", 1, 0, RATE_MAX, 0};

static int read_rate_limit(const struct input *in, struct err *e)
{
    return read_number(in, &rate_rule, &in->out->rate_limit, e);
}

static int read_client_rate_limit(const struct input *in, struct err *e)
{
    return read_number(in, &rate_rule, &in->out->client_rate_limit, e);
}

static int read_status(const struct input *in, struct err *e)
{
    return read_either(in, "active", "inactive", &in->out->active, e);
}

static int read_reuse(const struct input *in, struct err *e)
{
    int always = 1;
    if (read_either(in, "always", "never", &always, e) < 0)
        return -1;
    in->out->reuse = always ? REUSE_ALWAYS : REUSE_NEVER;
    return 0;
}

static int read_network(const struct input *in, struct err *e)
{
    return read_flag(in, &in->out->network_enabled, e);
}

static int read_snapstart(const struct input *in, struct err *e)
{
    return read_flag(in, &in->out->snapstart, e);
}

static int read_public_logs(const struct input *in, struct err *e)
{
    return read_flag(in, &in->out->public_logs, e);
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
    json_object_foreach((json_t *)(uintptr_t)value_of(in), key, value)
    {
        int i = 0;
        while (i < LIMITS && strcmp(limit_rules[i].name, key) != 0)
            i++;
        if (i == LIMITS)
            return unknown(in->form, in->name, key, "limit", e);
    }
    return 0;
}

static int check_object(const struct input *in, struct err *e)
{
    if (!json_is_object(value_of(in)))
        return form_invalid(in->form, in->name, "dict_type", e,
                            "Input should be a valid dictionary");
    return 0;
}

static int read_limits(const struct input *in, struct err *e)
{
    if (check_object(in, e) < 0 || check_limit_names(in, e) < 0)
        return -1;
    struct request *req = in->form->req;
    const char *place = arena_printf(req->arena, "%s.%s", in->form->place, in->name);
    struct form inner = {req, place, value_of(in)};
    for (int i = 0; i < LIMITS; i++) {
        struct input one = {&inner, limit_rules[i].name, in->out};
        if (value_of(&one) && read_number(&one, &limit_rules[i], &in->out->limits[i], e) < 0)
            return -1;
    }
    return 0;
}

static int check_variable(const struct input *in, const char *key, const json_t *value,
                          struct err *e)
{
    if (!variable_key_ok(str_of(key)))
        return form_invalid(in->form, in->name, "value_error", e,
                            "Value error, a name has " VARIABLE_KEY_RULE);
    if (variable_key_reserved(key))
        return form_invalid(in->form, in->name, "value_error", e,
                            "Value error, '%s' is reserved for the platform", key);
    struct str text = {json_string_value(value), json_string_length(value)};
    if (!json_is_string(value) || !files_is_text(text))
        return form_invalid(in->form, in->name, "string_type", e,
                            "Value of '%s' should be text without NUL", key);
    return 0;
}

static int read_environment(const struct input *in, struct err *e)
{
    const char *key;
    json_t *value, *environment = (json_t *)(uintptr_t)value_of(in);
    if (check_object(in, e) < 0)
        return -1;
    json_object_foreach(environment, key, value)
    {
        if (check_variable(in, key, value, e) < 0)
            return -1;
    }
    if (json_dumpb(environment, NULL, 0, JSON_COMPACT) > ENVIRONMENT_MAX)
        return form_invalid(in->form, in->name, "value_error", e,
                            "Value error, the environment is above 64 KB");
    in->out->environment = environment;
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
    {"project_id", read_project},
    {"access", read_access},
    {"rate_limit", read_rate_limit},
    {"client_rate_limit", read_client_rate_limit},
    {"status", read_status},
    {"network_enabled", read_network},
    {"public_logs", read_public_logs},
    {"limits", read_limits},
    {"concurrency", read_concurrency},
    {"queue", read_queue},
    {"reuse", read_reuse},
    {"snapstart", read_snapstart},
    {"environment", read_environment},
};

int functions_read_change(const struct form *form, struct function_change *change, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (!form_has(form, fields[i].name))
            continue;
        if (fields[i].read(&(struct input){form, fields[i].name, change}, e) < 0)
            return -1;
        change->any = true;
    }
    return 0;
}

int functions_refuse_unknown(const struct form *form, struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)form->object, key, value)
    {
        size_t i = 0;
        while (i < ARRAY_LEN(fields) && strcmp(fields[i].name, key) != 0)
            i++;
        if (i == ARRAY_LEN(fields))
            return unknown(form, NULL, key, "setting", e);
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
    int rc = functions_read_change(&(struct form){req, place, object}, change, e);
    json_decref(object);
    return rc;
}
