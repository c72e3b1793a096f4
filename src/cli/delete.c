#include "cli/ask.h"
#include "cli/command.h"

const struct option_spec delete_options[] = {
    {'y', "yes", NULL, "does not ask"},
    {0},
};

static int confirm(struct cli *c, const json_t *fn, struct err *e)
{
    auto_buf struct buf question = {0};
    buf_addf(&question, "Delete '%s' with all its versions and call records?",
             cli_text(fn, "name").p);
    return ask_yes(c, question.data, "nothing deleted", e);
}

int delete_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || cli_function_path(fn, "", &path, e) < 0 ||
        confirm(c, fn, e) < 0 || cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted %s", cli_text(fn, "name").p);
}
