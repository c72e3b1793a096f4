#include "usage/usage.h"

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "calls/calls.h"
#include "engine/engine.h"
#include "gateway/gateway.h"
#include "usage/process.h"

#include <inttypes.h>
#include <unistd.h>

static void health(struct http_exchange *x)
{
    http_answer(x, &(struct response){
                       .status = 200,
                       .body = STR("{\"status\":\"ok\",\"version\":\"" VIRGA_VERSION "\"}")});
}

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %.17g\n", name, help, name, name, value);
}

static void add_process(struct buf *out, const struct app *app)
{
    struct http_stats http = {0};
    http_server_stats(app->http, &http);
    gauge(out, "virga_process_start_time_seconds", "When the server started.",
          (double)app->started_us / 1e6);
    gauge(out, "virga_server_resident_bytes", "Memory of the server process.",
          (double)process_resident(getpid()));
    gauge(out, "virga_spawner_resident_bytes", "Memory of the spawner process.",
          (double)process_resident(app->spawner));
    gauge(out, "virga_http_connections", "Open client connections.", http.connections);
    gauge(out, "virga_http_buffered_bytes", "Request bodies in memory.",
          (double)http.buffered_bytes);
    buf_addf(
        out,
        "# HELP virga_http_requests_total Requests answered.\n# TYPE virga_http_requests_total "
        "counter\nvirga_http_requests_total %" PRIu64
        "\n# HELP virga_http_refused_total Requests refused as malformed or over a bound.\n"
        "# TYPE virga_http_refused_total counter\nvirga_http_refused_total %" PRIu64 "\n",
        http.requests, http.refused);
}

static void add_records(struct buf *out, const struct app *app)
{
    struct calls_stats calls = {0};
    calls_stats(app->calls, &calls);
    gauge(out, "virga_call_records_queued", "Call records on their way to the store.",
          (double)calls.queued);
    gauge(out, "virga_call_records_failing", "1 while the store refuses call records.",
          calls.failing);
    buf_addf(out,
             "# HELP virga_call_records_total Call records by what became of them.\n"
             "# TYPE virga_call_records_total counter\n"
             "virga_call_records_total{state=\"written\"} %" PRIu64
             "\nvirga_call_records_total{state=\"dropped\"} %" PRIu64 "\n",
             calls.written, calls.dropped);
}

static void add_gateway(struct buf *out, const struct app *app)
{
    struct gateway_stats g = {0};
    gateway_stats(app->gateway, &g);
    gauge(out, "virga_projects", "Projects known to the gateway.", g.projects);
    gauge(out, "virga_routes", "Routes of all projects.", g.routes);
    buf_addf(out,
             "# HELP virga_gateway_requests_total Requests to projects by what became of them.\n"
             "# TYPE virga_gateway_requests_total counter\n"
             "virga_gateway_requests_total{outcome=\"routed\"} %" PRIu64
             "\nvirga_gateway_requests_total{outcome=\"unmatched\"} %" PRIu64
             "\nvirga_gateway_requests_total{outcome=\"limited\"} %" PRIu64
             "\nvirga_gateway_requests_total{outcome=\"denied\"} %" PRIu64 "\n",
             g.routed, g.unmatched, g.limited, g.denied);
}

static void metrics(struct http_exchange *x)
{
    const struct app *app = http_exchange_request(x)->app;
    auto_buf struct buf text = {0};
    engine_metrics(app->engine, &text);
    add_records(&text, app);
    add_gateway(&text, app);
    add_process(&text, app);
    http_answer(x, &(struct response){.status = 200,
                                      .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                      .body = buf_str(&text)});
}

const struct route usage_routes[] = {
    {HTTP_GET, "/api/health", PERM_PUBLIC, PLANE_DATA, NULL, health},
    {HTTP_GET, "/metrics", PERM_METRICS_READ, PLANE_DATA, NULL, metrics},
    {0},
};
