#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/near.h"
#include "cli/pretty.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cli_arg(const struct cli *c, size_t i)
{
    return c->skip + i < c->options.arg_count ? c->options.args[c->skip + i] : NULL;
}

static void print_lines(struct term *t, struct str lines)
{
    while (lines.p) {
        struct str line = str_cut(&lines, '\n');
        term_say(t, STYLE_RED, "virga: ");
        term_say(t, STYLE_PLAIN, STR_FMT "\n", STR_ARG(line));
    }
}

static int complain(struct cli *c, const struct err *e)
{
    const char *problem = client_problem(c->client);
    /* The error may carry context in front of the server's words, but it is one short line. */
    bool whole = strchr(problem, '\n') || strlen(problem) > sizeof e->text / 2;
    (void)fflush(c->out.file);
    print_lines(&c->err, str_of(whole ? problem : e->text));
    if (c->hint.len > 0)
        print_lines(&c->err, buf_str(&c->hint));
    return *problem || e->code == ERR_NOT_FOUND ? CLI_SERVER : CLI_USAGE;
}

static int check_args(struct cli *c, const char *what, const char *synopsis, size_t min, size_t max,
                      struct err *e)
{
    size_t count = c->options.arg_count - c->skip;
    if (count < min)
        return err_set(e, ERR_INVALID, "something is missing: virga %s %s", what, synopsis);
    if (count > max)
        return err_set(e, ERR_INVALID, "'%s' is too much: virga %s %s", cli_arg(c, max), what,
                       synopsis);
    return 0;
}

static int unknown_verb(const struct command *cmd, const char *name, struct err *e)
{
    auto_buf struct buf known = {0};
    struct near near = near_to(name);
    for (const struct verb *v = cmd->verbs; v->name; v++) {
        near_offer(&near, v->name);
        buf_addf(&known, "%s%s", v == cmd->verbs ? "" : ", ", v->name);
    }
    if (near.best)
        return err_set(e, ERR_INVALID, "unknown command '%s %s'; did you mean '%s %s'?", cmd->name,
                       name, cmd->name, near.best);
    return err_set(e, ERR_INVALID, "'%s %s' is not one of: %s", cmd->name, name, known.data);
}

static bool is_own(const struct command *cmd, const struct option_spec *spec)
{
    for (const struct option_spec *s = cmd->options; s && s->name; s++)
        if (s == spec)
            return true;
    return false;
}

/* An option without effect would be a surprise: somebody thought that it has one. */
static int check_options(const struct cli *c, const struct command *cmd, const struct verb *v,
                         struct err *e)
{
    for (size_t i = 0; i < c->options.given_count; i++) {
        const struct option_spec *spec = c->options.given[i].spec;
        if (is_own(cmd, spec) && !command_takes(v, spec->name))
            return err_set(e, ERR_INVALID, "'%s %s' takes no option '--%s'", cmd->name, v->name,
                           spec->name);
    }
    return 0;
}

static int run_verb(struct cli *c, const struct command *cmd, struct err *e)
{
    char what[64];
    const char *name = cli_arg(c, 0);
    const struct verb *v = cmd->verbs;
    while (name && v->name && strcmp(v->name, name) != 0)
        v++;
    if (!v->name)
        return unknown_verb(cmd, name, e);
    c->skip = name != NULL;
    (void)snprintf(what, sizeof what, "%s %s", cmd->name, v->name);
    if (check_args(c, what, v->synopsis, v->args_min, v->args_max, e) < 0 ||
        check_options(c, cmd, v, e) < 0)
        return -1;
    return v->run(c, e);
}

static int run(struct cli *c, const struct command *cmd, struct err *e)
{
    c->json = options_has(&c->options, "json");
    c->verbose = options_has(&c->options, "verbose");
    if (options_has(&c->options, "help")) {
        help_command(c, cmd, &c->out);
        return CLI_OK;
    }
    if (cmd->verbs)
        return run_verb(c, cmd, e);
    if (!cmd->run)
        return err_set(e, ERR_INVALID, "'%s' must be the first word: virga %s", cmd->name,
                       cmd->name);
    if (check_args(c, cmd->name, cmd->synopsis, cmd->args_min, cmd->args_max, e) < 0)
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
    const struct command *cmd = command_find(argv[1 + used], e);
    if (!cmd)
        return -1;
    const struct option_spec *tables[] = {command_common, cmd->options, NULL};
    if (options_parse(tables, argc - used - 2, argv + used + 2, false, &c->options, e) < 0)
        return err_in(e, "%s", cmd->name);
    return run(c, cmd, e);
}

/* Somebody may have started us with one of them closed: a socket would take its number, and what we
 * print would go to the server. Opened the wrong way round, so that using it fails. */
static void hold_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int cli_main(int argc, char **argv)
{
    struct err e = {0};
    hold_standard_files();
    struct cli c = {.commands = command_table};
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
    if (c.profiles)
        profiles_done(c.profiles);
    free(c.profiles);
    buf_done(&c.hint);
    options_done(&c.options);
    curl_global_cleanup();
    return status;
}
