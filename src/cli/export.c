/* export — all records as lines of JSON, written as they come: there may be more than memory. */
#include "base/json.h"
#include "cli/command.h"
#include "cli/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct export
{
    struct term *out;
    const char *name;
    size_t count;
};

static int on_line(void *arg, struct str line, struct err *e)
{
    struct export *x = arg;
    if (line.n == 0)
        return 0;
    if (json_check(line, e) < 0)
        return err_in(e, "record %zu is no JSON", x->count + 1);
    term_show(x->out, STYLE_PLAIN, line);
    if (fputc('\n', x->out->file) == EOF)
        return err_sys(e, "write %s", x->name);
    x->count++;
    return 0;
}

static int export(struct logs *l, struct export *x, struct err *e)
{
    struct client *client;
    auto_buf struct buf path = {0};
    buf_addf(&path, "%s/export?%s", l->base.data, l->filter.data);
    if (cli_client(l->cli, &client, e) < 0)
        return -1;
    if (client_lines(client, path.data, NULL, on_line, x, e) < 0) {
        if (x->count > 0)
            cli_hint(l->cli, "%s is incomplete: %zu records", x->name, x->count);
        return -1;
    }
    return 0;
}

/* Readable by its owner only: a record holds what somebody has sent. */
static int open_file(const char *name, FILE **ret, struct err *e)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    *ret = fd < 0 ? NULL : fdopen(fd, "w");
    return *ret ? 0 : err_sys(e, "open %s", name);
}

int logs_export(struct logs *l, const char *file, struct err *e)
{
    struct term out;
    FILE *opened;
    if (strcmp(file, "-") == 0)
        return export(l, &(struct export){.out = &l->cli->out, .name = "this"}, e);
    if (open_file(file, &opened, e) < 0)
        return -1;
    term_init(&out, opened);
    struct export x = {.out = &out, .name = file};
    int rc = export(l, &x, e);
    if (fclose(opened) != 0 && rc == 0)
        rc = err_sys(e, "write %s", file);
    if (rc == 0)
        term_say(&l->cli->err, STYLE_PLAIN, "%zu records written to %s\n", x.count, file);
    return rc;
}
