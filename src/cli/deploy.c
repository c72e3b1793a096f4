#include "cli/command.h"
#include "cli/load.h"
#include "cli/manifest.h"
#include "cli/source.h"

#include <string.h>

static const char MANIFEST[] = "virga.json";

/* Merges the options into virga.json; without any, the file is uploaded as it was written. */
static int settle_manifest(struct cli *c, struct source *source, json_t **ret, struct err *e)
{
    struct source_file *file = source_find(source, MANIFEST);
    if (manifest_parse(file ? buf_str(&file->bytes) : STR(""), ret, e) < 0)
        return -1;
    int changed = manifest_merge(*ret, &c->options, e);
    if (changed <= 0)
        return changed;
    char *text = json_dumps(*ret, JSON_INDENT(2));
    source_put(source, MANIFEST, str_of(text));
    free(text);
    return 0;
}

static void add_query(struct buf *path, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_addf(path, "%s%s=", strchr(path->data, '?') ? "&" : "?", name);
    client_escape(path, value.p);
}

/* --project wins over virga.json, that over what is in use otherwise. NULL: the server decides. */
static const char *project_of(const struct cli *c, const json_t *manifest)
{
    bool wanted = options_has(&c->options, "project");
    return wanted || !json_object_get(manifest, "project") ? cli_project(c) : NULL;
}

static void make_path(const struct cli *c, const struct source *s, const json_t *manifest,
                      struct buf *ret)
{
    struct str name = cli_text(manifest, "name");
    buf_addz(ret, "/api/deploy");
    add_query(ret, "name", name.n ? name : str_of(s->name));
    add_query(ret, "runtime", cli_text(manifest, "runtime")); /* else the entry file tells */
    add_query(ret, "handler", cli_text(manifest, "handler"));
    add_query(ret, "project", str_of(project_of(c, manifest)));
}

static void warn_skipped(struct cli *c, const struct source *s)
{
    if (s->skipped_count == 0)
        return;
    term_say(&c->err, STYLE_YELLOW, "virga: %zu symbolic link%s left out: ", s->skipped_count,
             s->skipped_count == 1 ? "" : "s");
    term_show(&c->err, STYLE_PLAIN, str_of(s->skipped[0]));
    term_say(&c->err, STYLE_PLAIN, "%s\n", s->skipped_count > 1 ? ", ..." : "");
}

/* The id is ours to paste into a shell only when it cannot mean anything there. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", s.p[i]))
            return false;
    return s.n > 0;
}

static void report(struct cli *c, const json_t *fn)
{
    struct str id = cli_text(fn, "id"), access = cli_text(fn, "access");
    term_say(&c->out, STYLE_GREEN, "deployed ");
    term_show(&c->out, STYLE_BOLD, cli_text(fn, "name"));
    term_say(&c->out, STYLE_PLAIN,
             " version %" JSON_INTEGER_FORMAT "\n  id       %s\n  runtime  %s\n",
             cli_integer(fn, "active_version"), id.p, cli_text(fn, "runtime").p);
    if (json_is_true(json_object_get(fn, "network_enabled")))
        term_say(&c->out, STYLE_PLAIN, "  network  on\n");
    if (!is_plain(id))
        return;
    bool keyed = access.n > 0 && !str_is(access, "public");
    term_say(&c->out, STYLE_PLAIN,
             "\n  curl -X POST '%s/api/invoke/" STR_FMT "'%s "
             "-H 'Content-Type: application/json' -d '{\"input\": {}}'\n",
             client_server(c->client), STR_ARG(id),
             keyed ? " -H \"Authorization: Bearer $VIRGA_KEY\"" : "");
}

/* --- whether it loads --- */

/* The version is saved; what does not load is learnt now and not by the first caller. Nobody can
 * call an inactive function. */
static int load(struct cli *c, const json_t *fn, struct err *e)
{
    auto_json json_t *result = NULL;
    if (options_has(&c->options, "no-load") || !str_is(cli_text(fn, "status"), "active"))
        return CLI_OK;
    if (load_ask(c, fn, &result, e) < 0) {
        cli_hint(c, "the version is saved, but was not loaded; --no-load leaves that out");
        return -1;
    }
    if (json_is_true(json_object_get(result, "loaded")))
        return CLI_OK;
    load_show_failure(c, fn, result);
    return CLI_FAILED;
}

static int upload(struct cli *c, const struct source *s, const json_t *manifest, struct err *e)
{
    struct client *client;
    auto_buf struct buf path = {0}, tar = {0}, answer = {0};
    if (source_tar(s, &tar, e) < 0 || cli_client(c, &client, e) < 0)
        return -1;
    make_path(c, s, manifest, &path);
    struct client_request req = {.method = "POST",
                                 .path = path.data,
                                 .content_type = "application/x-tar",
                                 .body = buf_str(&tar)};
    if (client_call(client, &req, &answer, e) < 0)
        return -1;
    auto_json json_t *fn = json_loadb(answer.data, answer.len, JSON_ALLOW_NUL, NULL);
    if (c->json)
        cli_print_json(c, buf_str(&answer));
    else
        report(c, fn);
    fflush(c->out.file); /* first what was done, then what is wrong with it */
    return load(c, fn, e);
}

int deploy_run(struct cli *c, struct err *e)
{
    auto_source struct source source = {0};
    auto_json json_t *manifest = NULL;
    if (source_collect(cli_arg(c, 0), &source, e) < 0)
        return -1;
    warn_skipped(c, &source);
    if (settle_manifest(c, &source, &manifest, e) < 0)
        return -1;
    return upload(c, &source, manifest, e);
}
