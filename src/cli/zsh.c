#include "cli/completion.h"

#include <string.h>

static const char *const functions[NAMES] = {
    [NAMES_FUNCTION] = "_virga_functions",
    [NAMES_PROJECT] = "_virga_projects",
    [NAMES_PROFILE] = "_virga_profiles",
};

static void print_option(struct term *out, const struct command *cmd, const struct option_spec *s)
{
    (void)cmd;
    enum names names = completion_value(s);
    term_say(out, STYLE_PLAIN, " '%s--%s%s[", strcmp(s->name, "env") == 0 ? "*" : "", s->name,
             s->value ? "=" : "");
    completion_quoted(out, s->help);
    term_say(out, STYLE_PLAIN, "]");
    if (s->value) {
        term_say(out, STYLE_PLAIN, ":");
        completion_quoted(out, s->value);
        term_say(out, STYLE_PLAIN, ":%s", names ? functions[names] : "");
    }
    term_say(out, STYLE_PLAIN, "'");
}

/* By the verb, which is the first word of `line` then. */
static void print_verbs(struct term *out, const struct command *cmd)
{
    term_say(out, STYLE_PLAIN, " '1:command:(");
    completion_verbs(out, cmd);
    term_say(out, STYLE_PLAIN, ")' '2:argument:{case $words[2] in");
    for (const struct verb *v = cmd->verbs; v->name; v++)
        if (completion_argument(cmd, v))
            term_say(out, STYLE_PLAIN, " %s) %s ;;", v->name,
                     functions[completion_argument(cmd, v)]);
    term_say(out, STYLE_PLAIN, " *) _files ;; esac}'");
}

static void print_command(struct term *out, const struct command *cmd)
{
    term_say(out, STYLE_PLAIN, "    %s) _arguments", cmd->name);
    completion_options(out, cmd, print_option);
    if (completion_takes_function(cmd))
        term_say(out, STYLE_PLAIN, " '1:function:_virga_functions'");
    if (cmd->verbs)
        print_verbs(out, cmd);
    if (strcmp(cmd->name, "completion") == 0)
        term_say(out, STYLE_PLAIN, " '1:shell:(bash zsh fish)'");
    if (strcmp(cmd->name, "help") == 0)
        term_say(out, STYLE_PLAIN, " '1:command:_virga_commands'");
    term_say(out, STYLE_PLAIN, " '*:file:_files' ;;\n");
}

static void print_names(struct term *out)
{
    for (int i = NAMES_NONE + 1; i < NAMES; i++)
        term_say(out, STYLE_PLAIN,
                 "%s() {\n"
                 "    local -a names\n"
                 "    names=(${(f)\"$(virga %s 2>/dev/null)\"})\n"
                 "    compadd -a names\n"
                 "}\n",
                 functions[i], completion_lists[i]);
}

void zsh_print(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN, "#compdef virga\n");
    print_names(out);
    term_say(out, STYLE_PLAIN, "_virga_commands() {\n    local -a commands\n    commands=(\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "        '%s:", cmd->name);
        completion_quoted(out, cmd->summary);
        term_say(out, STYLE_PLAIN, "'\n");
    }
    term_say(out, STYLE_PLAIN,
             "    )\n"
             "    _describe command commands\n"
             "}\n"
             "_virga() {\n"
             "    if (( CURRENT == 2 )); then\n"
             "        _virga_commands\n"
             "        return\n"
             "    fi\n"
             "    local command=$words[2]\n"
             "    shift words\n"
             "    (( CURRENT-- ))\n"
             "    case $command in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        print_command(out, cmd);
    term_say(out, STYLE_PLAIN,
             "    esac\n"
             "}\n"
             "if [ \"$funcstack[1]\" = _virga ]; then\n"
             "    _virga \"$@\"\n"
             "else\n"
             "    compdef _virga virga\n"
             "fi\n");
}
