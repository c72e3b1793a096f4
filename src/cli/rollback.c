#include "cli/command.h"
#include "cli/versions.h"

#include <stdio.h>

/* The newest version older than the active one. */
static int previous(struct cli *c, const json_t *fn, json_int_t *ret, struct err *e)
{
    auto_json json_t *versions = NULL;
    json_int_t active = cli_integer(fn, "active_version"), best = 0;
    size_t i;
    const json_t *v;
    if (versions_get(c, fn, &versions, NULL, e) < 0)
        return -1;
    json_array_foreach(versions, i, v)
    {
        json_int_t n = cli_integer(v, "version");
        best = n < active && n > best ? n : best;
    }
    if (best == 0)
        return err_set(e, ERR_INVALID,
                       "version %" JSON_INTEGER_FORMAT " is the oldest one there is", active);
    *ret = best;
    return 0;
}

static int target_version(struct cli *c, const json_t *fn, json_int_t *ret, struct err *e)
{
    uint64_t n;
    const char *given = cli_arg(c, 1);
    if (!given)
        return previous(c, fn, ret, e);
    if (!str_to_u64(str_of(given), &n) || n == 0 || n > INT32_MAX)
        return err_set(e, ERR_INVALID, "'%s' is no version number", given);
    *ret = (json_int_t)n;
    return 0;
}

static int activate(struct cli *c, const json_t *fn, json_int_t version, struct buf *ret,
                    struct err *e)
{
    char rest[48];
    auto_buf struct buf path = {0};
    (void)snprintf(rest, sizeof rest, "/versions/%" JSON_INTEGER_FORMAT, version);
    if (cli_function_path(fn, rest, &path, e) < 0)
        return -1;
    if (cli_send(c, "PUT", path.data, NULL, NULL, ret, e) == 0)
        return 0;
    if (e->code != ERR_NOT_FOUND)
        return -1;
    return err_set(e, ERR_NOT_FOUND,
                   "there is no version %" JSON_INTEGER_FORMAT "; 'virga versions %s' lists them",
                   version, cli_arg(c, 0));
}

int rollback_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf answer = {0};
    json_int_t version = 0;
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || target_version(c, fn, &version, e) < 0)
        return -1;
    if (activate(c, fn, version, &answer, e) < 0)
        return -1;
    json_int_t before = cli_integer(fn, "active_version");
    const char *name = cli_text(fn, "name").p;
    if (before == version)
        return cli_done(c, &answer, "%s: version %lld was active already, nothing changed", name,
                        (long long)version);
    return cli_done(c, &answer, "%s: version %lld is active now, %lld was before", name,
                    (long long)version, (long long)before);
}
