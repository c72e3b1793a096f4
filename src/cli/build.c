#include "cli/build.h"

#include "cli/command.h"
#include "cli/events.h"

#include <poll.h>
#include <string.h>

enum { TRIES_MAX = 60, PAUSE_MS = 500 };

struct watching {
    struct cli *c;
    size_t shown, seen; /* bytes of the log; a stream begins with its first line */
    json_t *done;       /* the build, once it has ended */
};

static void show_log(struct watching *w, struct str text)
{
    size_t skip = w->seen < w->shown ? w->shown - w->seen : 0;
    w->seen += text.n;
    if (skip >= text.n || w->c->json)
        return;
    term_show(&w->c->err, STYLE_DIM, (struct str){text.p + skip, text.n - skip});
    (void)fflush(w->c->err.file);
    w->shown = w->seen;
}

static int on_event(void *arg, const char *name, struct str data, struct err *e)
{
    struct watching *w = arg;
    auto_json json_t *said = data.n ? json_loadb(data.p, data.n, JSON_ALLOW_NUL, NULL) : NULL;
    (void)e;
    if (strcmp(name, "log") == 0)
        show_log(w, cli_text(said, "text"));
    else if (strcmp(name, "done") == 0)
        w->done = json_incref(said);
    return 0;
}

/* A server that restarts has ended its builds, and says so when it is there again. */
static int watch(struct watching *w, const char *path, struct err *e)
{
    struct client *client;
    auto_buf struct buf at = {0};
    struct events events = {.each = on_event, .arg = w};
    buf_addf(&at, "%s/events", path);
    if (cli_client(w->c, &client, e) < 0)
        return -1;
    int rc = 0;
    for (int i = 0; i < TRIES_MAX && !w->done; i++) {
        w->seen = 0;
        *e = (struct err){0};
        rc = client_lines(client, at.data, NULL, events_line, &events, e);
        if (rc < 0 && e->code != ERR_UNAVAILABLE)
            break;
        events_reset(&events);
        if (!w->done)
            (void)poll(NULL, 0, PAUSE_MS);
    }
    events_done(&events);
    if (!w->done && rc == 0)
        return err_set(e, ERR_UNAVAILABLE, "the server ended the log; see 'virga deps log'");
    return w->done ? 0 : -1;
}

static int conclude(struct watching *w)
{
    struct cli *c = w->c;
    bool good = str_is(cli_text(w->done, "status"), "succeeded");
    if (c->json) {
        char *text = json_dumps(w->done, JSON_COMPACT);
        cli_print_json(c, str_of(text));
        free(text);
    } else if (good) {
        term_say(&c->out, STYLE_PLAIN, "the packages are there for the next call%s\n",
                 json_is_true(json_object_get(w->done, "reused")) ? " (built before)" : "");
    } else {
        term_say(&c->err, STYLE_RED, "build %s " STR_FMT "%s" STR_FMT "\n",
                 cli_text(w->done, "id").p, STR_ARG(cli_text(w->done, "status")),
                 cli_text(w->done, "error").n ? ": " : "", STR_ARG(cli_text(w->done, "error")));
        term_say(&c->err, STYLE_PLAIN, "what was installed before stays\n");
    }
    return good ? CLI_OK : CLI_FAILED;
}

int build_watch(struct cli *c, const char *path, struct err *e)
{
    struct watching w = {.c = c};
    int rc = watch(&w, path, e);
    if (rc == 0)
        rc = conclude(&w);
    json_decref(w.done);
    return rc;
}

int build_save(struct cli *c, json_t *take_body, bool detach, struct err *e)
{
    auto_json json_t *build = NULL, *body = take_body;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_project_path(c, "/builds", &path, e) < 0 ||
        cli_send(c, "POST", path.data, json_incref(body), &build, &raw, e) < 0)
        return -1;
    if (detach)
        return cli_done(c, &raw, "build %s: %s", cli_text(build, "id").p,
                        cli_text(build, "status").p);
    buf_addz(&path, "/");
    client_escape(&path, cli_text(build, "id").p);
    return build_watch(c, path.data, e);
}
