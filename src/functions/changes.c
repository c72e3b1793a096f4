#include "functions/changes.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "functions/rules.h"

#include <string.h>

static int write_line(struct request *req, const char *action, const char *object,
                      const struct buf *detail, struct err *e)
{
    return audit_write(req->context, req, action, object, detail->data, e);
}

static const char *place_of(const struct function *fn)
{
    return fn->project ? fn->project : fn->id;
}

int changes_write(struct request *req, const char *action, const struct function *fn,
                  const char *more, struct err *e)
{
    auto_buf struct buf detail = {0};
    buf_addf(&detail, "%s%s%s", fn->name, more ? ", " : "", more ? more : "");
    return write_line(req, action, place_of(fn), &detail, e);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Names as the API has them, ", " before each. */
static void add_settings(struct buf *out, const struct function *a, const struct function *b)
{
    const struct {
        const char *name;
        bool same;
    } settings[] = {
        {"project", same_text(a->project, b->project)},
        {"description", same_text(a->description, b->description)},
        {"runtime", same_text(a->runtime, b->runtime)},
        {"handler", same_text(a->handler, b->handler)},
        {"status", a->active == b->active},
        {"access", a->access == b->access},
        {"rate_limit", a->rate_limit == b->rate_limit},
        {"client_rate_limit", a->client_rate_limit == b->client_rate_limit},
        {"network_enabled", a->network_enabled == b->network_enabled},
        {"public_logs", a->public_logs == b->public_logs},
        {"concurrency", a->concurrency == b->concurrency},
        {"queue", a->queue == b->queue},
        {"reuse", a->reuse == b->reuse},
        {"snapstart", a->snapstart == b->snapstart},
        {"environment", str_eq(a->environment, b->environment)},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!settings[i].same)
            buf_addf(out, ", %s", settings[i].name);
    for (int i = 0; i < LIMITS; i++)
        if (a->limits[i] != b->limits[i])
            buf_addf(out, ", %s", limit_rules[i].name);
}

int changes_saved(struct request *req, const struct function *before, const struct function *after,
                  uint32_t version, struct err *e)
{
    auto_buf struct buf detail = {0};
    const char *action = version ? "function.deploy" : "function.change";
    const char *from = place_of(before), *to = place_of(after);
    buf_addz(&detail, after->name);
    size_t bare = detail.len;
    if (!same_text(before->name, after->name))
        buf_addf(&detail, ", was %s", before->name);
    if (version)
        buf_addf(&detail, ", version %u", version);
    add_settings(&detail, before, after);
    if (detail.len == bare)
        return 0;
    if (!same_text(from, to) && write_line(req, action, from, &detail, e) < 0)
        return -1;
    return write_line(req, action, to, &detail, e);
}
