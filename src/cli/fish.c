#include "cli/completion.h"

static void print_option(struct term *out, const struct command *cmd, const struct option_spec *s)
{
    enum names names = completion_value(s);
    term_say(out, STYLE_PLAIN, "complete -c virga -n '__fish_seen_subcommand_from %s' -l %s",
             cmd->name, s->name);
    if (s->letter)
        term_say(out, STYLE_PLAIN, " -s %c", s->letter);
    if (names)
        term_say(out, STYLE_PLAIN, " -x -a '(virga %s 2>/dev/null)'", completion_lists[names]);
    term_say(out, STYLE_PLAIN, "%s -d '", s->value && !names ? " -r" : "");
    completion_quoted(out, s->help);
    term_say(out, STYLE_PLAIN, "'\n");
}

/* The verbs until one of them is there, then what it names. */
static void print_verbs(struct term *out, const struct command *cmd)
{
    term_say(out, STYLE_PLAIN,
             "complete -c virga -f -n '__fish_seen_subcommand_from %s; and not "
             "__fish_seen_subcommand_from ",
             cmd->name);
    completion_verbs(out, cmd);
    term_say(out, STYLE_PLAIN, "' -a '");
    completion_verbs(out, cmd);
    term_say(out, STYLE_PLAIN, "'\n");
    for (const struct verb *v = cmd->verbs; v->name; v++)
        if (completion_argument(cmd, v))
            term_say(out, STYLE_PLAIN,
                     "complete -c virga -f -n '__fish_seen_subcommand_from %s; and "
                     "__fish_seen_subcommand_from %s' -a '(virga %s 2>/dev/null)'\n",
                     cmd->name, v->name, completion_lists[completion_argument(cmd, v)]);
}

void fish_print(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN, "# virga completion for fish\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "complete -c virga -n __fish_use_subcommand -f -a %s -d '",
                 cmd->name);
        completion_quoted(out, cmd->summary);
        term_say(out, STYLE_PLAIN, "'\n");
        completion_options(out, cmd, print_option);
        if (cmd->verbs)
            print_verbs(out, cmd);
    }
    term_say(out, STYLE_PLAIN, "complete -c virga -f -n '__fish_seen_subcommand_from ");
    completion_commands(c, completion_takes_function, " ");
    term_say(
        out, STYLE_PLAIN,
        "' -a '(virga list --names 2>/dev/null)'\n"
        "complete -c virga -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n");
}
