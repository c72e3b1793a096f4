#include "cluster/target.h"

#include "base/must.h"
#include "base/str.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* Not among them: whatever names a file or a program. */
static const char *const keywords[] = {"host",
                                       "hostaddr",
                                       "port",
                                       "user",
                                       "dbname",
                                       "password",
                                       "sslmode",
                                       "options",
                                       "sslsni",
                                       "channel_binding",
                                       "gssencmode",
                                       "connect_timeout",
                                       "target_session_attrs"};

static bool is_keyword(struct str s)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
        if (str_is(s, keywords[i]))
            return true;
    return false;
}

/* A host that begins so is a socket on the machine; of these only the cluster's own is reached. */
static bool is_value(struct str keyword, struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
            return false;
    if (str_is(keyword, "host") && value.n && strchr("/@", value.p[0]))
        return false;
    return value.n == 0 || (value.p[value.n - 1] != ' ' && value.p[0] != ' ');
}

/* --- in the server --- */

static int pack_one(const PQconninfoOption *o, const char *admin_dir, struct target_record *ret,
                    size_t *len, struct err *e)
{
    if (!o->val || !o->val[0])
        return 0;
    if (strcmp(o->keyword, "host") == 0 && strcmp(o->val, admin_dir) == 0) {
        ret->local = 1;
        return 0;
    }
    if (!is_keyword(str_of(o->keyword)) || !is_value(str_of(o->keyword), str_of(o->val)))
        return err_set(e, ERR_INVALID, "connection parameter '%s' cannot be used here", o->keyword);
    int n = snprintf(ret->lines + *len, sizeof ret->lines - *len, "%s=%s\n", o->keyword, o->val);
    if (n < 0 || (size_t)n >= sizeof ret->lines - *len)
        return err_set(e, ERR_INVALID, "connection parameters of more than %zu bytes",
                       sizeof ret->lines);
    *len += (size_t)n;
    return 0;
}

int target_pack(const char *conninfo, const char *admin_dir, struct target_record *ret,
                struct err *e)
{
    char *why = NULL;
    size_t len = 0;
    int packed = 0;
    memset(ret, 0, sizeof *ret);
    PQconninfoOption *options = PQconninfoParse(conninfo, &why);
    if (!options) {
        PQfreemem(why); /* libpq's text may hold the password */
        return err_set(e, ERR_INVALID, "connection parameters that libpq cannot read");
    }
    for (PQconninfoOption *o = options; packed == 0 && o->keyword; o++)
        packed = pack_one(o, admin_dir, ret, &len, e);
    PQconninfoFree(options);
    return packed;
}

/* --- in the keeper --- */

int target_service(struct target_record *record, const char *name, const char *admin_dir,
                   struct buf *ret, struct err *e)
{
    bool verify = false;
    record->lines[sizeof record->lines - 1] = 0;
    struct str rest = str_of(record->lines);
    buf_addf(ret, "[%s]\n", name);
    if (record->local)
        buf_addf(ret, "host=%s\n", admin_dir);
    while (rest.n) {
        struct str value = str_cut(&rest, '\n');
        struct str keyword = str_cut(&value, '=');
        if (!is_keyword(keyword) || !is_value(keyword, value) ||
            (record->local && str_starts(keyword, STR("host"))))
            return err_set(e, ERR_INVALID, "a connection parameter that is not passed on");
        verify |= str_is(keyword, "sslmode") && str_starts(value, STR("verify-"));
        buf_addf(ret, STR_FMT "=" STR_FMT "\n", STR_ARG(keyword), STR_ARG(value));
    }
    if (verify)
        buf_addz(ret, "sslrootcert=/etc/ssl/certs/ca-certificates.crt\n");
    return 0;
}
