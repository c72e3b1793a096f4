#include "cli/options.h"

#include "base/mem.h"
#include "cli/near.h"

#include <string.h>

enum { WORD_MAX = 32 };

static const struct option_spec *find_name(const struct option_spec *const *tables,
                                           const char *name, size_t len)
{
    for (; *tables; tables++)
        for (const struct option_spec *s = *tables; s->name; s++)
            if (strlen(s->name) == len && memcmp(s->name, name, len) == 0)
                return s;
    return NULL;
}

static const struct option_spec *find_letter(const struct option_spec *const *tables, char letter)
{
    for (; *tables; tables++)
        for (const struct option_spec *s = *tables; s->name; s++)
            if (s->letter && s->letter == letter)
                return s;
    return NULL;
}

static int unknown_name(const struct option_spec *const *tables, const char *arg, size_t len,
                        struct err *e)
{
    char word[WORD_MAX + 1] = "";
    memcpy(word, arg, len < WORD_MAX ? len : WORD_MAX);
    struct near near = near_to(word);
    for (; *tables; tables++)
        for (const struct option_spec *s = *tables; s->name; s++)
            near_offer(&near, s->name);
    if (near.best)
        return err_set(e, ERR_INVALID, "unknown option '--%s'; did you mean '--%s'?", word,
                       near.best);
    return err_set(e, ERR_INVALID, "unknown option '--%s'", word);
}

static void give(struct options *o, const struct option_spec *spec, const char *value)
{
    o->given = mem_realloc(o->given, (o->given_count + 1) * sizeof *o->given);
    o->given[o->given_count++] = (struct options_given){spec, value};
}

static void add_arg(struct options *o, const char *arg)
{
    o->args = mem_realloc(o->args, (o->arg_count + 1) * sizeof *o->args);
    o->args[o->arg_count++] = arg;
}

/* Both return how many words were used beyond the first, or -1. */
static int parse_long(const struct option_spec *const *tables, const char *arg, const char *next,
                      struct options *o, struct err *e)
{
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option_spec *spec = find_name(tables, arg, len);
    if (!spec)
        return unknown_name(tables, arg, len, e);
    if (!spec->value && equals)
        return err_set(e, ERR_INVALID, "option '--%s' takes no value", spec->name);
    if (!spec->value || equals) {
        give(o, spec, equals ? equals + 1 : NULL);
        return 0;
    }
    if (!next)
        return err_set(e, ERR_INVALID, "option '--%s' needs a value: --%s %s", spec->name,
                       spec->name, spec->value);
    give(o, spec, next);
    return 1;
}

static int parse_letters(const struct option_spec *const *tables, const char *letters,
                         const char *next, struct options *o, struct err *e)
{
    for (; *letters; letters++) {
        const struct option_spec *spec = find_letter(tables, *letters);
        if (!spec)
            return err_set(e, ERR_INVALID, "unknown option '-%c'", *letters);
        if (!spec->value) {
            give(o, spec, NULL);
            continue;
        }
        if (letters[1] == 0 && !next)
            return err_set(e, ERR_INVALID, "option '-%c' needs a value: -%c %s", *letters, *letters,
                           spec->value);
        give(o, spec, letters[1] ? letters + 1 : next);
        return letters[1] == 0;
    }
    return 0;
}

int options_parse(const struct option_spec *const *tables, int argc, char **argv,
                  bool stop_at_argument, struct options *ret, struct err *e)
{
    bool only_args = false;
    int i = 0;
    for (; i < argc; i++) {
        const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        int used = 0;
        if (only_args || arg[0] != '-' || arg[1] == 0) {
            if (stop_at_argument)
                break;
            add_arg(ret, arg);
        } else if (strcmp(arg, "--") == 0) {
            only_args = true;
        } else if (arg[1] == '-') {
            used = parse_long(tables, arg + 2, next, ret, e);
        } else {
            used = parse_letters(tables, arg + 1, next, ret, e);
        }
        if (used < 0)
            return -1;
        i += used;
    }
    return i;
}

void options_done(struct options *o)
{
    free(o->given);
    free(o->args);
    *o = (struct options){0};
}

bool options_has(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->given_count; i++)
        if (strcmp(o->given[i].spec->name, name) == 0)
            return true;
    return false;
}

const char *options_value(const struct options *o, const char *name)
{
    for (size_t i = o->given_count; i-- > 0;)
        if (strcmp(o->given[i].spec->name, name) == 0)
            return o->given[i].value;
    return NULL;
}
