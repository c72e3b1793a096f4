/* completion — scripts for shells, written from the tables of commands and options, so that they
 * know every one. Function names are asked from the server when they are needed. */
#include "base/must.h"
#include "cli/command.h"
#include "cli/manifest.h"

#include <string.h>

typedef void each_option(struct term *out, const struct command *cmd, const struct option_spec *s);

/* Commands whose first argument is a function's name. */
static bool takes_name(const struct command *cmd)
{
    return strncmp(cmd->synopsis, "NAME", 4) == 0;
}

static void options_of(struct term *out, const struct command *cmd, each_option *print)
{
    const struct option_spec *tables[] = {cmd->options, command_common};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct option_spec *s = tables[i]; s && s->name; s++)
            print(out, cmd, s);
}

static void print_word(struct term *out, const struct command *cmd, const struct option_spec *s)
{
    (void)cmd;
    term_say(out, STYLE_PLAIN, " --%s", s->name);
}

static void print_commands(struct cli *c, bool (*which)(const struct command *), const char *sep)
{
    const char *before = "";
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        if (!which || which(cmd)) {
            term_say(&c->out, STYLE_PLAIN, "%s%s", before, cmd->name);
            before = sep;
        }
}

static void print_verbs(struct term *out, const struct command *cmd)
{
    for (const struct verb *v = cmd->verbs; v->name; v++)
        term_say(out, STYLE_PLAIN, "%s%s", v == cmd->verbs ? "" : " ", v->name);
}

static void print_bash_verbs(struct term *out, const struct command *cmd)
{
    term_say(out, STYLE_PLAIN, "        %s) COMPREPLY=($(compgen -W '", cmd->name);
    print_verbs(out, cmd);
    term_say(out, STYLE_PLAIN, "' -- \"$word\")); [[ $word == -* ]] || return ;;\n");
}

static void print_bash(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN,
             "# virga completion for bash\n"
             "_virga() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} options\n"
             "    local IFS=$' \\t\\n'\n"
             "    COMPREPLY=()\n"
             "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
             "        COMPREPLY=($(compgen -W '");
    print_commands(c, NULL, " ");
    term_say(out, STYLE_PLAIN,
             "' -- \"$word\"))\n"
             "        return\n"
             "    fi\n"
             "    case ${COMP_WORDS[1]} in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "    %s) options='", cmd->name);
        options_of(out, cmd, print_word);
        term_say(out, STYLE_PLAIN, "' ;;\n");
    }
    term_say(out, STYLE_PLAIN,
             "    esac\n    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
             "        case ${COMP_WORDS[1]} in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        if (cmd->verbs)
            print_bash_verbs(out, cmd);
    term_say(out, STYLE_PLAIN, "        esac\n    fi\n");
    term_say(out, STYLE_PLAIN,
             "    if [[ $word == -* ]]; then\n"
             "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
             "        return\n"
             "    fi\n"
             "    case ${COMP_WORDS[1]} in\n"
             "    ");
    print_commands(c, takes_name, "|");
    /* Not compgen -W: it would expand $(...) in a name. */
    term_say(out, STYLE_PLAIN,
             ")\n"
             "        local name\n"
             "        while IFS= read -r name; do\n"
             "            [[ $name == \"$word\"* ]] && COMPREPLY+=(\"$(printf %%q \"$name\")\")\n"
             "        done < <(virga list --names 2>/dev/null)\n"
             "        ;;\n"
             "    help) COMPREPLY=($(compgen -W '");
    print_commands(c, NULL, " ");
    term_say(out, STYLE_PLAIN,
             "' -- \"$word\")) ;;\n"
             "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")) ;;\n"
             "    *) compopt -o default ;;\n"
             "    esac\n"
             "}\n"
             "complete -F _virga virga\n");
}

/* Inside single quotes, for zsh and fish: quotes and colons would end what they stand in. */
static void print_quoted(struct term *out, const char *text)
{
    for (; *text; text++)
        if (!strchr("'\\:[]", *text))
            (void)fputc(*text, out->file);
}

