/* account_api — handlers of one's own account. Only for auth/. */
#pragma once

#include "http/http.h"

int account_get(struct request *req, struct response *res, struct err *e);
int account_change(struct request *req, struct response *res, struct err *e);
int account_change_password(struct request *req, struct response *res, struct err *e);
int account_delete(struct request *req, struct response *res, struct err *e);

/* Removes any account but the owner's, with what goes with it. */
int account_remove(struct request *req, const char *id, struct err *e);
