#include "cli/command.h"

#include <string.h>

enum { NAME_COLUMN = 12, OPTION_COLUMN = 24, VERB_COLUMN = 33 };

static void print_options(struct term *out, const struct option_spec *specs)
{
    for (const struct option_spec *s = specs; s && s->name; s++) {
        char left[64];
        (void)snprintf(left, sizeof left, "%c%c%s--%s%s%s", s->letter ? '-' : ' ',
                       s->letter ? s->letter : ' ', s->letter ? ", " : "  ", s->name,
                       s->value ? " " : "", s->value ? s->value : "");
        term_say(out, STYLE_PLAIN, "  %-*s  %s\n", OPTION_COLUMN, left, s->help);
    }
}

void help_all(struct cli *c, struct term *out)
{
    term_say(out, STYLE_BOLD, "virga");
    term_say(out, STYLE_PLAIN,
             " turns source code into isolated HTTP functions.\n\n"
             "Usage: virga COMMAND [ARGUMENTS] [OPTIONS]\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        if (cmd->group)
            term_say(out, STYLE_BOLD, "\n%s\n", cmd->group);
        term_say(out, STYLE_PLAIN, "  %-*s  %s\n", NAME_COLUMN, cmd->name, cmd->summary);
    }
    term_say(out, STYLE_BOLD, "\nOptions of every command\n");
    print_options(out, command_common);
    term_say(out, STYLE_PLAIN,
             "\nExit status: 0 done, 1 the function failed, 2 wrong usage, 3 server not reachable "
             "or refused.\n'virga COMMAND --help' says more about a command.\n");
}

static void print_verbs(struct term *out, const struct command *cmd)
{
    term_say(out, STYLE_BOLD, "\nCommands\n");
    for (const struct verb *v = cmd->verbs; v->name; v++) {
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", v->name, v->synopsis);
        term_say(out, STYLE_PLAIN, "  %-*s  %s%s\n", VERB_COLUMN, left, v->summary,
                 v == cmd->verbs ? " (without a command)" : "");
    }
}

void help_command(struct cli *c, const struct command *cmd, struct term *out)
{
    (void)c;
    term_say(out, STYLE_PLAIN, "%s\n\nUsage: virga %s%s%s [OPTIONS]\n", cmd->about, cmd->name,
             *cmd->synopsis ? " " : "", cmd->synopsis);
    if (cmd->verbs)
        print_verbs(out, cmd);
    if (cmd->options) {
        term_say(out, STYLE_BOLD, "\nOptions\n");
        print_options(out, cmd->options);
    }
    term_say(out, STYLE_BOLD, "\nOptions of every command\n");
    print_options(out, command_common);
    if (cmd->examples) {
        term_say(out, STYLE_BOLD, "\nExamples\n");
        term_show_indented(out, STYLE_PLAIN, "  ", str_of(cmd->examples));
    }
}
