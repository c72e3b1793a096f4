#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/manifest.h"
#include "cli/pretty.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 3 };

static int help_run(struct cli *c, struct err *e);
static int version_run(struct cli *c, struct err *e);

const struct option_spec command_common[] = {
    {'h', "help", NULL, "says what the command does and takes"},
    {0, "json", NULL, "prints JSON for programs"},
    {0, "server", "URL", "the server (VIRGA_SERVER; default http://127.0.0.1:8000)"},
    {0, "key", "KEY", "the API key (better in VIRGA_KEY: arguments are visible to others)"},
    {'v', "verbose", NULL, "says more on standard error"},
    {0},
};

static const struct command commands[] = {
    {.name = "serve",
     .group = "Start",
     .summary = "run the server",
     .synopsis = "",
     .about = "Runs the server. 'virga serve --help' lists its own options."},
    {.name = "doctor",
     .summary = "check what this machine can enforce, and how to mend it",
     .synopsis = "",
     .run = doctor_run,
     .options = doctor_options,
     .about = "Tries each protection that the server relies on, and names the fix for what fails.\n"
              "Exit status 1 when something is missing without which the server does not start.",
     .examples = "virga doctor\nvirga doctor --json | jq '.[] | select(.state != \"works\")'"},
    {.name = "deploy",
     .group = "Deploy and call",
     .summary = "upload code as a new version",
     .synopsis = "DIR|FILE",
     .args_min = 1,
     .args_max = 1,
     .run = deploy_run,
     .options = manifest_options,
     .about =
         "Uploads a file or a directory as a new version of a function, and makes it active.\n"
         "A single file becomes the entry: .py main.py, .js/.mjs/.cjs index.*, an executable\n"
         "bootstrap. Settings may stand in virga.json in the directory; options win over them.\n"
         "Left out: .git, .venv, __pycache__, *.pyc, and what .virgaignore lists (one pattern a\n"
         "line; '/' at its end for directories). Symbolic links are never followed.",
     .examples =
         "virga deploy hello.py\nvirga deploy ./api --name api --memory 256m --timeout 10s\n"
         "virga deploy . --env MODE=production --env LEVEL=2"},
    {.name = "invoke",
     .summary = "call a function and print its result",
     .synopsis = "NAME [INPUT]",
     .args_min = 1,
     .args_max = 2,
     .run = invoke_run,
     .options = invoke_options,
     .about = "Calls a function. INPUT is JSON, @FILE or - for standard input; {} when left out.\n"
              "The result goes to standard output, what the function printed and its error to\n"
              "standard error. Exit status 1 when the function failed.",
     .examples =
         "virga invoke hello\nvirga invoke hello '{\"name\": \"Ada\"}'\n"
         "virga invoke resize @event.json > result.json\necho '[1, 2]' | virga invoke sum -"},
    {.name = "logs",
     .summary = "show calls and what they printed",
     .synopsis = "NAME",
     .args_min = 1,
     .args_max = 1,
     .run = logs_run,
     .options = logs_options,
     .about =
         "Shows the latest calls of a function, oldest first: time, status, duration, and what\n"
         "each printed. With --json one object per line.",
     .examples = "virga logs hello\nvirga logs hello -f\nvirga logs hello -n 100 --json"},
    {.name = "list",
     .group = "Look after functions",
     .summary = "list functions",
     .synopsis = "",
     .run = list_run,
     .options = list_options,
     .about = "Lists the functions on the server.",
     .examples = "virga list\nvirga list --names"},
    {.name = "versions",
     .summary = "list a function's versions",
     .synopsis = "NAME",
     .args_min = 1,
     .args_max = 1,
     .run = versions_run,
     .about = "Lists the versions of a function, newest first. Each deploy made one.",
     .examples = "virga versions hello"},
    {.name = "rollback",
     .summary = "make an earlier version active",
     .synopsis = "NAME [VERSION]",
     .args_min = 1,
     .args_max = 2,
     .run = rollback_run,
     .about =
         "Makes another version active: VERSION, or the one before the active one. No version\n"
         "is lost; roll forward the same way.",
     .examples = "virga rollback hello\nvirga rollback hello 3"},
    {.name = "delete",
     .summary = "delete a function",
     .synopsis = "NAME",
     .args_min = 1,
     .args_max = 1,
     .run = delete_run,
     .options = delete_options,
     .about =
         "Deletes a function with its versions and the records of its calls, after a question\n"
         "on a terminal. Without a terminal --yes is required.",
     .examples = "virga delete hello\nvirga delete hello --yes"},
    {.name = "help",
     .group = "More",
     .summary = "explain a command",
     .synopsis = "[COMMAND]",
     .args_max = 1,
     .run = help_run,
     .about = "Explains a command, or lists all of them."},
    {.name = "completion",
     .summary = "print a completion script for your shell",
     .synopsis = "bash|zsh|fish",
     .args_min = 1,
     .args_max = 1,
     .run = completion_run,
     .about = "Prints a script that completes commands, options and function names.",
     .examples = "source <(virga completion bash)\n"
                 "virga completion zsh > \"${fpath[1]}/_virga\"\n"
                 "virga completion fish > ~/.config/fish/completions/virga.fish"},
    {.name = "version",
     .summary = "print the version",
     .synopsis = "",
     .run = version_run,
     .about = "Prints the version of this program."},
    {0},
};

