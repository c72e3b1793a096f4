/* functions_json — functions and versions as clients see them (contracts 1.3 and additions).
 *
 * Written straight into a buffer, without a tree in between: lists of hundreds are asked for again
 * and again, and a tree takes an allocation for every member of every row. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "functions/functions_input.h"
#include "http/compress.h"
#include "http/http.h"

/* A member's beginning: ,"name": */
#define MEMBER(out, name) buf_add(out, ",\"" name "\":", sizeof ",\"" name "\":" - 1)

static void add_number(struct buf *out, uint32_t n)
{
    char digits[12], *p = digits + sizeof digits;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    buf_add(out, p, (size_t)(digits + sizeof digits - p));
}

static void add_text(struct buf *out, const char *text)
{
    json_add_string(out, str_of(text));
}

static void add_bool(struct buf *out, bool value)
{
    buf_addz(out, value ? "true" : "false");
}

/* A number with a fraction stays one: 64.0, 0.05. */
static void add_scaled(struct buf *out, uint32_t n, uint32_t scale)
{
    add_number(out, n / scale);
    buf_add(out, ".", 1);
    do {
        n %= scale;
        scale /= 10;
        add_number(out, n / scale);
    } while (scale > 1 && n % scale);
}

static void add_limits(struct buf *out, const struct function *fn)
{
    for (int i = 0; i < LIMITS; i++) {
        const struct limit_rule *rule = &limit_rules[i];
        buf_addz(out, i ? ",\"" : "{\"");
        buf_addz(out, rule->name);
        buf_add(out, "\":", 2);
        if (rule->scale == 1)
            add_number(out, fn->limits[i]);
        else
            add_scaled(out, fn->limits[i], rule->scale);
    }
    buf_add(out, "}", 1);
}

/* Names only: a value leaves the server towards the function and nowhere else. Null when it cannot
 * be opened (its key is lost): the rest of the function, and all other functions, must still be
 * seen. */
static void add_masked(struct buf *out, const struct functions *f, const struct function *fn)
{
    json_t *clear = NULL, *value;
    const char *key, *before = "{";
    struct err why = {0};
    if (!fn->environment.p) {
        buf_add(out, "{}", 2);
    } else if (rules_environment_open(f, fn, &clear, &why) < 0) {
        buf_add(out, "null", 4);
    } else {
        json_object_foreach(clear, key, value)
        {
            buf_addz(out, before);
            add_text(out, key);
            buf_addz(out, ":\"" MASKED "\"");
            before = ",";
        }
        buf_add(out, "}", 1);
    }
    json_decref(clear);
}

static void add_time(struct buf *out, int64_t us)
{
    char text[CLOCK_TEXT];
    add_text(out, clock_rfc3339(us, text));
}

static void add_identity(struct buf *out, const struct function *fn)
{
    buf_addz(out, "{\"id\":");
    add_text(out, fn->id);
    MEMBER(out, "name");
    add_text(out, fn->name);
    MEMBER(out, "description");
    add_text(out, fn->description);
    MEMBER(out, "project_id");
    if (fn->project)
        add_text(out, fn->project);
    else
        buf_add(out, "null", 4);
}

static void add_version(struct buf *out, const struct function *fn)
{
    MEMBER(out, "code");
    add_text(out, fn->code);
    MEMBER(out, "active_version");
    add_number(out, fn->active_version);
    MEMBER(out, "runtime");
    add_text(out, fn->runtime);
    MEMBER(out, "handler");
    add_text(out, fn->handler);
    MEMBER(out, "files");
    buf_addz(out, fn->files); /* JSON of ours */
}

static void add_settings(struct buf *out, const struct function *fn)
{
    MEMBER(out, "status");
    add_text(out, fn->active ? "active" : "inactive");
    MEMBER(out, "access");
    add_text(out, access_words[fn->access]);
    MEMBER(out, "rate_limit");
    add_number(out, fn->rate_limit);
    MEMBER(out, "client_rate_limit");
    add_number(out, fn->client_rate_limit);
    MEMBER(out, "network_enabled");
    add_bool(out, fn->network_enabled);
    MEMBER(out, "public_logs");
    add_bool(out, fn->public_logs);
    MEMBER(out, "limits");
    add_limits(out, fn);
    MEMBER(out, "concurrency");
    add_number(out, fn->concurrency);
    MEMBER(out, "queue");
    add_number(out, fn->queue);
    MEMBER(out, "reuse");
    add_text(out, fn->reuse == REUSE_NEVER ? "never" : "always");
    MEMBER(out, "snapstart");
    add_bool(out, fn->snapstart);
}

void functions_add_json(struct buf *out, const struct functions *f, const struct function *fn)
{
    add_identity(out, fn);
    add_version(out, fn);
    add_settings(out, fn);
    MEMBER(out, "environment");
    add_masked(out, f, fn);
    MEMBER(out, "created_at");
    add_time(out, fn->created_us);
    MEMBER(out, "updated_at");
    add_time(out, fn->updated_us);
    buf_add(out, "}", 1);
}

int functions_reply(struct request *req, struct response *res, const struct function *fn)
{
    auto_buf struct buf json = {0};
    functions_add_json(&json, rules_functions(req), fn);
    (void)http_reply_text(req, res, 200, "application/json", buf_str(&json));
    return http_compress(req, res);
}

json_t *functions_files_json(const char *text)
{
    json_t *files = json_loads(text, 0, NULL);
    return files ? files : json_array();
}
