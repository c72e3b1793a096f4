/* accounts — what names and addresses may be, and accounts as clients see them. Only for auth/. */
#pragma once

#include "auth/accounts_store.h"
#include "http/form.h"

#include <jansson.h>

enum {
    ACCOUNT_NAME_MIN = 2,
    ACCOUNT_NAME_MAX = 40,
    ACCOUNT_EMAIL_MAX = 254,
};

/* ASCII letters, digits and "._-", beginning with a letter or digit. */
bool accounts_is_name(const char *text);
/* Looks like an e-mail address; whether it is one, only a letter would tell. */
bool accounts_is_email(const char *text);
/* A valid name near to that text. */
const char *accounts_near_name(struct arena *a, const char *text);

/* The members `name` and `email` of a body; an e-mail address may be null: none. */
int accounts_read_name(const struct form *form, enum form_need need, const char **ret,
                       struct err *e);
int accounts_read_email(const struct form *form, const char **ret, struct err *e);

/* Gives it an id and the time, and inserts it. */
int accounts_create(struct db *db, struct arena *a, struct account *account, struct err *e);
json_t *accounts_json(const struct account *account);
extern const char *const account_quota_names[ACCOUNT_QUOTAS];
