/* invoke — input and result pass through as the bytes they are: no tree that would round numbers.
 * A result in pieces is printed as they come. */
#include "base/json.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/pieces.h"
#include "cli/when.h"

#include <string.h>

const struct option_spec invoke_options[] = {
    {'q', "quiet", NULL, "leaves out what the function printed"},
    {0, "saved", "INPUT", "calls with an input that is saved: 'virga input list NAME'"},
    {0},
};

/* An id calls at once, a name has to be looked up first. */
static int find_id(struct cli *c, const char *name, struct buf *ret, struct err *e)
{
    auto_json json_t *fn = NULL;
    if (cli_is_id(name)) {
        buf_addz(ret, name);
        return 0;
    }
    if (cli_function(c, name, &fn, e) < 0)
        return -1;
    if (cli_text(fn, "id").n == 0)
        return err_set(e, ERR_SYSTEM, "the server named no id for '%s'", name);
    client_escape(ret, cli_text(fn, "id").p);
    return 0;
}

static int saved_body(struct cli *c, const char *id, const char *name, struct buf *ret,
                      struct err *e)
{
    auto_buf struct buf path = {0};
    buf_addf(&path, "/api/functions/%s", id);
    return input_saved(c, path.data, name, ret, e);
}

/* With --json the answer is one object, so the pieces are joined by the server. */
static int call(struct cli *c, struct client *client, const char *id, struct str body,
                struct buf *ret, struct err *e)
{
    auto_buf struct buf path = {0};
    buf_addf(&path, "/api/invoke/%s", id);
    struct client_request req = {.method = "POST",
                                 .path = path.data,
                                 .content_type = "application/json",
                                 .body = body,
                                 .patient = true};
    return c->json ? client_call(client, &req, ret, e) : pieces_call(c, &req, ret, e);
}

/* A member decoded, "" unless it is a string; the caller owns the tree. */
static struct str member_text(struct str answer, const char *name, json_t **ret_tree)
{
    struct err e = {0};
    struct str raw = {0};
    if (json_member(answer, name, &raw, &e) < 0 || !raw.p)
        return STR("");
    *ret_tree = json_loadb(raw.p, raw.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!json_is_string(*ret_tree))
        return STR("");
    return (struct str){json_string_value(*ret_tree), json_string_length(*ret_tree)};
}

static void show_printed(struct cli *c, struct str answer)
{
    auto_json json_t *out = NULL, *err = NULL;
    if (options_has(&c->options, "quiet"))
        return;
    term_show_line(&c->err, STYLE_DIM, member_text(answer, "stdout", &out));
    term_show_line(&c->err, STYLE_DIM, member_text(answer, "stderr", &err));
}

static void show_failure(struct cli *c, struct str answer, struct str status)
{
    auto_json json_t *error = NULL, *traceback = NULL;
    term_say(&c->err, STYLE_RED, "virga: ");
    term_show(&c->err, STYLE_BOLD, status.n ? status : STR("error"));
    term_say(&c->err, STYLE_PLAIN, ": ");
    term_show_line(&c->err, STYLE_PLAIN, member_text(answer, "error", &error));
    term_show_line(&c->err, STYLE_PLAIN, member_text(answer, "traceback", &traceback));
}

static void show_timing(struct cli *c, struct str answer)
{
    struct err e = {0};
    struct str us = {0}, cold = {0};
    uint64_t n = 0;
    char text[WHEN_TEXT];
    if (!c->err.tty && !c->verbose)
        return;
    (void)json_member(answer, "duration_us", &us, &e);
    (void)json_member(answer, "cold_start", &cold, &e);
    (void)str_to_u64(us, &n);
    term_say(&c->err, STYLE_DIM, "%s, %s\n", when_duration(n, text),
             str_is(cold, "true") ? "cold" : "warm");
}

static int exit_status(struct str answer, struct str status)
{
    struct err e = {0};
    struct str success = {0};
    if (json_member(answer, "success", &success, &e) == 0 && str_is(success, "true"))
        return CLI_OK;
    return str_is(status, "platform_error") ? CLI_SERVER : CLI_FAILED;
}

/* What is on the command line is checked before anything is asked of a server. */
static int make_call(struct cli *c, struct buf *ret, struct err *e)
{
    struct client *client;
    auto_buf struct buf id = {0}, body = {0};
    const char *saved = options_value(&c->options, "saved");
    if (saved && cli_arg(c, 1))
        return err_set(e, ERR_INVALID, "give either INPUT or --saved");
    if (!saved && input_body(cli_arg(c, 1), &body, e) < 0)
        return -1;
    if (cli_client(c, &client, e) < 0 || find_id(c, cli_arg(c, 0), &id, e) < 0)
        return -1;
    if (saved && saved_body(c, id.data, saved, &body, e) < 0)
        return -1;
    return call(c, client, id.data, buf_str(&body), ret, e);
}

int invoke_run(struct cli *c, struct err *e)
{
    auto_buf struct buf answer = {0};
    auto_json json_t *status_tree = NULL;
    struct str output = {0};
    if (make_call(c, &answer, e) < 0)
        return -1;
    struct str text = buf_str(&answer), status = member_text(text, "status", &status_tree);
    int exit = exit_status(text, status);
    if (c->json) {
        cli_print_json(c, text);
        return exit;
    }
    show_printed(c, text);
    if (exit != CLI_OK)
        show_failure(c, text, status);
    else if (json_member(text, "output", &output, e) == 0 && output.p)
        cli_print_json(c, output);
    show_timing(c, text);
    return exit;
}
