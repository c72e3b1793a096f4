#include "engine/private.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>

/* Upper bounds; a warm call takes a tenth of a millisecond, so that is where they begin. */
static const uint64_t bounds_us[METRICS_BUCKETS - 1] = {100,    200,    500,     1000,    2000,
                                                        5000,   10000,  20000,   50000,   100000,
                                                        250000, 500000, 1000000, 5000000, 30000000};
static const char *const bound_names[METRICS_BUCKETS] = {
    "0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.02",
    "0.05",   "0.1",    "0.25",   "0.5",   "1",     "5",     "30",   "+Inf"};
static const char *const phase_names[] = {"placement", "load", "handler"};

void metrics_add(struct histogram *h, uint64_t us)
{
    int i = 0;
    while (i < METRICS_BUCKETS - 1 && us > bounds_us[i])
        i++;
    h->buckets[i]++;
    h->count++;
    h->sum_us += us;
}

void metrics_call(struct metrics *m, const struct call_record *r)
{
    m->calls[r->status]++;
    metrics_add(&m->duration, r->duration_us);
    if (!r->cold)
        return;
    m->cold++;
    metrics_add(&m->cold_phase[0], r->phases.place_us);
    metrics_add(&m->cold_phase[1], r->phases.load_us);
    metrics_add(&m->cold_phase[2], r->phases.handler_us);
}

static void add_histogram(struct buf *out, const char *name, const char *label,
                          const struct histogram *h)
{
    uint64_t below = 0;
    const char *comma = *label ? "," : "", *open = *label ? "{" : "", *close = *label ? "}" : "";
    for (int i = 0; i < METRICS_BUCKETS; i++) {
        below += h->buckets[i];
        buf_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, label, comma, bound_names[i],
                 below);
    }
    buf_addf(out, "%s_sum%s%s%s %.6f\n", name, open, label, close, (double)h->sum_us / 1e6);
    buf_addf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, label, close, h->count);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_calls(const struct engine *e, struct buf *out)
{
    head(out, "virga_calls_total", "counter", "Calls by how they ended.");
    for (int s = 0; s < CALL_STATUSES; s++)
        buf_addf(out, "virga_calls_total{status=\"%s\"} %" PRIu64 "\n",
                 call_status_name((enum call_status)s), e->metrics.calls[s]);
    head(out, "virga_call_duration_seconds", "histogram", "From arrival to answer.");
    add_histogram(out, "virga_call_duration_seconds", "", &e->metrics.duration);
    head(out, "virga_cold_start_seconds", "histogram", "Where cold calls spend their time.");
    for (int p = 0; p < 3; p++) {
        char label[32];
        snprintf(label, sizeof label, "phase=\"%s\"", phase_names[p]);
        add_histogram(out, "virga_cold_start_seconds", label, &e->metrics.cold_phase[p]);
    }
}

static void add_pool(const struct engine *e, struct buf *out)
{
    static const char *const names[SLOT_STATES] = {"starting", "blank",  "limiting", "busy",
                                                   "idle",     "leased", "dying"};
    head(out, "virga_slots", "gauge", "Sandboxes by state.");
    for (int s = 0; s < SLOT_STATES; s++)
        buf_addf(out, "virga_slots{state=\"%s\"} %u\n", names[s], e->pool.count[s]);
    head(out, "virga_slots_max", "gauge", "Sandboxes allowed at the same time.");
    buf_addf(out, "virga_slots_max %u\n", e->config.slots_max);
    head(out, "virga_slots_started_total", "counter", "Sandboxes made.");
    buf_addf(out, "virga_slots_started_total %" PRIu64 "\n", e->metrics.slots_started);
    head(out, "virga_slots_failed_total", "counter", "Sandboxes that could not be made.");
    buf_addf(out, "virga_slots_failed_total %" PRIu64 "\n", e->metrics.slots_failed);
    head(out, "virga_slot_copy_seconds", "histogram", "Time to copy a template into a sandbox.");
    add_histogram(out, "virga_slot_copy_seconds", "", &e->metrics.copy);
    head(out, "virga_calls_waiting", "gauge", "Calls waiting for a slot.");
    buf_addf(out, "virga_calls_waiting %u\n", e->waiting);
    head(out, "virga_functions", "gauge", "Functions that can be called.");
    buf_addf(out, "virga_functions %zu\n", e->functions.count);
    head(out, "virga_code_cache_bytes", "gauge", "Code of function versions kept in memory.");
    buf_addf(out, "virga_code_cache_bytes %zu\n", e->code_bytes);
}

static void add_templates(const struct engine *e, struct buf *out)
{
    unsigned up;
    size_t bytes;
    variant_stats(e, &up, &bytes);
    head(out, "virga_templates", "gauge", "Templates with packages, databases or code loaded.");
    buf_addf(out, "virga_templates %u\n", up);
    head(out, "virga_template_bytes", "gauge", "Memory that these hold.");
    buf_addf(out, "virga_template_bytes %zu\n", bytes);
}

void engine_metrics(const struct engine *e, struct buf *out)
{
    add_calls(e, out);
    add_pool(e, out);
    add_templates(e, out);
}

void engine_stats(const struct engine *e, struct engine_stats *ret)
{
    for (int s = 0; s < CALL_STATUSES; s++)
        ret->calls[s] = e->metrics.calls[s];
    ret->cold_starts = e->metrics.cold;
    ret->slots_idle = e->pool.count[SLOT_IDLE];
    ret->slots_busy = e->pool.count[SLOT_BUSY] + e->pool.count[SLOT_LEASED];
    ret->slots_starting = e->pool.count[SLOT_STARTING] + e->pool.count[SLOT_LIMITING];
    ret->slots_blank = e->pool.count[SLOT_BLANK];
    ret->slots_max = e->config.slots_max;
    ret->queued = e->waiting;
    ret->functions = (unsigned)e->functions.count;
    variant_stats(e, &ret->templates, &ret->template_bytes);
}

const char *engine_runtime_version(const struct engine *e, unsigned index)
{
    return index < e->nursery_count ? e->nurseries[index].version : NULL;
}
