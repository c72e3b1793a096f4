/* functions_json — functions and versions as clients see them (contracts 1.3 and additions). */
#include "base/must.h"
#include "functions/functions_input.h"
#include "http/form.h"

static json_t *limits_json(const struct function *fn)
{
    json_t *limits = json_object();
    for (int i = 0; i < LIMITS; i++) {
        const struct limit_rule *rule = &limit_rules[i];
        json_t *value = rule->scale == 1 ? json_integer(fn->limits[i])
                                         : json_real((double)fn->limits[i] / rule->scale);
        json_object_set_new(limits, rule->name, value);
    }
    return limits;
}

/* Names only: a value leaves the server towards the function and nowhere else. Null when it cannot
 * be opened (its key is lost): the rest of the function, and all other functions, must still be
 * seen. */
static json_t *masked(const struct functions *f, const struct function *fn)
{
    json_t *clear = NULL, *ret = json_object();
    const char *key;
    json_t *value;
    struct err why = {0};
    if (rules_environment_open(f, fn, &clear, &why) < 0) {
        json_decref(ret);
        return json_null();
    }
    json_object_foreach(clear, key, value)
    {
        json_object_set_new(ret, key, json_string(MASKED));
    }
    json_decref(clear);
    return ret;
}

json_t *functions_files_json(const char *text)
{
    json_t *files = json_loads(text, 0, NULL);
    return files ? files : json_array();
}

json_t *functions_to_json(const struct functions *f, const struct function *fn)
{
    json_t *ret = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:i, s:i, s:s,"
        " s:o, s:o, s:o}",
        "id", fn->id, "name", fn->name, "description", fn->description, "code", fn->code,
        "active_version", (int)fn->active_version, "runtime", fn->runtime, "handler", fn->handler,
        "status", fn->active ? "active" : "inactive", "network_enabled", fn->network_enabled,
        "public_logs", fn->public_logs, "files", functions_files_json(fn->files), "limits",
        limits_json(fn), "concurrency", (int)fn->concurrency, "queue", (int)fn->queue, "reuse",
        fn->reuse == REUSE_NEVER ? "never" : "always", "environment", masked(f, fn), "created_at",
        form_time_json(fn->created_us), "updated_at", form_time_json(fn->updated_us));
    must(ret);
    return ret;
}
