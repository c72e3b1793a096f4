/* external — accounts of people whom the external issuer knows. Only for auth/. */
#pragma once

#include "auth/accounts_store.h"
#include "auth/token.h"

/* Whose token it is, once everything about it is verified; someone new gets an account, without a
 * password. Worker thread with a connection; the account lives in the request's arena. */
int external_account(struct auth *a, struct request *req, const struct token *t,
                     struct account *ret, int64_t *ret_expires_us, struct err *e);
