#include "cli/command.h"

int version_run(struct cli *c, struct err *e)
{
    (void)e;
    if (c->json)
        cli_print_json(c, STR("{\"version\":\"" VIRGA_VERSION "\"}"));
    else
        term_say(&c->out, STYLE_PLAIN, "virga %s\n", VIRGA_VERSION);
    return CLI_OK;
}
