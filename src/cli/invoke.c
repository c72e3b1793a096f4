/* invoke — input and result pass through as the bytes they are: no tree that would round numbers.
 */
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/when.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 6 << 20 };

const struct option_spec invoke_options[] = {
    {'q', "quiet", NULL, "leaves out what the function printed"},
    {0},
};

static int read_input(const char *arg, struct buf *ret, struct err *e)
{
    if (!arg)
        buf_addz(ret, "{}");
    else if (strcmp(arg, "-") == 0)
        return fd_read_all(STDIN_FILENO, INPUT_MAX, ret, e) < 0 ? err_in(e, "standard input") : 0;
    else if (arg[0] == '@')
        return fd_read_file(arg + 1, INPUT_MAX, ret, e);
    else
        buf_addz(ret, arg);
    return 0;
}

static int make_body(const char *arg, struct buf *ret, struct err *e)
{
    auto_buf struct buf input = {0};
    if (read_input(arg, &input, e) < 0)
        return err_in(e, "input");
    if (json_check(buf_str(&input), e) < 0) {
        e->code = ERR_INVALID;
        return err_in(e, "the input is no JSON");
    }
    buf_addz(ret, "{\"input\":");
    buf_add_str(ret, buf_str(&input));
    buf_addz(ret, "}");
    return 0;
}

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

static int call(struct cli *c, const char *name, struct str body, struct buf *ret, struct err *e)
{
    auto_buf struct buf path = {0};
    struct client *client;
    buf_addz(&path, "/api/invoke/");
    if (cli_client(c, &client, e) < 0 || find_id(c, name, &path, e) < 0)
        return -1;
    struct client_request req = {.method = "POST",
                                 .path = path.data,
                                 .content_type = "application/json",
                                 .body = body,
                                 .patient = true};
    return client_call(client, &req, ret, e);
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

static void show_line(struct term *t, enum style style, struct str text)
{
    if (text.n == 0)
        return;
    term_show(t, style, text);
    if (text.p[text.n - 1] != '\n')
        term_say(t, STYLE_PLAIN, "\n");
}

static void show_printed(struct cli *c, struct str answer)
{
    auto_json json_t *out = NULL, *err = NULL;
    if (options_has(&c->options, "quiet"))
        return;
    show_line(&c->err, STYLE_DIM, member_text(answer, "stdout", &out));
    show_line(&c->err, STYLE_DIM, member_text(answer, "stderr", &err));
}

static void show_failure(struct cli *c, struct str answer, struct str status)
{
    auto_json json_t *error = NULL, *traceback = NULL;
    term_say(&c->err, STYLE_RED, "virga: ");
    term_show(&c->err, STYLE_BOLD, status.n ? status : STR("error"));
    term_say(&c->err, STYLE_PLAIN, ": ");
    show_line(&c->err, STYLE_PLAIN, member_text(answer, "error", &error));
    show_line(&c->err, STYLE_PLAIN, member_text(answer, "traceback", &traceback));
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

int invoke_run(struct cli *c, struct err *e)
{
    auto_buf struct buf body = {0}, answer = {0};
    auto_json json_t *status_tree = NULL;
    struct str output = {0};
    if (make_body(cli_arg(c, 1), &body, e) < 0)
        return -1;
    if (call(c, cli_arg(c, 0), buf_str(&body), &answer, e) < 0)
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
