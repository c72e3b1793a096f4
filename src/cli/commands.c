/* commands — every command of the tool: what it takes, what its help says. */
#include "cli/command.h"
#include "cli/manifest.h"
#include "cli/near.h"

#include <string.h>

const struct option_spec command_common[] = {
    {'h', "help", NULL, "says what the command does and takes"},
    {0, "json", NULL, "prints JSON for programs"},
    {0, "server", "URL", "the server (VIRGA_SERVER; else the profile's)"},
    {0, "profile", "NAME", "server and key that login has stored (VIRGA_PROFILE; else the last)"},
    {0, "project", "SLUG", "the project (VIRGA_PROJECT; else the one of 'project use')"},
    {0, "key", "KEY", "the API key (better in VIRGA_KEY: others see arguments)"},
    {'v', "verbose", NULL, "says more on standard error"},
    {0},
};

bool command_takes(const struct verb *v, const char *option)
{
    struct str rest = str_of(v->takes);
    while (rest.p)
        if (str_is(str_cut(&rest, ' '), option))
            return true;
    return false;
}

const struct command command_table[] = {
    {.name = "serve",
     .group = "Start",
     .summary = "run the server",
     .synopsis = "",
     .options = serve_options,
     .about = "Runs the server. 'virga serve --help' says more, with all defaults."},
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
         "line; '/' at its end for directories). Symbolic links are never followed.\n"
         "Then the code is loaded, so that the first call finds it ready. Exit status 1 when it\n"
         "does not load; the version is saved all the same.",
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
              "The result goes to standard output, in pieces as they come when the function\n"
              "streams; what it printed and its error to standard error. Exit status 1 when it\n"
              "failed.",
     .examples =
         "virga invoke hello\nvirga invoke hello '{\"name\": \"Ada\"}'\n"
         "virga invoke resize @event.json > result.json\necho '[1, 2]' | virga invoke sum -"},
    {.name = "load",
     .summary = "have a function ready for its next call",
     .synopsis = "NAME",
     .args_min = 1,
     .args_max = 1,
     .run = load_run,
     .about = "Has the active version loaded, as 'virga deploy' does, without calling it. Exit\n"
              "status 1 when it does not load, with the place.",
     .examples = "virga load hello"},
    {.name = "input",
     .summary = "inputs that are saved with a function",
     .synopsis = "[COMMAND]",
     .verbs = input_verbs,
     .about =
         "Inputs to try a function with, for all who work on it; 'virga invoke --saved' calls\n"
         "with one. They are no secrets: whoever may see the function sees them.",
     .examples = "virga input save hello ada '{\"name\": \"Ada\"}'\n"
                 "virga invoke hello --saved ada\nvirga input list hello"},
    {.name = "logs",
     .summary = "show calls and what they printed",
     .synopsis = "[NAME]",
     .args_max = 1,
     .run = logs_run,
     .options = logs_options,
     .about =
         "Shows the latest calls of a function, oldest first: time, status, duration, and what\n"
         "each printed. Without NAME those of the project in use, else of all functions. Filters\n"
         "narrow them. With --json one object per line; --export writes all there are.",
     .examples =
         "virga logs hello\nvirga logs hello -f --status error,timeout\n"
         "virga logs hello --since 2h --text refused\nvirga logs hello --call ID\n"
         "virga logs --project my-api -n 100 --json\nvirga logs hello --export hello.ndjson"},
    {.name = "stats",
     .summary = "show how functions do: errors, durations, cold starts",
     .synopsis = "[NAME]",
     .args_max = 1,
     .run = stats_run,
     .options = stats_options,
     .about = "Shows calls, errors, quantiles of the duration and the share of cold starts of a\n"
              "function over the last day; without NAME of each that was called, and of all.",
     .examples = "virga stats\nvirga stats hello --since 7d"},
    {.name = "list",
     .group = "Look after functions",
     .summary = "list functions",
     .synopsis = "",
     .run = list_run,
     .options = list_options,
     .about = "Lists the functions of the project in use (--project), else all that you may see.",
     .examples = "virga list\nvirga list --project my-api\nvirga list --all --names"},
    {.name = "settings",
     .summary = "show what holds for a function, and change it",
     .synopsis = "NAME",
     .args_min = 1,
     .args_max = 1,
     .run = settings_run,
     .options = settings_options,
     .about =
         "Shows limits, access, rates and variables of a function. Options change them, from the\n"
         "next call on and without a deploy.",
     .examples = "virga settings hello\nvirga settings hello --memory 256m --timeout 10s\n"
                 "virga settings hello --access private --status inactive\n"
                 "virga settings hello --env MODE=test --unset-env LEVEL"},
    {.name = "pull",
     .summary = "download a function's code",
     .synopsis = "NAME [DIR]",
     .args_min = 1,
     .args_max = 2,
     .run = pull_run,
     .options = pull_options,
     .about = "Writes the files of a version into DIR, by default one that is called like the\n"
              "function, with a virga.json for the next deploy. Nothing that is there is changed\n"
              "without --force.",
     .examples = "virga pull hello\nvirga pull hello before --version 3"},
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
    {.name = "login",
     .group = "Accounts and projects",
     .summary = "sign in to a server and remember it",
     .synopsis = "[URL]",
     .args_max = 1,
     .run = login_run,
     .options = login_options,
     .about =
         "Signs in with name and password, has the server make an API key for this machine, and\n"
         "stores it in a profile: the one of this server, or the one that --profile names, which\n"
         "is made when it is new. Later commands use the profile that was signed in to last.",
     .examples = "virga login\nvirga login https://virga.example --profile work\n"
                 "pass virga | virga login --name ada --password-stdin"},
    {.name = "logout",
     .summary = "revoke this machine's key and forget the server",
     .synopsis = "",
     .run = logout_run,
     .about = "Revokes the key that login made and removes the profile, also when the server is\n"
              "gone: then it says that the key still works.",
     .examples = "virga logout\nvirga logout --profile work"},
    {.name = "setup",
     .summary = "make your account from a link",
     .synopsis = "LINK",
     .args_min = 1,
     .args_max = 1,
     .run = setup_run,
     .options = setup_options,
     .about =
         "Makes an account and signs in. LINK is what a new server prints at its start (or its\n"
         "token alone), or an invite of 'virga account invite'.",
     .examples = "virga setup 'http://127.0.0.1:8000/setup?token=...'"},
    {.name = "whoami",
     .summary = "show the account in use",
     .synopsis = "",
     .run = whoami_run,
     .about = "Shows which account the key belongs to, on which server, and the project in use."},
    {.name = "profile",
     .summary = "servers that you are signed in to",
     .synopsis = "[COMMAND]",
     .verbs = profile_verbs,
     .options = profile_options,
     .about = "Lists the servers that login has stored, and chooses the one in use.",
     .examples = "virga profile\nvirga profile use work"},
    {.name = "project",
     .summary = "projects: make, choose, delete",
     .synopsis = "[COMMAND]",
     .verbs = project_verbs,
     .options = project_options,
     .about = "Projects hold functions, routes, variables and members. 'use' chooses one, for all\n"
              "commands that look for functions or work on a project; --project wins over it.",
     .examples = "virga project create 'My API'\nvirga project use my-api\nvirga project list"},
    {.name = "member",
     .summary = "who may work on a project",
     .synopsis = "[COMMAND]",
     .verbs = member_verbs,
     .about =
         "Members are viewers (see), editors (deploy and change) or owners (members, secrets and\n"
         "deletion, too). WHO is the name or e-mail address of an account.",
     .examples = "virga member add ada\nvirga member add bob viewer --project my-api"},
    {.name = "env",
     .summary = "variables of a project",
     .synopsis = "[COMMAND]",
     .verbs = env_verbs,
     .options = env_options,
     .about =
         "Variables reach the next call of every function of the project, without a deploy.\n"
         "They are secret unless --plain says otherwise: shown as ****, revealed one at a time.\n"
         "'set KEY' alone asks for the value, or reads it from standard input: others on the\n"
         "machine can see what stands on a command line.",
     .examples = "virga env set API_KEY\nvirga env set MODE=production --plain\n"
                 "virga env push .env\nvirga env reveal API_KEY"},
    {.name = "domain",
     .summary = "host names of a project's own",
     .synopsis = "[COMMAND]",
     .verbs = domain_verbs,
     .about =
         "Requests for a domain of the project go to its gateway, whatever their path. The name\n"
         "must resolve to the server, or to the proxy in front of it.",
     .examples = "virga domain add api.example.com\nvirga domain remove api.example.com"},
    {.name = "cors",
     .summary = "what pages of other origins may do with a project",
     .synopsis = "[COMMAND]",
     .verbs = cors_verbs,
     .options = cors_options,
     .about = "The server answers preflights and adds the headers itself, for all routes of the\n"
              "project.",
     .examples = "virga cors on --origins https://app.example.com --credentials on\n"
                 "virga cors\nvirga cors off"},
    {.name = "deps",
     .summary = "packages of a project",
     .synopsis = "[COMMAND]",
     .verbs = deps_verbs,
     .options = deps_options,
     .about =
         "Packages are installed once, in a sandbox, and shared read-only by all that ask for the\n"
         "same. Functions of the project find them with their next call. A build that fails\n"
         "changes nothing; exit status 1.",
     .examples = "virga deps add requests 'numpy>=2'\nvirga deps install\n"
                 "virga deps lock\nvirga deps log"},
    {.name = "db",
     .summary = "the database of a project",
     .synopsis = "[COMMAND]",
     .verbs = db_verbs,
     .options = db_options,
     .about = "A PostgreSQL database with a role of its own. Functions of the project find it as\n"
              "DATABASE_URL, also without network.",
     .examples = "virga db create\nvirga db query 'SELECT count(*) FROM visits'\n"
                 "virga db backup\nvirga db restore ID"},
    {.name = "route",
     .summary = "routes of a project's gateway",
     .synopsis = "[COMMAND]",
     .verbs = route_verbs,
     .about =
         "A route sends requests of a method and a path to a function. ':name' matches one\n"
         "segment, '*name' at the end all that is left; ANY is every method. 'match' ends with\n"
         "status 1 when no route takes the request.",
     .examples = "virga route add GET /users/:id users\nvirga route match GET /users/7\n"
                 "virga route remove GET /users/:id"},
    {.name = "key",
     .summary = "API keys of your account",
     .synopsis = "[COMMAND]",
     .verbs = key_verbs,
     .options = key_options,
     .about =
         "A key is shown once, when it is made. --scopes narrows what it may do:\n"
         "functions:read, functions:write, projects:read, projects:write, calls:read, invoke,\n"
         "secrets:reveal, account, admin. Without it, all but the last.",
     .examples = "virga key create ci --scopes functions:read,functions:write --expires 90d\n"
                 "virga key revoke ci"},
    {.name = "session",
     .summary = "where you are signed in with a browser",
     .synopsis = "[COMMAND]",
     .verbs = session_verbs,
     .about = "Sessions end after seven days, or here. Keys are listed by 'virga key'.",
     .examples = "virga session\nvirga session end ID\nvirga session end-all"},
    {.name = "audit",
     .summary = "who has changed or revealed what",
     .synopsis = "",
     .run = audit_run,
     .options = audit_options,
     .about =
         "Shows the newest lines of the audit log, the newest last: of the project in use for\n"
         "its owners, else what the account did itself; administrators see everything.",
     .examples = "virga audit --project my-api\nvirga audit -n 200 --json"},
    {.name = "account",
     .summary = "your account, and for administrators those of others",
     .synopsis = "[COMMAND]",
     .verbs = account_verbs,
     .options = account_options,
     .about = "Accounts are named by name, e-mail address or id. All but 'change', 'password' and\n"
              "'close' takes a key with the scope 'admin': the server's owner.key, or one of\n"
              "'virga login --admin'.",
     .examples = "virga account invite ada@example.org\nvirga account disable ada\n"
                 "virga account quota ada --functions 100"},
    {.name = "status",
     .group = "Look after the server",
     .summary = "how the server is: load, memory, isolation",
     .synopsis = "",
     .run = status_run,
     .about = "Shows the state of the server in use, and which protections are weaker there.",
     .examples = "virga status\nvirga status --json | jq .slots"},
    {.name = "backup",
     .summary = "copy the store of a running server",
     .synopsis = "DIR",
     .options = backup_options,
     .about = "Copies store and keys into a new directory. 'virga backup --help' says more."},
    {.name = "restore",
     .summary = "put a backup in place",
     .synopsis = "DIR",
     .options = backup_options,
     .about = "Puts a backup in place of the store. 'virga restore --help' says more."},
    {.name = "migrate",
     .summary = "move the store to PostgreSQL",
     .synopsis = "--to URL",
     .options = migrate_options,
     .about = "Copies everything into a PostgreSQL database. 'virga migrate --help' says more."},
    {.name = "rotate-key",
     .summary = "encrypt all secrets with a new key",
     .synopsis = "",
     .options = backup_options,
     .about = "Encrypts all secrets with a new key. 'virga rotate-key --help' says more."},
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
     .about = "Prints a script that completes commands, options, and names of functions, projects\n"
              "and profiles.",
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

const struct command *command_find(const char *name, struct err *e)
{
    struct near near = near_to(name);
    for (const struct command *cmd = command_table; cmd->name; cmd++) {
        if (strcmp(cmd->name, name) == 0)
            return cmd;
        near_offer(&near, cmd->name);
    }
    if (near.best)
        (void)err_set(e, ERR_INVALID, "unknown command '%s'; did you mean '%s'?", name, near.best);
    else
        (void)err_set(e, ERR_INVALID, "unknown command '%s'; 'virga help' lists them", name);
    return NULL;
}
