/* save — creating, changing, rolling back and deleting a function: the one place where rules and
 * rows meet. Only for functions/. */
#pragma once

#include "functions/functions_input.h"

/* Each commits, notes the function and fills `ret` (in the request's arena) with what is stored
 * now. Fails with what the client should see: 404, 403 for too low a role or a full quota, 409 for
 * a taken name or routes that hold it in its project, 422 for what does not go together. */
int save_new(struct request *req, struct function_change *c, struct function *ret, struct err *e);
int save_change(struct request *req, const char *id, struct function_change *c,
                struct function *ret, struct err *e);
/* Changes the function of that name in the project that the change names (by id or slug), or the
 * account's own; or creates it. */
int save_by_name(struct request *req, struct function_change *c, struct function *ret,
                 struct err *e);
int save_rollback(struct request *req, const char *id, uint32_t number, struct function *ret,
                  struct err *e);
int save_delete(struct request *req, const char *id, struct err *e);
