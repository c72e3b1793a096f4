#include "cli/command.h"

#include <stdio.h>
#include <unistd.h>

const struct option_spec delete_options[] = {
    {'y', "yes", NULL, "does not ask"},
    {0},
};

static int confirm(struct cli *c, const json_t *fn, struct err *e)
{
    char answer[16] = "";
    if (options_has(&c->options, "yes"))
        return 0;
    if (isatty(STDIN_FILENO) != 1)
        return err_set(e, ERR_INVALID, "nobody to ask whether to delete: give --yes");
    term_say(&c->err, STYLE_PLAIN, "Delete '");
    term_show(&c->err, STYLE_BOLD, cli_text(fn, "name"));
    term_say(&c->err, STYLE_PLAIN, "' with all its versions and call records? [y/N] ");
    (void)fflush(c->err.file);
    if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return err_set(e, ERR_INVALID, "nothing deleted");
    return 0;
}

int delete_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf path = {0}, answer = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || confirm(c, fn, e) < 0)
        return -1;
    if (cli_function_path(fn, "", &path, e) < 0)
        return -1;
    struct client_request req = {.method = "DELETE", .path = path.data};
    if (client_call(c->client, &req, &answer, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&answer));
        return CLI_OK;
    }
    term_say(&c->out, STYLE_PLAIN, "deleted ");
    term_show(&c->out, STYLE_BOLD, cli_text(fn, "name"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}
