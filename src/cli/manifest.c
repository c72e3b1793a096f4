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
    {'r', "runtime", "RUNTIME", "python, nodejs, provided (default: told by the entry file)"},
    {0, "handler", "FILE.NAME", "what is called, such as main.handler"},
    {'e', "env", "KEY=VALUE", "an environment variable; may be repeated"},
    {'m', "memory", "SIZE", "memory limit: 256 or 256m for megabytes, 1g"},
    {'t', "timeout", "TIME", "longest time for a call: 30s, 500ms, 2m; plain seconds"},
    {0, "cpu", "CORES", "processor time: 0.5 is half a core"},
    {0, "concurrency", "COUNT", "calls that may run at the same time"},
    {0, "reuse", "WHEN", "always: keep a sandbox for later calls; never: a fresh copy for each"},
    {0, "snapstart", "WHEN", "on: load Python code once, ahead of cold calls; or off"},
    {0, "network", "WHEN", "on: the function may open connections to the outside; or off"},
    {0, "queue", "COUNT", "calls that may wait beyond that; more are refused with 429"},
    {0, "no-load", NULL, "uploads only, without trying whether the code loads"},
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

/* The object that is a member of `o`, made when it is not there yet. */
static int object_in(json_t *o, const char *name, json_t **ret, struct err *e)
{
    *ret = json_object_get(o, name);
    if (*ret && !json_is_object(*ret))
        return err_set(e, ERR_INVALID, "'%s' in virga.json is no object", name);
    if (!*ret) {
        *ret = json_object();
        (void)json_object_set_new(o, name, *ret);
    }
    return 0;
}

static int put_env(json_t *manifest, const char *text, struct err *e)
{
    const char *equals = strchr(text, '=');
    json_t *environment;
    if (!equals || equals == text)
        return err_set(e, ERR_INVALID, "not KEY=VALUE");
    if (!str_is_utf8(str_of(text)))
        return err_set(e, ERR_INVALID, "not UTF-8");
    if (object_in(manifest, "environment", &environment, e) < 0)
        return -1;
    auto_ptr char *key = mem_dup(text, (size_t)(equals - text));
    (void)json_object_set_new(environment, key, json_string(equals + 1));
    return 0;
}

static int read_word(const char *text, json_t **ret, struct err *e)
{
    *ret = *text ? json_string(text) : NULL;
    return *ret ? 0 : err_set(e, ERR_INVALID, "empty or not UTF-8");
}

static int read_reuse(const char *text, json_t **ret, struct err *e)
{
    if (strcmp(text, "always") != 0 && strcmp(text, "never") != 0)
        return err_set(e, ERR_INVALID, "'%s' is not one of: always, never", text);
    return read_word(text, ret, e);
}

static int read_switch(const char *text, json_t **ret, struct err *e)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
        return err_set(e, ERR_INVALID, "'%s' is not one of: on, off", text);
    *ret = json_boolean(text[1] == 'n');
    return 0;
}

static int read_with(int (*parse)(const char *, json_int_t *, struct err *), const char *text,
                     json_t **ret, struct err *e)
{
    json_int_t n = 0;
    if (parse(text, &n, e) < 0)
        return -1;
    *ret = json_integer(n);
    return 0;
}

static int read_memory(const char *text, json_t **ret, struct err *e)
{
    return read_with(manifest_megabytes, text, ret, e);
}

static int read_timeout(const char *text, json_t **ret, struct err *e)
{
    return read_with(manifest_duration_ms, text, ret, e);
}

static int read_count(const char *text, json_t **ret, struct err *e)
{
    uint64_t n;
    if (!str_to_u64(str_of(text), &n) || n > INT32_MAX)
        return err_set(e, ERR_INVALID, "'%s' is no number", text);
    *ret = json_integer((json_int_t)n);
    return 0;
}

static int read_cores(const char *text, json_t **ret, struct err *e)
{
    double cores;
    char *end;
    if (!number(text, &cores, &end) || *end || cores <= 0)
        return err_set(e, ERR_INVALID, "'%s' is no number of cores such as 0.5 or 2", text);
    *ret = json_real(cores);
    return 0;
}

/* How an option becomes a member of the manifest, or of its object `limits`. */
static const struct member {
    const char *option, *member;
    bool limit;
    int (*read)(const char *text, json_t **ret, struct err *e);
} members[] = {
    {"name", "name", false, read_word},
    {"runtime", "runtime", false, read_word},
    {"handler", "handler", false, read_word},
    {"memory", "memory_mb", true, read_memory},
    {"timeout", "timeout_ms", true, read_timeout},
    {"cpu", "cpu", true, read_cores},
    {"concurrency", "concurrency", false, read_count},
    {"queue", "queue", false, read_count},
    {"reuse", "reuse", false, read_reuse},
    {"snapstart", "snapstart", false, read_switch},
    {"network", "network_enabled", false, read_switch},
};

static int put_member(json_t *manifest, const struct member *m, const char *text, struct err *e)
{
    json_t *value, *into = manifest;
    if (m->read(text, &value, e) < 0)
        return -1;
    if (m->limit && object_in(manifest, "limits", &into, e) < 0) {
        json_decref(value);
        return -1;
    }
    (void)json_object_set_new(into, m->member, value);
    return 0;
}

/* 1: it was a setting; 0: another option, such as --server. */
static int put(json_t *manifest, const char *option, const char *text, struct err *e)
{
    if (strcmp(option, "env") == 0)
        return put_env(manifest, text, e) < 0 ? -1 : 1;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (strcmp(members[i].option, option) == 0)
            return put_member(manifest, &members[i], text, e) < 0 ? -1 : 1;
    return 0;
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