static void print_zsh_option(struct term *out, const struct command *cmd,
                             const struct option_spec *s)
{
    (void)cmd;
    term_say(out, STYLE_PLAIN, " '%s--%s%s[", strcmp(s->name, "env") == 0 ? "*" : "", s->name,
             s->value ? "=" : "");
    print_quoted(out, s->help);
    term_say(out, STYLE_PLAIN, "]%s%s%s'", s->value ? ":" : "", s->value ? s->value : "",
             s->value ? ":" : "");
}

static void print_zsh(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN,
             "#compdef virga\n"
             "_virga_functions() {\n"
             "    local -a names\n"
             "    names=(${(f)\"$(virga list --names 2>/dev/null)\"})\n"
             "    compadd -a names\n"
             "}\n"
             "_virga() {\n"
             "    local -a commands\n"
             "    commands=(\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "        '%s:", cmd->name);
        print_quoted(out, cmd->summary);
        term_say(out, STYLE_PLAIN, "'\n");
    }
    term_say(out, STYLE_PLAIN,
             "    )\n"
             "    if (( CURRENT == 2 )); then\n"
             "        _describe command commands\n"
             "        return\n"
             "    fi\n"
             "    local command=$words[2]\n"
             "    shift words\n"
             "    (( CURRENT-- ))\n"
             "    case $command in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "    %s) _arguments", cmd->name);
        options_of(out, cmd, print_zsh_option);
        if (takes_name(cmd))
            term_say(out, STYLE_PLAIN, " '1:function:_virga_functions'");
        if (cmd->verbs) {
            term_say(out, STYLE_PLAIN, " '1:command:(");
            print_verbs(out, cmd);
            term_say(out, STYLE_PLAIN, ")'");
        }
        if (strcmp(cmd->name, "completion") == 0)
            term_say(out, STYLE_PLAIN, " '1:shell:(bash zsh fish)'");
        term_say(out, STYLE_PLAIN, " '*:file:_files' ;;\n");
    }
    term_say(out, STYLE_PLAIN,
             "    esac\n"
             "}\n"
             "if [ \"$funcstack[1]\" = _virga ]; then\n"
             "    _virga \"$@\"\n"
             "else\n"
             "    compdef _virga virga\n"
             "fi\n");
}

static void print_fish_option(struct term *out, const struct command *cmd,
                              const struct option_spec *s)
{
    term_say(out, STYLE_PLAIN, "complete -c virga -n '__fish_seen_subcommand_from %s' -l %s",
             cmd->name, s->name);
    if (s->letter)
        term_say(out, STYLE_PLAIN, " -s %c", s->letter);
    term_say(out, STYLE_PLAIN, "%s -d '", s->value ? " -r" : "");
    print_quoted(out, s->help);
    term_say(out, STYLE_PLAIN, "'\n");
}

static void print_fish(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN, "# virga completion for fish\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(out, STYLE_PLAIN, "complete -c virga -n __fish_use_subcommand -f -a %s -d '",
                 cmd->name);
        print_quoted(out, cmd->summary);
        term_say(out, STYLE_PLAIN, "'\n");
        options_of(out, cmd, print_fish_option);
        if (cmd->verbs) {
            term_say(out, STYLE_PLAIN,
                     "complete -c virga -f -n '__fish_seen_subcommand_from %s' -a '", cmd->name);
            print_verbs(out, cmd);
            term_say(out, STYLE_PLAIN, "'\n");
        }
    }
    term_say(out, STYLE_PLAIN, "complete -c virga -f -n '__fish_seen_subcommand_from ");
    print_commands(c, takes_name, " ");
    term_say(
        out, STYLE_PLAIN,
        "' -a '(virga list --names 2>/dev/null)'\n"
        "complete -c virga -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n");
}

int completion_run(struct cli *c, struct err *e)
{
    static const struct {
        const char *name;
        void (*print)(struct cli *c);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < ARRAY_LEN(shells); i++)
        if (strcmp(cli_arg(c, 0), shells[i].name) == 0) {
            shells[i].print(c);
            return CLI_OK;
        }
    return err_set(e, ERR_INVALID, "'%s' is not one of: bash, zsh, fish", cli_arg(c, 0));
}