static const struct command *find(const char *name)
{
    for (const struct command *cmd = commands; cmd->name; cmd++)
        if (strcmp(cmd->name, name) == 0)
            return cmd;
    return NULL;
}

static int unknown(const char *name, struct err *e)
{
    const char *best = NULL;
    unsigned best_distance = NEAR;
    for (const struct command *cmd = commands; cmd->name; cmd++)
        if (options_distance(name, cmd->name) < best_distance) {
            best = cmd->name;
            best_distance = options_distance(name, cmd->name);
        }
    if (best)
        return err_set(e, ERR_INVALID, "unknown command '%s'; did you mean '%s'?", name, best);
    return err_set(e, ERR_INVALID, "unknown command '%s'; 'virga help' lists them", name);
}

static int help_run(struct cli *c, struct err *e)
{
    const char *name = cli_arg(c, 0);
    const struct command *cmd = name ? find(name) : NULL;
    if (name && !cmd)
        return unknown(name, e);
    if (cmd)
        help_command(c, cmd, &c->out);
    else
        help_all(c, &c->out);
    return CLI_OK;
}

static int version_run(struct cli *c, struct err *e)
{
    (void)e;
    if (c->json)
        cli_print_json(c, STR("{\"version\":\"" VIRGA_VERSION "\"}"));
    else
        term_say(&c->out, STYLE_PLAIN, "virga %s\n", VIRGA_VERSION);
    return CLI_OK;
}

const char *cli_arg(const struct cli *c, size_t i)
{
    return i < c->options.arg_count ? c->options.args[i] : NULL;
}

int cli_client(struct cli *c, struct client **ret, struct err *e)
{
    const char *server = options_value(&c->options, "server");
    if (!server)
        server = getenv("VIRGA_SERVER");
    if (!server || !*server)
        server = "http://127.0.0.1:8000";
    if (!c->client && client_open(server, options_value(&c->options, "key"), &c->client, e) < 0)
        return -1;
    *ret = c->client;
    return 0;
}

