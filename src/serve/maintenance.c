/* maintenance — the commands for whoever looks after a server: what the command line says. */
#include "base/fd.h"
#include "base/must.h"
#include "serve/job.h"
#include "serve/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct task {
    const char *name, *synopsis, *about;
    bool takes_argument;
    int (*run)(struct job *j, struct err *e);
};

static const struct task tasks[] = {
    {"backup", "DIR",
     "Copies the store of a server, which may be running, and its keys into a new directory DIR.\n"
     "Whoever has that directory can read everything in it.",
     true, backup_run},
    {"restore", "DIR",
     "Puts a backup in place of the store. A running server goes on with it, when the backup has\n"
     "the same keys; else stop the server first.",
     true, restore_run},
    {"migrate", "--to URL",
     "Copies everything into an empty PostgreSQL database, in one transaction. The server must be\n"
     "stopped. The old store is left as it is.",
     false, move_run},
    {"rotate-key", "",
     "Makes a new secret.key and encrypts all secrets with it. The server must be stopped.", false,
     rekey_run},
};

static int usage(const struct task *t, int status)
{
    fprintf(status ? stderr : stdout,
            "%s\n\nUsage: virga %s %s [--data-dir DIR] [--store URL]\n\n"
            "  --data-dir DIR  the server's data directory (VIRGA_DATA_DIR; /var/lib/virga)\n"
            "  --store URL     as given to the server (VIRGA_STORE; DATA_DIR/virga.db)\n",
            t->about, t->name, t->synopsis);
    return status;
}

static const char *or_environment(const char *name, const char *standard)
{
    const char *value = getenv(name);
    return value && *value ? value : standard;
}

struct line {
    struct job job;
    bool help;
};

/* The value of `--name value` or `--name=value`; NULL: it is not this option, or has no value. */
static const char *value_of(const char *name, char **argv, int argc, int *i)
{
    size_t n = strlen(name);
    if (strncmp(argv[*i], name, n) != 0)
        return NULL;
    if (argv[*i][n] == '=')
        return argv[*i] + n + 1;
    return argv[*i][n] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

static int parse_one(struct line *l, const struct task *t, char **argv, int argc, int *i,
                     struct err *e)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--data-dir", &l->job.data_dir},
                   {"--store", &l->job.store},
                   {"--to", t->takes_argument ? NULL : &l->job.to}};
    const char *arg = argv[*i], *value;
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        l->help = true;
        return 0;
    }
    for (size_t o = 0; o < ARRAY_LEN(options); o++)
        if (options[o].value && (value = value_of(options[o].name, argv, argc, i))) {
            *options[o].value = value;
            return 0;
        }
    if (arg[0] == '-' || !t->takes_argument || l->job.argument)
        return err_set(e, ERR_INVALID, "cannot do anything with '%s'", arg);
    l->job.argument = arg;
    return 0;
}

static int parse(struct line *l, const struct task *t, char **argv, int argc, struct err *e)
{
    for (int i = 0; i < argc; i++)
        if (parse_one(l, t, argv, argc, &i, e) < 0)
            return -1;
    if (t->takes_argument && !l->job.argument && !l->help)
        return err_set(e, ERR_INVALID, "which directory?");
    return 0;
}

static int run(const struct task *t, int argc, char **argv)
{
    struct err e = {0};
    struct line l = {.job = {.data_dir = or_environment("VIRGA_DATA_DIR", "/var/lib/virga"),
                             .store = or_environment("VIRGA_STORE", NULL),
                             .data_fd = -1}};
    int parsed = parse(&l, t, argv, argc, &e), rc = parsed;
    if (l.help)
        return usage(t, 0);
    umask(077);
    if (rc == 0)
        rc = job_open(&l.job, &e);
    if (rc == 0)
        rc = t->run(&l.job, &e);
    fd_close(&l.job.data_fd);
    if (rc < 0)
        fprintf(stderr, "virga %s: %s\n", t->name, e.text);
    return parsed < 0 ? usage(t, 2) : rc < 0;
}

bool maintenance_main(int argc, char **argv, int *ret)
{
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(tasks); i++)
        if (strcmp(argv[1], tasks[i].name) == 0) {
            *ret = run(&tasks[i], argc - 2, argv + 2);
            return true;
        }
    return false;
}
