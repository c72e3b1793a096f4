#include "cli/completion.h"

#include "base/must.h"

#include <string.h>

const char *const completion_lists[NAMES] = {
    [NAMES_FUNCTION] = "list --names",
    [NAMES_PROJECT] = "project list --names",
    [NAMES_PROFILE] = "profile list --names",
};

enum names completion_argument(const struct command *cmd, const struct verb *verb)
{
    const char *synopsis = verb ? verb->synopsis : cmd->synopsis;
    synopsis += *synopsis == '[';
    if (strncmp(synopsis, "SLUG", 4) == 0)
        return NAMES_PROJECT;
    if (strncmp(synopsis, "NAME", 4) != 0)
        return NAMES_NONE;
    if (!verb || cmd->verbs == input_verbs)
        return NAMES_FUNCTION;
    return cmd->verbs == profile_verbs ? NAMES_PROFILE : NAMES_NONE;
}

enum names completion_value(const struct option_spec *option)
{
    if (strcmp(option->name, "project") == 0 || strcmp(option->name, "move-to") == 0)
        return NAMES_PROJECT;
    return strcmp(option->name, "profile") == 0 ? NAMES_PROFILE : NAMES_NONE;
}

bool completion_takes_function(const struct command *cmd)
{
    return completion_argument(cmd, NULL) == NAMES_FUNCTION;
}

void completion_options(struct term *out, const struct command *cmd, completion_each *print)
{
    const struct option_spec *tables[] = {cmd->options,
                                          command_is_elsewhere(cmd) ? NULL : command_common};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct option_spec *s = tables[i]; s && s->name; s++)
            print(out, cmd, s);
    if (command_is_elsewhere(cmd))
        print(out, cmd, &command_common[0]); /* --help */
}

void completion_commands(struct cli *c, bool (*which)(const struct command *),
                         const char *separator)
{
    const char *before = "";
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        if (!which || which(cmd)) {
            term_say(&c->out, STYLE_PLAIN, "%s%s", before, cmd->name);
            before = separator;
        }
}

void completion_verbs(struct term *out, const struct command *cmd)
{
    for (const struct verb *v = cmd->verbs; v->name; v++)
        term_say(out, STYLE_PLAIN, "%s%s", v == cmd->verbs ? "" : " ", v->name);
}

void completion_quoted(struct term *out, const char *text)
{
    for (; *text; text++)
        if (!strchr("'\\:[]", *text))
            (void)fputc(*text, out->file);
}

int completion_run(struct cli *c, struct err *e)
{
    static const struct {
        const char *name;
        void (*print)(struct cli *c);
    } shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};
    for (size_t i = 0; i < ARRAY_LEN(shells); i++)
        if (strcmp(cli_arg(c, 0), shells[i].name) == 0) {
            shells[i].print(c);
            return CLI_OK;
        }
    return err_set(e, ERR_INVALID, "'%s' is not one of: bash, zsh, fish", cli_arg(c, 0));
}