int cli_get(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e)
{
    struct client *client;
    auto_buf struct buf answer = {0};
    if (cli_client(c, &client, e) < 0 || client_get(client, path, &answer, e) < 0)
        return -1;
    *ret = json_loadb(answer.data, answer.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    if (!*ret)
        return err_set(e, ERR_SYSTEM, "the answer to %s is not understood", path);
    if (raw)
        buf_add_str(raw, buf_str(&answer));
    return 0;
}

int cli_function(struct cli *c, const char *name, json_t **ret, struct err *e)
{
    auto_buf struct buf path = {0};
    if (!*name)
        return err_set(e, ERR_INVALID, "the name of the function is empty");
    buf_addz(&path, "/api/functions/");
    client_escape(&path, name);
    if (cli_get(c, path.data, ret, NULL, e) == 0)
        return 0;
    if (e->code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "%s: Function not found; 'virga list' shows all", name);
    return err_in(e, "%s", name);
}

int cli_function_path(const json_t *function, const char *rest, struct buf *ret, struct err *e)
{
    struct str id = cli_text(function, "id");
    if (id.n == 0)
        return err_set(e, ERR_SYSTEM, "the server named no id");
    buf_addz(ret, "/api/functions/");
    client_escape(ret, id.p);
    buf_addz(ret, rest);
    return 0;
}

void cli_print_json(struct cli *c, struct str json)
{
    auto_buf struct buf text = {0};
    if (c->out.tty)
        pretty_indent(json, &text);
    else
        pretty_compact(json, &text);
    buf_addz(&text, "\n");
    term_show(&c->out, STYLE_PLAIN, buf_str(&text));
}

json_int_t cli_integer(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

struct str cli_text(const json_t *object, const char *member)
{
    const json_t *text = json_object_get(object, member);
    if (!json_is_string(text))
        return STR("");
    return (struct str){json_string_value(text), json_string_length(text)};
}

static int complain(struct cli *c, const struct err *e)
{
    const char *problem = client_problem(c->client);
    /* The error may carry context in front of the server's words, but it is one short line. */
    bool whole = strchr(problem, '\n') || strlen(problem) > sizeof e->text / 2;
    struct str lines = str_of(whole ? problem : e->text);
    (void)fflush(c->out.file);
    while (lines.p) {
        struct str line = str_cut(&lines, '\n');
        term_say(&c->err, STYLE_RED, "virga: ");
        term_show(&c->err, STYLE_PLAIN, line);
        term_say(&c->err, STYLE_PLAIN, "\n");
    }
    return *problem ? CLI_SERVER : CLI_USAGE;
}

static int check_args(struct cli *c, const struct command *cmd, struct err *e)
{
    if (!cmd->run)
        return err_set(e, ERR_INVALID, "'%s' must be the first word: virga %s", cmd->name,
                       cmd->name);
    if (c->options.arg_count < cmd->args_min)
        return err_set(e, ERR_INVALID, "something is missing: virga %s %s", cmd->name,
                       cmd->synopsis);
    if (c->options.arg_count > cmd->args_max)
        return err_set(e, ERR_INVALID, "'%s' is too much: virga %s %s", cli_arg(c, cmd->args_max),
                       cmd->name, cmd->synopsis);
    return 0;
}

static int run(struct cli *c, const struct command *cmd, struct err *e)
{
    c->json = options_has(&c->options, "json");
    c->verbose = options_has(&c->options, "verbose");
    if (options_has(&c->options, "help")) {
        help_command(c, cmd, &c->out);
        return CLI_OK;
    }
    if (check_args(c, cmd, e) < 0)
        return -1;
    return cmd->run(c, e);
}

/* `virga [common options] COMMAND [options and arguments]` */
static int dispatch(struct cli *c, int argc, char **argv, struct err *e)
{
    static const struct option_spec version[] = {{'V', "version", NULL, ""}, {0}};
    const struct option_spec *before[] = {command_common, version, NULL};
    int used = options_parse(before, argc - 1, argv + 1, true, &c->options, e);
    if (used < 0)
        return -1;
    if (options_has(&c->options, "version"))
        return version_run(c, e);
    if (used == argc - 1) {
        bool asked = options_has(&c->options, "help");
        help_all(c, asked ? &c->out : &c->err);
        return asked ? CLI_OK : CLI_USAGE;
    }
    const struct command *cmd = find(argv[1 + used]);
    if (!cmd)
        return unknown(argv[1 + used], e);
    const struct option_spec *tables[] = {command_common, cmd->options, NULL};
    if (options_parse(tables, argc - used - 2, argv + used + 2, false, &c->options, e) < 0)
        return err_in(e, "%s", cmd->name);
    return run(c, cmd, e);
}

int cli_main(int argc, char **argv)
{
    struct err e = {0};
    struct cli c = {.commands = commands};
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* widths of characters, whatever the user's LANG */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    term_init(&c.out, stdout);
    term_init(&c.err, stderr);
    int status = dispatch(&c, argc, argv, &e);
    if (status < 0)
        status = complain(&c, &e);
    if (fflush(stdout) != 0 && status == CLI_OK) {
        (void)err_sys(&e, "write the output");
        status = complain(&c, &e);
    }
    client_close(c.client);
    options_done(&c.options);
    curl_global_cleanup();
    return status;
}
