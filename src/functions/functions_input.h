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

/* Query parameter `limit`: `standard` when absent, 1 to `most`. */
int functions_read_limit(struct request *req, size_t standard, size_t most, size_t *ret,
                         struct err *e);
/* Says where a list goes on: Link: <PATH?before=..&limit=..>; rel="next". */
void functions_link_next(struct request *req, struct response *res, const char *before,
                         size_t limit);

json_t *functions_to_json(const struct functions *f, const struct function *fn);
json_t *functions_time_json(int64_t us);
json_t *functions_files_json(const char *text); /* what a version's files are; from the store */
