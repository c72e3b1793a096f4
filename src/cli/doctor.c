#include "base/must.h"
#include "cli/command.h"
#include "cli/pretty.h"
#include "cluster/cluster.h"
#include "runtimes/runtimes.h"
#include "sandbox/probe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURE_COLUMN = 24 };

const struct option_spec doctor_options[] = {
    {0, "runners", "DIR", "where the runners are (default: as the server finds them)"},
    {0},
};

static const struct {
    const char *name;
    enum style style;
} states[] = {
    [PROBE_WORKS] = {"works", STYLE_GREEN},
    [PROBE_WEAKER] = {"weaker", STYLE_YELLOW},
    [PROBE_MISSING] = {"missing", STYLE_RED},
};

static void print_one(struct cli *c, const struct probe_result *r)
{
    term_say(&c->out, states[r->state].style, "%-7s", states[r->state].name);
    term_say(&c->out, STYLE_PLAIN, "  %-*s  ", FEATURE_COLUMN, r->feature);
    term_show(&c->out, STYLE_PLAIN, str_of(r->detail));
    term_say(&c->out, STYLE_PLAIN, "\n");
    if (r->fix[0]) {
        term_say(&c->out, STYLE_BOLD, "         fix: ");
        term_show(&c->out, STYLE_PLAIN, str_of(r->fix));
        term_say(&c->out, STYLE_PLAIN, "\n");
    }
}

static void print_json(struct cli *c, const struct probe_result *results, size_t count)
{
    auto_json json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(all,
                                    json_pack("{s:s, s:s, s:s, s:s}", "feature", results[i].feature,
                                              "state", states[results[i].state].name, "detail",
                                              results[i].detail, "fix", results[i].fix));
    char *text = json_dumps(all, JSON_COMPACT);
    cli_print_json(c, str_of(text));
    free(text);
}

static void add_weaker(const struct probe_result *r, struct buf *words)
{
    if (r->state == PROBE_WEAKER && r->weaker)
        buf_addf(words, "%s%s", words->len ? "," : "", r->weaker);
}

static void conclude(struct cli *c, size_t missing, const struct buf *words)
{
    if (missing)
        term_say(&c->out, STYLE_RED, "\n'virga serve' does not start here: %zu missing.\n",
                 missing);
    else if (words->len)
        term_say(&c->out, STYLE_YELLOW,
                 "\n'virga serve' starts here only with --allow-weaker %s,\n"
                 "which gives up what these protect from.\n",
                 words->data);
    else
        term_say(&c->out, STYLE_GREEN, "\n'virga serve' starts here with every protection.\n");
}

int doctor_run(struct cli *c, struct err *e)
{
    char found[PATH_MAX + 32];
    struct probe_result results[PROBE_RESULTS_MAX] = {0};
    size_t missing = 0;
    auto_buf struct buf words = {0};
    const char *runners = options_value(&c->options, "runners");
    if (!runners && runtimes_find_runners(found, sizeof found, e) < 0)
        return -1;
    size_t count = probe_all(runners ? runners : found, results, PROBE_RESULTS_MAX);
    count += cluster_probe(NULL, results + count, PROBE_RESULTS_MAX - count);
    if (c->json)
        print_json(c, results, count);
    for (size_t i = 0; i < count; i++) {
        must(results[i].state < ARRAY_LEN(states));
        missing += results[i].state == PROBE_MISSING;
        if (!c->json)
            print_one(c, &results[i]);
        add_weaker(&results[i], &words);
    }
    if (!c->json)
        conclude(c, missing, &words);
    return missing ? CLI_FAILED : CLI_OK;
}
