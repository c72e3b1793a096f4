/* command — what every command of the tool is made of. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/profiles.h"
#include "cli/target.h"
#include "cli/term.h"

#include <jansson.h>
#include <stdbool.h>

#define auto_json __attribute__((cleanup(cli_json_guard)))

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SERVER = 3 }; /* exit status */

struct cli {
    const struct command *commands; /* ended by a row without a name */
    struct options options;
    struct term out, err;
    struct client *client; /* cli_client opens it */
    bool json, verbose;
    bool patient; /* an answer may take as long as it takes: what is asked for is long work */
    size_t skip;  /* arguments before the ones that cli_arg counts: a verb */
    struct profiles *profiles; /* cli_profiles loads them */
    struct target target;      /* cli_target finds it */
    struct buf hint;           /* printed behind an error */
};

/* What a command that has several does, by its first argument. The first row is what it does
 * without one. */
struct verb {
    const char *name, *synopsis, *summary;
    size_t args_min, args_max; /* behind the verb */
    int (*run)(struct cli *c, struct err *e);
    const char *takes; /* names of the command's own options, by spaces; NULL: none of them */
};

struct command {
    const char *name;
    const char *group;    /* heading in the help, given by the first of its commands; else NULL */
    const char *summary;  /* what it does, in a few words */
    const char *synopsis; /* its arguments */
    const char *about;    /* a paragraph for its own help */
    const struct option_spec *options;
    const char *examples;
    size_t args_min, args_max;
    /* An exit status, or -1 with an error: the server's when client_problem says so, else usage. */
    int (*run)(struct cli *c, struct err *e);
    const struct verb *verbs; /* in place of `run`; ended by a row without a name */
};

extern const struct command command_table[];
extern const struct option_spec command_common[]; /* options that every command takes */

int deploy_run(struct cli *c, struct err *e);
int invoke_run(struct cli *c, struct err *e);
int list_run(struct cli *c, struct err *e);
int logs_run(struct cli *c, struct err *e);
int versions_run(struct cli *c, struct err *e);
int rollback_run(struct cli *c, struct err *e);
int delete_run(struct cli *c, struct err *e);
int doctor_run(struct cli *c, struct err *e);
int completion_run(struct cli *c, struct err *e);
int pull_run(struct cli *c, struct err *e);
int load_run(struct cli *c, struct err *e);
int settings_run(struct cli *c, struct err *e);
int status_run(struct cli *c, struct err *e);
int audit_run(struct cli *c, struct err *e);
int stats_run(struct cli *c, struct err *e);
int login_run(struct cli *c, struct err *e);
int setup_run(struct cli *c, struct err *e);
int logout_run(struct cli *c, struct err *e);
int whoami_run(struct cli *c, struct err *e);
int help_run(struct cli *c, struct err *e);
int version_run(struct cli *c, struct err *e);

extern const struct option_spec invoke_options[], list_options[], logs_options[], stats_options[],
    delete_options[], doctor_options[], login_options[], setup_options[], account_options[],
    profile_options[], project_options[], env_options[], key_options[], deps_options[],
    db_options[], cors_options[], settings_options[], pull_options[], audit_options[];
extern const struct option_spec serve_options[], backup_options[], migrate_options[];
extern const struct verb profile_verbs[], project_verbs[], member_verbs[], env_verbs[],
    route_verbs[], key_verbs[], account_verbs[], deps_verbs[], db_verbs[], domain_verbs[],
    cors_verbs[], session_verbs[], input_verbs[];

const char *cli_arg(const struct cli *c, size_t i); /* NULL beyond the last */
const char *cli_environment(const char *name);      /* NULL when it is empty, too */
/* The profiles, loaded once; NULL with an error when the file cannot be used. */
struct profiles *cli_profiles(struct cli *c, struct err *e);
/* Server, key and project in use (target.h), found once. */
int cli_target(struct cli *c, const struct target **ret, struct err *e);
/* The project of the target that was found; NULL: none. */
const char *cli_project(const struct cli *c);
/* Connects to the target, once. */
int cli_client(struct cli *c, struct client **ret, struct err *e);

/* GET, and the answer as a tree that the caller owns. `raw` may be NULL. */
int cli_get(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e);
/* The same for a list, with all its pages. `raw` must not be NULL. */
int cli_get_all(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e);
/* Sends `take_body` as JSON (NULL: none). `ret` and `raw` may be NULL. */
int cli_send(struct cli *c, const char *method, const char *path, json_t *take_body, json_t **ret,
             struct buf *raw, struct err *e);

/* "/api/projects/<slug><rest>" of the project in use. Refuses when there is none. */
int cli_project_path(struct cli *c, const char *rest, struct buf *ret, struct err *e);
/* The function of this name or id, in the project in use when there is one. */
int cli_function(struct cli *c, const char *name, json_t **ret, struct err *e);
/* "/api/functions/<id><rest>" of a function object. */
int cli_function_path(const json_t *function, const char *rest, struct buf *ret, struct err *e);
bool cli_is_id(const char *text); /* looks like one */

/* Checked JSON text on standard output: indented on a terminal, compact elsewhere. */
void cli_print_json(struct cli *c, struct str json);
/* "  name       value", a line of what describes one thing. */
void cli_field(struct cli *c, const char *name, struct str value);
/* The end of a command that changed something: with --json what the server said, else a line.
 * Returns CLI_OK. */
int cli_done(struct cli *c, const struct buf *raw, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about the error that is about to be returned: a line behind it. */
void cli_hint(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A member as text; "" unless it is a string. */
struct str cli_text(const json_t *object, const char *member);
/* A member as a whole number; 0 unless it is one. */
json_int_t cli_integer(const json_t *object, const char *member);

/* NULL with an error that names the nearest one. */
const struct command *command_find(const char *name, struct err *e);
bool command_takes(const struct verb *v, const char *option);
/* Run by another part of the program, before the command line is looked at: `serve`, ... */
static inline bool command_is_elsewhere(const struct command *command)
{
    return !command->run && !command->verbs;
}

void help_all(struct cli *c, struct term *out);
void help_command(struct cli *c, const struct command *command, struct term *out);

static inline void cli_json_guard(json_t **tree)
{
    json_decref(*tree);
}
