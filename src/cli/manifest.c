#include "cli/manifest.h"

#include "base/mem.h"
#include "base/must.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

const struct option_spec manifest_options[] = {
    {'n', "name", "NAME",
     "what the function is called (default: virga.json, else the file's name)"},
    {'r', "runtime", "RUNTIME", "python, node, ... (default: told by the entry file)"},
    {0, "handler", "FILE.NAME", "what is called, such as main.handler"},
    {'e', "env", "KEY=VALUE", "an environment variable; may be repeated"},
    {'m', "memory", "SIZE", "memory limit: 256 or 256m for megabytes, 1g"},
    {'t', "timeout", "TIME", "longest time for a call: 30s, 500ms, 2m; plain seconds"},
    {0, "cpu", "CORES", "processor time: 0.5 is half a core"},
    {0, "concurrency", "COUNT", "calls that may run at the same time"},
    {0, "reuse", "WHEN", "always: keep a sandbox for later calls; never: a fresh copy for each"},
    {0, "access", "WHO", "who may call it: public, key or private"},
    {0},
};

int manifest_parse(struct str text, json_t **ret, struct err *e)
{
    json_error_t why;
    if (text.n == 0) {
        *ret = json_object();
        return 0;
    }
    json_t *tree = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!tree)
        return err_set(e, ERR_INVALID, "virga.json, line %d: %s", why.line, why.text);
    if (!json_is_object(tree)) {
        json_decref(tree);
        return err_set(e, ERR_INVALID, "virga.json must hold an object: {\"name\": ...}");
    }
    *ret = tree;
    return 0;
}

/* A number and its unit; `ret_unit` points behind the number. */
static bool number(const char *text, double *ret, char **ret_unit)
{
    errno = 0;
    *ret = strtod(text, ret_unit);
    return isdigit((unsigned char)text[0]) && errno == 0 && isfinite(*ret) && *ret < 1e9;
}

struct unit {
    const char *name;
    double factor;
};

static int measure(const char *text, const struct unit *units, const char *hint, json_int_t *ret,
                   struct err *e)
{
    double value;
    char *unit;
    if (number(text, &value, &unit))
        for (; units->name; units++)
            if (strcasecmp(unit, units->name) == 0 && value * units->factor >= 1) {
                *ret = (json_int_t)(value * units->factor);
                return 0;
            }
    return err_set(e, ERR_INVALID, "'%s' is no %s", text, hint);
}

int manifest_duration_ms(const char *text, json_int_t *ret, struct err *e)
{
    static const struct unit units[] = {
        {"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {NULL, 0}};
    return measure(text, units, "duration such as 30s, 500ms or 2m", ret, e);
}

int manifest_megabytes(const char *text, json_int_t *ret, struct err *e)
{
    static const struct unit units[] = {{"", 1},     {"m", 1},     {"mb", 1},
                                        {"g", 1024}, {"gb", 1024}, {NULL, 0}};
    return measure(text, units, "size such as 256m or 1g", ret, e);
}

static int millis(const char *text, json_int_t *ret, struct err *e)
{
    static const struct unit units[] = {{"", 1000}, {"m", 1}, {NULL, 0}};
    return measure(text, units, "number of cores such as 0.5 or 2", ret, e);
}

static int count(const char *text, json_int_t *ret, struct err *e)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};
    return measure(text, units, "number", ret, e);
}

static int put_env(json_t *manifest, const char *text, struct err *e)
{
    const char *equals = strchr(text, '=');
    json_t *env = json_object_get(manifest, "env");
    if (!equals || equals == text)
        return err_set(e, ERR_INVALID, "not KEY=VALUE");
    if (!str_is_utf8(str_of(text)))
        return err_set(e, ERR_INVALID, "not UTF-8");
    if (!env) {
        env = json_object();
        (void)json_object_set_new(manifest, "env", env);
    }
    auto_ptr char *key = mem_dup(text, (size_t)(equals - text));
    if (json_object_set_new(env, key, json_string(equals + 1)) < 0)
        return err_set(e, ERR_INVALID, "'env' in virga.json is no object");
    return 0;
}

/* How an option becomes a member. Exactly one of `number` and `words` is set, or neither: a text.
 */
static const struct member {
    const char *option, *member;
    int (*number)(const char *text, json_int_t *ret, struct err *e);
    const char *const *words;
} members[] = {
    {"name", "name", NULL, NULL},
    {"runtime", "runtime", NULL, NULL},
    {"handler", "handler", NULL, NULL},
    {"memory", "memory_mb", manifest_megabytes, NULL},
    {"timeout", "timeout_ms", manifest_duration_ms, NULL},
    {"cpu", "cpu_millis", millis, NULL},
    {"concurrency", "concurrency", count, NULL},
    {"reuse", "reuse", NULL, (const char *const[]){"always", "never", NULL}},
    {"access", "access", NULL, (const char *const[]){"public", "key", "private", NULL}},
};

static int put_word(json_t *manifest, const struct member *m, const char *value, struct err *e)
{
    bool known = !m->words;
    for (size_t i = 0; m->words && m->words[i]; i++)
        known |= strcmp(m->words[i], value) == 0;
    if (!known)
        return err_set(e, ERR_INVALID, "'%s' is not one of: %s, %s%s%s", value, m->words[0],
                       m->words[1], m->words[2] ? ", " : "", m->words[2] ? m->words[2] : "");
    if (*value == 0)
        return err_set(e, ERR_INVALID, "empty");
    if (json_object_set_new(manifest, m->member, json_string(value)) < 0)
        return err_set(e, ERR_INVALID, "not UTF-8");
    return 0;
}

static int put(json_t *manifest, const char *option, const char *value, struct err *e)
{
    json_int_t n;
    if (strcmp(option, "env") == 0)
        return put_env(manifest, value, e) < 0 ? -1 : 1;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct member *m = &members[i];
        if (strcmp(m->option, option) != 0)
            continue;
        if (!m->number)
            return put_word(manifest, m, value, e) < 0 ? -1 : 1;
        if (m->number(value, &n, e) < 0)
            return -1;
        (void)json_object_set_new(manifest, m->member, json_integer(n));
        return 1;
    }
    return 0; /* not a setting: --json, --server */
}

int manifest_merge(json_t *manifest, const struct options *o, struct err *e)
{
    int sum = 0;
    for (size_t i = 0; i < o->given_count; i++) {
        int n = put(manifest, o->given[i].spec->name, o->given[i].value, e);
        if (n < 0)
            return err_in(e, "--%s", o->given[i].spec->name);
        sum += n;
    }
    return sum;
}
