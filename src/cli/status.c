/* status — how the server is: load, memory, runtimes, isolation. */
#include "cli/command.h"
#include "cli/when.h"

#include <time.h>

static double in_mb(const json_t *object, const char *member)
{
    return (double)cli_integer(object, member) / (1 << 20);
}

static void say_runtimes(struct cli *c, const json_t *system)
{
    size_t i;
    const json_t *one;
    auto_buf struct buf text = {0};
    json_array_foreach(json_object_get(system, "runtimes"), i, one)
    {
        struct str version = cli_text(one, "version");
        buf_addf(&text, "%s%s%s%s", i ? ", " : "", cli_text(one, "name").p, version.n ? " " : "",
                 version.p);
    }
    cli_field(c, "runtimes", buf_str(&text));
}

/* What is enforced needs no line. */
static void say_isolation(struct cli *c, const json_t *isolation)
{
    size_t i;
    const json_t *one;
    struct str state = cli_text(isolation, "state");
    cli_field(c, "isolation", str_is(state, "full") ? STR("all protections work") : state);
    json_array_foreach(json_object_get(isolation, "checks"), i, one)
    {
        if (str_is(cli_text(one, "state"), "works"))
            continue;
        auto_buf struct buf text = {0};
        buf_addf(&text, "%s: %s", cli_text(one, "feature").p, cli_text(one, "detail").p);
        cli_field(c, "", buf_str(&text));
    }
}

static void show(struct cli *c, const json_t *s)
{
    char since[WHEN_TEXT];
    const json_t *memory = json_object_get(s, "memory"), *slots = json_object_get(s, "slots");
    auto_buf struct buf text = {0};
    term_say(&c->out, STYLE_BOLD, "virga %s", cli_text(s, "version").p);
    term_say(&c->out, STYLE_PLAIN, " on %s, started %s, store %s\n", client_server(c->client),
             when_ago(cli_text(s, "started_at").p, time(NULL), since), cli_text(s, "store").p);
    buf_addf(&text, "%.0f MB of the server; %.0f of %.0f MB of the machine are free",
             in_mb(memory, "server_bytes"), in_mb(memory, "available_bytes"),
             in_mb(memory, "total_bytes"));
    cli_field(c, "memory", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "%lld busy, %lld idle, %lld starting, %lld blank; at most %lld",
             (long long)cli_integer(slots, "busy"), (long long)cli_integer(slots, "idle"),
             (long long)cli_integer(slots, "starting"), (long long)cli_integer(slots, "blank"),
             (long long)cli_integer(slots, "max"));
    cli_field(c, "sandboxes", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "%lld functions, %lld connections, %lld calls wait",
             (long long)cli_integer(s, "functions"), (long long)cli_integer(s, "connections"),
             (long long)cli_integer(s, "queued"));
    cli_field(c, "load", buf_str(&text));
    say_runtimes(c, s);
    say_isolation(c, json_object_get(s, "isolation"));
}

int status_run(struct cli *c, struct err *e)
{
    auto_json json_t *system = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get(c, "/api/system", &system, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        show(c, system);
    return CLI_OK;
}
