/* variables — changing a project's variables: rules that need the store, in one transaction with
 * its line in the audit log and its note. Only for projects/. */
#pragma once

#include "http/http.h"
#include "projects/variables_store.h"

/* A variable as a client wants it. */
struct wanted {
    const char *loc; /* where it stands, for a 422: "body" or "body.variables.3" */
    const char *key, *value;
    bool secret;
};

/* Sets them all or none; with `replace` all others go. What is the same already stays untouched.
 * A value of VARIABLE_MASK keeps the stored secret, and is refused where there is none. */
int variables_set(struct request *req, const char *project, const struct wanted *wanted,
                  size_t count, bool replace, struct err *e);
/* ERR_NOT_FOUND. */
int variables_remove(struct request *req, const char *project, const char *key, struct err *e);
/* Appends the value in clear once the audit log says who asked. ERR_NOT_FOUND. */
int variables_reveal(struct request *req, const char *project, const char *key, struct buf *ret,
                     struct err *e);
