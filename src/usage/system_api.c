/* system_api — GET /api/system: the state of this server, for its dashboard. On the loop thread,
 * where the engine's numbers are; the protections are looked at once, when the server starts. */
#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/must.h"
#include "engine/engine.h"
#include "runtimes/runtimes.h"
#include "sandbox/probe.h"
#include "store/store.h"
#include "usage/process.h"
#include "usage/usage.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <unistd.h>

static void add_text(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, "\"%s\":", name);
    json_add_string(out, str_of(text));
}

static void add_text_or_null(struct buf *out, const char *name, const char *text)
{
    if (text)
        add_text(out, name, text);
    else
        buf_addf(out, "\"%s\":null", name);
}

static void add_memory(struct buf *out, const struct app *app)
{
    uint64_t total, available;
    process_memory(&total, &available);
    buf_addf(out,
             ",\"memory\":{\"server_bytes\":%" PRIu64 ",\"total_bytes\":%" PRIu64
             ",\"available_bytes\":%" PRIu64 "}",
             process_resident(getpid()) + process_resident(app->spawner), total, available);
}

static void add_engine(struct buf *out, const struct app *app)
{
    struct engine_stats s = {0};
    engine_stats(app->engine, &s);
    buf_addf(out,
             ",\"slots\":{\"idle\":%u,\"busy\":%u,\"starting\":%u,\"blank\":%u,\"max\":%u}"
             ",\"queued\":%u,\"functions\":%u",
             s.slots_idle, s.slots_busy, s.slots_starting, s.slots_blank, s.slots_max, s.queued,
             s.functions);
}

static void add_runtimes(struct buf *out, const struct app *app)
{
    const char *version;
    buf_addz(out, ",\"runtimes\":[");
    for (unsigned i = 0; (version = engine_runtime_version(app->engine, i)); i++) {
        buf_addz(out, i ? ",{" : "{");
        add_text(out, "name", runtimes[i]->name);
        buf_addz(out, ",");
        add_text(out, "version", version);
        buf_addz(out, "}");
    }
    buf_addz(out, "]");
}

static void add_check(struct buf *out, const struct probe_result *r, bool with_fix)
{
    static const char *const states[] = {
        [PROBE_WORKS] = "works", [PROBE_WEAKER] = "weaker", [PROBE_MISSING] = "missing"};
    must(r->state < ARRAY_LEN(states));
    add_text(out, "feature", r->feature);
    buf_addf(out, ",\"state\":\"%s\",", states[r->state]);
    add_text(out, "detail", r->detail);
    buf_addz(out, ",");
    add_text(out, "fix", with_fix ? r->fix : "");
}

static void add_isolation(struct buf *out, const struct app *app, bool with_fixes)
{
    size_t count = atomic_load(app->check_count);
    const char *state = count ? "full" : "checking";
    for (size_t i = 0; i < count; i++)
        if (probe_unprotected(&app->checks[i]))
            state = "weaker";
    buf_addf(out, ",\"isolation\":{\"state\":\"%s\",\"checks\":[", state);
    for (size_t i = 0; i < count; i++) {
        buf_addz(out, i ? ",{" : "{");
        add_check(out, &app->checks[i], with_fixes);
        buf_addz(out, "}");
    }
    buf_addz(out, "]}");
}

static void add_state(struct buf *out, const struct app *app)
{
    char started[CLOCK_TEXT];
    struct http_stats http = {0};
    http_server_stats(app->http, &http);
    buf_addf(out, "{\"version\":\"" VIRGA_VERSION "\",\"started_at\":\"%s\",\"cpus\":%ld",
             clock_rfc3339(app->started_us, started), sysconf(_SC_NPROCESSORS_ONLN));
    add_memory(out, app);
    add_engine(out, app);
    buf_addf(out, ",\"connections\":%u,\"store\":\"%s\",\"egress\":%s,", http.connections,
             store_is_shared(app->store) ? "postgresql" : "sqlite",
             app->no_egress ? "false" : "true");
    add_text_or_null(out, "egress_missing", app->no_egress);
    add_runtimes(out, app);
}

/* How to mend a machine is the business of those who run it. */
static bool is_admin(const struct request *req)
{
    return req->principal->admin && req->principal->scopes & SCOPE_ADMIN;
}

static void system_state(struct http_exchange *x)
{
    const struct request *req = http_exchange_request(x);
    const struct app *app = req->app;
    auto_buf struct buf json = {0};
    add_state(&json, app);
    add_isolation(&json, app, is_admin(req));
    buf_addz(&json, "}");
    http_answer(x, &(struct response){.status = 200, .body = buf_str(&json)});
}

const struct route system_routes[] = {
    {HTTP_GET, "/api/system", PERM_STATS_READ, PLANE_DATA, NULL, system_state},
    {0},
};
