/* follow — new records as they come, from the server's stream of events. The stream says nothing of
 * what was before it: the newest records are asked for once it is open, so that no call falls into
 * the gap between; one that comes both ways is shown once. */
#include "cli/command.h"
#include "cli/events.h"
#include "cli/logs.h"
#include "cli/record.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_MS = 500 };

struct follow {
    struct logs *l;
    bool open, lost;
    struct events events;
    struct buf reason; /* why the server has ended the stream */
};

/* Nothing is left to tidy up, and every record has been flushed. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    _exit(CLI_OK);
}

static void warn(const struct follow *f, const char *text)
{
    term_say(&f->l->cli->err, STYLE_YELLOW, "virga: %s\n", text);
}

static int on_open(struct follow *f, struct err *e)
{
    f->open = true;
    if (f->lost)
        warn(f, "connected again");
    f->lost = false;
    return f->l->newest ? 0 : logs_newest(f->l, e);
}

static bool is_shown(const struct logs *l, struct str id)
{
    size_t i;
    const json_t *call;
    json_array_foreach(l->first, i, call)
    {
        if (str_eq(cli_text(call, "id"), id))
            return true;
    }
    return false;
}

/* The stream shortens long texts; the record itself has more. NULL: what came is all there is. */
static json_t *get_whole(const struct follow *f, const json_t *call)
{
    json_t *whole = NULL;
    struct err ignored = {0};
    auto_buf struct buf path = {0};
    if (json_array_size(json_object_get(call, "truncated")) == 0)
        return NULL;
    buf_addz(&path, "/api/functions/");
    client_escape(&path, cli_text(call, "function_id").p);
    buf_addz(&path, "/invocations/");
    client_escape(&path, cli_text(call, "id").p);
    (void)cli_get(f->l->cli, path.data, &whole, NULL, &ignored);
    return whole;
}

static int show(struct follow *f, struct str record, struct err *e)
{
    auto_json json_t *call = json_loadb(record.p, record.n, JSON_ALLOW_NUL, NULL);
    struct str id = cli_text(call, "id");
    if (id.n == 0)
        return err_set(e, ERR_SYSTEM, "the server sent a record that is not understood");
    if (is_shown(f->l, id))
        return 0;
    auto_json json_t *whole = get_whole(f, call);
    record_show(f->l->cli, whole ? whole : call, f->l->several);
    (void)fflush(f->l->cli->out.file);
    logs_shown(f->l, id.p);
    return 0;
}

static int on_event(void *arg, const char *name, struct str data, struct err *e)
{
    struct follow *f = arg;
    if (strcmp(name, "gap") == 0) {
        warn(f, "calls from before this are missing: their records are gone");
    } else if (strcmp(name, "end") == 0) {
        auto_json json_t *said = json_loadb(data.p, data.n, 0, NULL);
        buf_clear(&f->reason);
        buf_add_str(&f->reason, cli_text(said, "reason"));
    } else if (*name == 0 && data.n > 0) {
        return show(f, data, e);
    }
    return 0;
}

static int on_line(void *arg, struct str line, struct err *e)
{
    struct follow *f = arg;
    if (!f->open && on_open(f, e) < 0)
        return -1;
    return events_line(&f->events, line, e);
}

/* One stream, to its end. -1 with an error that ends the following, too. */
static int stream(struct follow *f, struct err *e)
{
    struct client *client;
    struct err why = {0};
    auto_buf struct buf path = {0};
    buf_addf(&path, "%s/tail?%s", f->l->base.data, f->l->filter.data);
    f->open = false;
    buf_clear(&f->reason);
    events_reset(&f->events);
    if (cli_client(f->l->cli, &client, e) < 0)
        return -1;
    if (client_lines(client, path.data, f->l->newest, on_line, f, &why) == 0)
        return 0;
    if (why.code == ERR_UNAVAILABLE && (f->open || f->lost || f->l->first))
        return 0;
    *e = why;
    return -1;
}

/* A server that restarts is waited for; what it refuses ends the following. */
int logs_follow(struct logs *l, struct err *e)
{
    struct follow f = {.l = l};
    f.events = (struct events){.each = on_event, .arg = &f};
    int rc = 0;
    if (signal(SIGINT, on_interrupt) == SIG_ERR || signal(SIGTERM, on_interrupt) == SIG_ERR)
        return err_sys(e, "handle Ctrl-C");
    while ((rc = stream(&f, e)) == 0) {
        if (!f.lost)
            warn(&f, f.reason.len > 0 ? f.reason.data : "the server is gone; waiting for it");
        f.lost = true;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    events_done(&f.events);
    buf_done(&f.reason);
    return rc;
}
