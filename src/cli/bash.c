#include "cli/completion.h"

static void print_word(struct term *out, const struct command *cmd, const struct option_spec *s)
{
    (void)cmd;
    term_say(out, STYLE_PLAIN, " --%s", s->name);
}

static void print_options(struct cli *c)
{
    term_say(&c->out, STYLE_PLAIN, "    case ${COMP_WORDS[1]} in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++) {
        term_say(&c->out, STYLE_PLAIN, "    %s) options='", cmd->name);
        completion_options(&c->out, cmd, print_word);
        term_say(&c->out, STYLE_PLAIN, "' ;;\n");
    }
    term_say(&c->out, STYLE_PLAIN,
             "    esac\n"
             "    if [[ $word == -* ]]; then\n"
             "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
             "        return\n"
             "    fi\n");
}

/* `--project s<Tab>` */
static void print_values(struct term *out)
{
    term_say(out, STYLE_PLAIN, "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n");
    for (const struct option_spec *s = command_common; s->name; s++)
        if (completion_value(s))
            term_say(out, STYLE_PLAIN, "    --%s) _virga_names %s; return ;;\n", s->name,
                     completion_lists[completion_value(s)]);
    term_say(out, STYLE_PLAIN, "    esac\n");
}

static void print_verbs(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN,
             "    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
             "        case ${COMP_WORDS[1]} in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        if (cmd->verbs) {
            term_say(out, STYLE_PLAIN, "        %s) COMPREPLY=($(compgen -W '", cmd->name);
            completion_verbs(out, cmd);
            term_say(out, STYLE_PLAIN, "' -- \"$word\")); return ;;\n");
        }
    term_say(out, STYLE_PLAIN,
             "        esac\n    fi\n    case \"${COMP_WORDS[1]} "
             "${COMP_WORDS[2]} $COMP_CWORD\" in\n");
    for (const struct command *cmd = c->commands; cmd->name; cmd++)
        for (const struct verb *v = cmd->verbs; v && v->name; v++)
            if (completion_argument(cmd, v))
                term_say(out, STYLE_PLAIN, "    '%s %s 3') _virga_names %s; return ;;\n", cmd->name,
                         v->name, completion_lists[completion_argument(cmd, v)]);
    term_say(out, STYLE_PLAIN,
             "    'route add 5' | 'route change 5') _virga_names list --names; return ;;\n"
             "    'member add 4') COMPREPLY=($(compgen -W 'viewer editor owner' "
             "-- \"$word\")); return ;;\n"
             "    esac\n");
}

static void print_arguments(struct cli *c)
{
    struct term *out = &c->out;
    term_say(out, STYLE_PLAIN, "    case ${COMP_WORDS[1]} in\n    ");
    completion_commands(c, completion_takes_function, "|");
    term_say(out, STYLE_PLAIN,
             ") [ \"$COMP_CWORD\" -eq 2 ] && _virga_names list --names\n"
             "        [ \"$COMP_CWORD\" -eq 2 ] || compopt -o default ;;\n"
             "    help) COMPREPLY=($(compgen -W '");
    completion_commands(c, NULL, " ");
    term_say(out, STYLE_PLAIN,
             "' -- \"$word\")) ;;\n"
             "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")) ;;\n"
             "    *) compopt -o default ;;\n"
             "    esac\n");
}

void bash_print(struct cli *c)
{
    struct term *out = &c->out;
    /* Not compgen -W for names: it would expand $(...) in one. */
    term_say(out, STYLE_PLAIN,
             "# virga completion for bash\n"
             "_virga_names() {\n"
             "    local name\n"
             "    while IFS= read -r name; do\n"
             "        [[ $name == \"$word\"* ]] && COMPREPLY+=(\"$(printf %%q \"$name\")\")\n"
             "    done < <(virga \"$@\" 2>/dev/null)\n"
             "}\n"
             "_virga() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} options=\n"
             "    local IFS=$' \\t\\n'\n"
             "    COMPREPLY=()\n"
             "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
             "        COMPREPLY=($(compgen -W '");
    completion_commands(c, NULL, " ");
    term_say(out, STYLE_PLAIN,
             "' -- \"$word\"))\n"
             "        return\n"
             "    fi\n");
    print_values(out);
    print_options(c);
    print_verbs(c);
    print_arguments(c);
    term_say(out, STYLE_PLAIN, "}\ncomplete -F _virga virga\n");
}
