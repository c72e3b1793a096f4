/* functions_input — what clients send, checked field by field; what functions look like to them.
 * Only for functions/. */
#pragma once

#include "functions/versions_store.h"
#include "functions/rules.h"

struct request;
struct response;

/* Reads the known members of `object` into `change` and ignores the others. `place` begins the
 * location in a 422: "body". Strings live in the request's arena, the environment with `object`. */
int functions_read_change(struct request *req, const char *place, const json_t *object,
                          struct function_change *change, struct err *e);
/* 422 when `object` has a member that functions_read_change does not read. */
int functions_refuse_unknown(struct request *req, const char *place, const json_t *object,
                             struct err *e);
/* The same for one member given as text, such as a query parameter. */
int functions_read_member(struct request *req, const char *place, const char *name,
                          const char *value, struct function_change *change, struct err *e);

json_t *functions_to_json(const struct functions *f, const struct function *fn);
json_t *functions_files_json(const char *text); /* what a version's files are; from the store */
