/* cors — whether pages of other origins may use a project's gateway. */
#include "base/must.h"
#include "cli/command.h"
#include "cli/when.h"

#include <string.h>

const struct option_spec cors_options[] = {
    {0, "origins", "LIST", "whose pages may: https://app.example.com,... or '*'"},
    {0, "methods", "LIST", "with these methods: GET,POST or '*'"},
    {0, "headers", "LIST", "with these headers: Content-Type,Authorization or '*'"},
    {0, "exposed", "LIST", "headers of the answer that they may read"},
    {0, "credentials", "WORD", "with cookies and logins: on or off"},
    {0, "max-age", "TIME", "how long a browser remembers this, such as 10m"},
    {0},
};

static const char *const lists[] = {"origins", "methods", "headers", "exposed"};

static struct str joined(const json_t *list, struct buf *text)
{
    size_t i;
    const json_t *one;
    buf_clear(text);
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one))
            buf_addf(text, "%s%s", text->len ? ", " : "", json_string_value(one));
    }
    return text->len ? buf_str(text) : STR("-");
}

static int show(struct cli *c, const json_t *project)
{
    auto_buf struct buf text = {0};
    const json_t *cors = json_object_get(project, "cors");
    if (c->json) {
        char *json = json_dumps(cors, JSON_COMPACT);
        cli_print_json(c, str_of(json ? json : "{}"));
        free(json);
        return CLI_OK;
    }
    bool on = json_is_true(json_object_get(cors, "enabled"));
    term_say(&c->out, STYLE_BOLD, "%s\n", on ? "on" : "off");
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        cli_field(c, lists[i], joined(json_object_get(cors, lists[i]), &text));
    bool credentials = json_is_true(json_object_get(cors, "credentials"));
    cli_field(c, "credentials", credentials ? STR("on") : STR("off"));
    buf_clear(&text);
    buf_addf(&text, "%lld s", (long long)cli_integer(cors, "max_age_s"));
    cli_field(c, "max age", buf_str(&text));
    return CLI_OK;
}

static int cors_show(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "", &path, e) < 0 || cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    return show(c, project);
}

static int put_list(json_t *cors, const char *name, const char *text, struct err *e)
{
    json_t *list = json_array();
    struct str rest = str_of(text);
    (void)json_object_set_new(cors, name, list);
    while (rest.p) {
        struct str word = str_trim(str_cut(&rest, ','));
        json_t *one = word.n ? json_stringn(word.p, word.n) : NULL;
        if (word.n && !one)
            return err_set(e, ERR_INVALID, "--%s takes UTF-8 text", name);
        if (one)
            (void)json_array_append_new(list, one);
    }
    return 0;
}

static int put_others(const struct options *o, json_t *cors, struct err *e)
{
    int64_t seconds;
    const char *age = options_value(o, "max-age"), *word = options_value(o, "credentials");
    if (age && !when_span(age, &seconds))
        return err_set(e, ERR_INVALID, "--max-age takes a time such as 10m, not '%.40s'", age);
    if (age)
        (void)json_object_set_new(cors, "max_age_s", json_integer(seconds));
    if (word && strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
        return err_set(e, ERR_INVALID, "--credentials is on or off, not '%.40s'", word);
    if (word)
        (void)json_object_set_new(cors, "credentials", json_boolean(word[1] == 'n'));
    return 0;
}

static int change(struct cli *c, bool on, struct err *e)
{
    const struct options *o = &c->options;
    auto_json json_t *project = NULL, *body = json_pack("{s:{s:b}}", "cors", "enabled", on);
    auto_buf struct buf path = {0};
    json_t *cors = json_object_get(body, "cors");
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (options_value(o, lists[i]) &&
            put_list(cors, lists[i], options_value(o, lists[i]), e) < 0)
            return -1;
    if (put_others(o, cors, e) < 0 || cli_project_path(c, "", &path, e) < 0 ||
        cli_send(c, "PUT", path.data, json_incref(body), &project, NULL, e) < 0)
        return -1;
    return show(c, project);
}

static int cors_on(struct cli *c, struct err *e)
{
    return change(c, true, e);
}

static int cors_off(struct cli *c, struct err *e)
{
    return change(c, false, e);
}

const struct verb cors_verbs[] = {
    {"show", "", "what holds for the project", 0, 0, cors_show, NULL},
    {"on", "", "let pages of other origins in; what is not given stays as it is", 0, 0, cors_on,
     "origins methods headers exposed credentials max-age"},
    {"off", "", "keep them out", 0, 0, cors_off, NULL},
    {0},
};
