#include "auth/accounts.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/must.h"
#include "http/form.h"

#include <ctype.h>
#include <string.h>

const char *const account_quota_names[ACCOUNT_QUOTAS] = {"projects", "functions", "calls_per_day"};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name_char(char c)
{
    return is_word(c) || c == '.' || c == '_' || c == '-';
}

bool accounts_is_name(const char *text)
{
    size_t n = strlen(text);
    if (n < ACCOUNT_NAME_MIN || n > ACCOUNT_NAME_MAX || !is_word(text[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_name_char(text[i]))
            return false;
    return true;
}

/* ASCII only: letters of other scripts look like ours, and administrators read these. */
static bool is_local_part(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 127 ||
            strchr("<>()[]\\,;:\"", s.p[i]))
            return false;
    return s.n > 0 && s.n <= 64;
}

static bool is_domain(struct str s)
{
    char before = '.';
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = c == '.' ? is_word(before) : c == '-' ? before != '.' : is_word(c);
        if (!ok)
            return false;
        before = c;
    }
    return is_word(before);
}

bool accounts_is_email(const char *text)
{
    struct str rest = str_of(text);
    if (rest.n > ACCOUNT_EMAIL_MAX)
        return false;
    struct str local = str_cut(&rest, '@');
    return rest.p && is_local_part(local) && is_domain(rest);
}

const char *accounts_near_name(struct arena *a, const char *text)
{
    enum { ROOM = 8 }; /* for what makes it unique */
    char out[ACCOUNT_NAME_MAX + 1];
    size_t n = 0;
    for (; *text && *text != '@' && n < ACCOUNT_NAME_MAX - ROOM; text++) {
        char c = (char)tolower((unsigned char)*text);
        if (is_word(c) || (n && (c == '.' || c == '_' || c == '-')))
            out[n++] = c;
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n && !is_word(out[n - 1]))
        n--;
    return n < ACCOUNT_NAME_MIN ? "user" : arena_dup(a, out, n);
}

int accounts_create(struct db *db, struct arena *a, struct account *account, struct err *e)
{
    char *id = arena_alloc(a, ID_TEXT);
    id_new(id);
    account->id = id;
    account->active = true;
    account->created_us = account->updated_us = clock_wall_us();
    for (int i = 0; i < ACCOUNT_QUOTAS; i++)
        account->quota[i] = -1;
    if (account->email && account->email_proven &&
        accounts_free_email(db, a, account->email, e) < 0)
        return -1;
    return accounts_insert(db, a, account, e) < 0 ? -1 : 0;
}

/* A quota of its own, or null: the server's. */
static json_t *quotas_json(const struct account *account)
{
    json_t *ret = json_object();
    for (int i = 0; i < ACCOUNT_QUOTAS; i++)
        json_object_set_new(ret, account_quota_names[i],
                            account->quota[i] < 0 ? json_null() : json_integer(account->quota[i]));
    return ret;
}

json_t *accounts_json(const struct account *c)
{
    json_t *ret =
        json_pack("{s:s, s:s, s:s?, s:b, s:s, s:b, s:b, s:o, s:o, s:o}", "id", c->id, "name",
                  c->name, "email", c->email, "admin", c->admin, "status",
                  c->active ? "active" : "disabled", "has_password", c->password != NULL,
                  "external", c->issuer != NULL, "quotas", quotas_json(c), "created_at",
                  form_time_json(c->created_us), "updated_at", form_time_json(c->updated_us));
    must(ret);
    return ret;
}

int accounts_read_name(const struct form *form, enum form_need need, const char **ret,
                       struct err *e)
{
    if (form_text(form, "name", need, 1, 1000, ret, e) < 0)
        return -1;
    if (form_has(form, "name") && !accounts_is_name(*ret))
        return form_invalid(form, "name", "value_error", e,
                            "Value error, a name has %d to %d letters, digits, '.', '_' or '-', "
                            "and begins with a letter or digit",
                            ACCOUNT_NAME_MIN, ACCOUNT_NAME_MAX);
    return 0;
}

int accounts_read_email(const struct form *form, const char **ret, struct err *e)
{
    if (json_is_null(json_object_get(form->object, "email"))) {
        *ret = NULL;
        return 0;
    }
    if (form_text(form, "email", FORM_OPTIONAL, 1, ACCOUNT_EMAIL_MAX, ret, e) < 0)
        return -1;
    if (form_has(form, "email") && !accounts_is_email(*ret))
        return form_invalid(form, "email", "value_error", e,
                            "Value error, this is not an e-mail address");
    return 0;
}
