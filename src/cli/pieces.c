#include "cli/pieces.h"

#include "base/base64.h"
#include "cli/command.h"
#include "cli/events.h"

#include <string.h>

struct pieces {
    struct cli *c;
    struct events events;
    struct buf result;
    struct buf bytes; /* of a piece; on a terminal also a character that has only begun */
    bool open_line;   /* the last thing printed was no end of a line */
};

/* Bytes up to a character that is not complete: its rest comes with the next piece. */
static size_t whole_characters(struct str text)
{
    for (size_t back = 1; back <= 3 && back <= text.n; back++) {
        unsigned char lead = (unsigned char)text.p[text.n - back];
        size_t needs = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
        if (needs > back)
            return text.n - back;
        if (lead < 0x80 || lead >= 0xC0)
            break;
    }
    return text.n;
}

/* As they are into pipes and files; a terminal gets them without escape sequences (term.h). */
static int print(struct pieces *p, bool last, struct err *e)
{
    struct term *out = &p->c->out;
    struct str ready = buf_str(&p->bytes);
    if (out->tty && !last)
        ready.n = whole_characters(ready);
    if (ready.n == 0)
        return 0;
    p->open_line = ready.p[ready.n - 1] != '\n';
    term_show(out, STYLE_PLAIN, ready);
    buf_consume(&p->bytes, ready.n);
    return fflush(out->file) == 0 ? 0 : err_sys(e, "write the output");
}

static int take_piece(struct pieces *p, struct str data, struct err *e)
{
    auto_json json_t *piece = json_loadb(data.p, data.n, JSON_ALLOW_NUL, NULL);
    struct str text = cli_text(piece, "text");
    if (text.n)
        buf_add_str(&p->bytes, text);
    else if (!base64_add_decoded(&p->bytes, cli_text(piece, "base64")))
        return err_set(e, ERR_SYSTEM, "the server sent a piece that is not understood");
    return print(p, false, e);
}

/* What a client of the gateway would get in front of the pieces. */
static void show_opening(const struct pieces *p, struct str data)
{
    const char *name;
    const json_t *value;
    auto_json json_t *opening = json_loadb(data.p, data.n, 0, NULL);
    if (!p->c->verbose)
        return;
    term_say(&p->c->err, STYLE_DIM, "status %lld\n", (long long)cli_integer(opening, "statusCode"));
    json_object_foreach(json_object_get(opening, "headers"), name, value)
    {
        term_say(&p->c->err, STYLE_DIM, "%s: %s\n", name,
                 json_is_string(value) ? json_string_value(value) : "");
    }
}

static int on_event(void *arg, const char *name, struct str data, struct err *e)
{
    struct pieces *p = arg;
    if (strcmp(name, "piece") == 0)
        return take_piece(p, data, e);
    if (strcmp(name, "open") == 0)
        show_opening(p, data);
    else if (strcmp(name, "result") == 0)
        buf_add_str(&p->result, data);
    return 0;
}

static int end(struct pieces *p, struct buf *ret, struct err *e)
{
    if (ret->len > 0) /* it came whole */
        return 0;
    if (p->result.len == 0)
        return err_set(e, ERR_UNAVAILABLE, "%s broke the answer off", client_server(p->c->client));
    if (print(p, true, e) < 0)
        return -1;
    if (p->open_line && p->c->out.tty)
        term_say(&p->c->out, STYLE_PLAIN, "\n");
    buf_add_str(ret, buf_str(&p->result));
    return 0;
}

int pieces_call(struct cli *c, const struct client_request *req, struct buf *ret, struct err *e)
{
    struct pieces p = {.c = c};
    p.events = (struct events){.each = on_event, .arg = &p};
    int rc = client_events(c->client, req, events_line, &p.events, ret, e);
    if (rc == 0)
        rc = end(&p, ret, e);
    events_done(&p.events);
    buf_done(&p.result);
    buf_done(&p.bytes);
    return rc;
}
