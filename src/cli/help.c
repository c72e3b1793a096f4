#include "cli/command.h"

#include <string.h>

enum { NAME_COLUMN = 12, OPTION_COLUMN = 24, LINE = 98, MARGIN = 2, GAP = 2 };

/* Words of `text` in lines that end before LINE, from the second on below the first. `column` is
 * where the first one begins. */
static void print_wrapped(struct term *out, size_t column, const char *text)
{
    size_t at = column;
    for (struct str rest = str_of(text); rest.p;) {
        struct str word = str_cut(&rest, ' ');
        if (at > column && at + 1 + word.n > LINE) {
            term_say(out, STYLE_PLAIN, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            term_say(out, STYLE_PLAIN, " ");
            at++;
        }
        term_say(out, STYLE_PLAIN, STR_FMT, STR_ARG(word));
        at += word.n;
    }
    term_say(out, STYLE_PLAIN, "\n");
}

/* "  left      right"; `left` is not wider than its column. */
static void print_row(struct term *out, const char *left, size_t width, const char *right)
{
    size_t len = strlen(left), column = MARGIN + width + GAP;
    term_say(out, STYLE_PLAIN, "%*s%s", MARGIN, "", left);
    term_say(out, STYLE_PLAIN, "%*s", (int)(width - len + GAP), "");
    print_wrapped(out, column, right);
}

/* "create, rename: ": which of the command's verbs take the option. */
static void add_verbs(const struct command *cmd, const char *option, struct buf *text)
{
    const char *before = "";
    for (const struct verb *v = cmd ? cmd->verbs : NULL; v && v->name; v++)
        if (command_takes(v, option)) {
            buf_addf(text, "%s%s", before, v->name);
            before = ", ";
        }
    if (*before)
        buf_addz(text, ": ");
}

static void name_option(const struct option_spec *s, struct buf *text)
{
    buf_clear(text);
    buf_addf(text, s->letter ? "-%c, " : "    ", s->letter);
    buf_addf(text, "--%s%s%s", s->name, s->value ? " " : "", s->value ? s->value : "");
}

static void print_options(struct term *out, const struct command *cmd,
                          const struct option_spec *specs)
{
    size_t width = OPTION_COLUMN;
    auto_buf struct buf left = {0};
    for (const struct option_spec *s = specs; s && s->name; s++) {
        name_option(s, &left);
        width = left.len > width ? left.len : width;
    }
    for (const struct option_spec *s = specs; s && s->name; s++) {
        auto_buf struct buf text = {0};
        name_option(s, &left);
        add_verbs(cmd, s->name, &text);
        buf_addz(&text, s->help);
        print_row(out, left.data, width, text.data);
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
        print_row(out, cmd->name, NAME_COLUMN, cmd->summary);
    }
    term_say(out, STYLE_BOLD, "\nOptions of every command\n");
    print_options(out, NULL, command_common);
    term_say(out, STYLE_PLAIN,
             "\nExit status: 0 done; 1 the function failed, or the answer is no; 2 wrong usage;\n"
             "3 the server cannot be reached or refused.\n"
             "'virga COMMAND --help' says more about a command.\n");
}

static void print_verbs(struct term *out, const struct command *cmd)
{
    size_t width = 0;
    term_say(out, STYLE_BOLD, "\nCommands\n");
    for (const struct verb *v = cmd->verbs; v->name; v++) {
        size_t len = strlen(v->name) + 1 + strlen(v->synopsis);
        width = len > width ? len : width;
    }
    for (const struct verb *v = cmd->verbs; v->name; v++) {
        char left[64], right[128];
        (void)snprintf(left, sizeof left, "%s %s", v->name, v->synopsis);
        (void)snprintf(right, sizeof right, "%s%s", v->summary,
                       v == cmd->verbs ? " (the default)" : "");
        print_row(out, left, width, right);
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
        print_options(out, cmd, cmd->options);
    }
    if (!command_is_elsewhere(cmd)) {
        term_say(out, STYLE_BOLD, "\nOptions of every command\n");
        print_options(out, NULL, command_common);
    }
    if (cmd->examples) {
        term_say(out, STYLE_BOLD, "\nExamples\n");
        term_show_indented(out, STYLE_PLAIN, "  ", str_of(cmd->examples));
    }
}

int help_run(struct cli *c, struct err *e)
{
    const char *name = cli_arg(c, 0);
    const struct command *cmd = name ? command_find(name, e) : NULL;
    if (name && !cmd)
        return -1;
    if (cmd)
        help_command(c, cmd, &c->out);
    else
        help_all(c, &c->out);
    return CLI_OK;
}
