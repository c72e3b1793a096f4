/* functions_input — what clients send, checked field by field; what functions look like to them.
 * Only for functions/. */
#pragma once

#include "functions/rules.h"
#include "functions/versions_store.h"

struct buf;
struct form;
struct request;
struct response;

/* Reads the known members of the form into `change` and ignores the others. What is read lives in
 * the request's arena, the environment with the form's object. */
int functions_read_change(const struct form *form, struct function_change *change, struct err *e);
/* 422 when the form has a member that functions_read_change does not read. */
int functions_refuse_unknown(const struct form *form, struct err *e);
/* One member given as text, such as a query parameter; `place` begins its location in a 422. */
int functions_read_member(struct request *req, const char *place, const char *name,
                          const char *value, struct function_change *change, struct err *e);

/* Appends the function as clients see it. */
void functions_add_json(struct buf *out, const struct functions *f, const struct function *fn);
int functions_reply(struct request *req, struct response *res, const struct function *fn);
json_t *functions_files_json(const char *text); /* what a version's files are; from the store */
