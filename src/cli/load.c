#include "cli/load.h"

#include "base/mem.h"
#include "cli/command.h"
#include "cli/when.h"

/* "main.py:3:7: SyntaxError: ...", as editors and people read it. */
static void show_place(struct cli *c, const json_t *problem)
{
    term_show(&c->err, STYLE_BOLD, cli_text(problem, "file"));
    term_say(&c->err, STYLE_BOLD, ":%" JSON_INTEGER_FORMAT ":", cli_integer(problem, "line"));
    if (cli_integer(problem, "column"))
        term_say(&c->err, STYLE_BOLD, "%" JSON_INTEGER_FORMAT ":", cli_integer(problem, "column"));
    term_say(&c->err, STYLE_PLAIN, " ");
    term_show(&c->err, STYLE_PLAIN, cli_text(problem, "type"));
    term_say(&c->err, STYLE_PLAIN, ": ");
    term_show_line(&c->err, STYLE_PLAIN, cli_text(problem, "message"));
}

/* A module that some package provides. */
static void offer_package(struct cli *c, const json_t *fn, const json_t *problem)
{
    struct str package = cli_text(problem, "package"), project = cli_text(fn, "project_id");
    bool node = str_is(cli_text(fn, "runtime"), "nodejs");
    if (package.n == 0)
        return;
    term_say(&c->err, STYLE_YELLOW, "%s: virga deps add %s" STR_FMT "\n",
             project.n ? "add the package to its project" : "packages belong to a project; in one",
             node ? "--node " : "", STR_ARG(package));
}

void load_show_failure(struct cli *c, const json_t *fn, const json_t *result)
{
    const json_t *problem = json_object_get(result, "problem");
    term_show_line(&c->err, STYLE_DIM, cli_text(result, "stdout"));
    term_show_line(&c->err, STYLE_DIM, cli_text(result, "stderr"));
    if (json_is_object(problem)) {
        show_place(c, problem);
        offer_package(c, fn, problem);
    } else {
        term_say(&c->err, STYLE_RED, "virga: ");
        term_show_line(&c->err, STYLE_PLAIN, cli_text(result, "error"));
    }
    term_show_line(&c->err, STYLE_PLAIN, cli_text(result, "traceback"));
}

int load_ask(struct cli *c, const json_t *fn, json_t **ret, struct err *e)
{
    struct client *client;
    auto_buf struct buf path = {0}, answer = {0};
    if (cli_client(c, &client, e) < 0 || cli_function_path(fn, "/load", &path, e) < 0)
        return -1;
    struct client_request req = {.method = "POST", .path = path.data, .patient = true};
    if (client_call(client, &req, &answer, e) < 0)
        return -1;
    *ret = json_loadb(answer.data, answer.len, JSON_ALLOW_NUL, NULL);
    if (!json_is_boolean(json_object_get(*ret, "loaded")))
        return err_set(e, ERR_SYSTEM, "the answer to %s is not understood", path.data);
    return 0;
}

int load_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *result = NULL;
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || load_ask(c, fn, &result, e) < 0)
        return -1;
    bool loaded = json_is_true(json_object_get(result, "loaded"));
    if (c->json) {
        auto_ptr char *text = json_dumps(result, JSON_COMPACT);
        cli_print_json(c, str_of(text));
    } else if (loaded) {
        char took[WHEN_TEXT];
        bool cold = json_is_true(json_object_get(result, "cold"));
        when_duration((uint64_t)cli_integer(result, "duration_us"), took);
        term_say(&c->out, STYLE_PLAIN, "version %lld is ready%s%s\n",
                 (long long)cli_integer(result, "version"), cold ? ", loaded in " : "",
                 cold ? took : "");
    } else {
        load_show_failure(c, fn, result);
    }
    return loaded ? CLI_OK : CLI_FAILED;
}
