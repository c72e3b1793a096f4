/* files_input — the members `files` and `base_version` of a change: all files of the next version,
 * each with its bytes or by its name alone. Only for functions/. */
#pragma once

#include "functions/functions_input.h"

struct form;
struct request;

/* Reads both members into `change`, where they are. Its tree is sorted and good (tree.h); an entry
 * without bytes (p == NULL) or mode (0) keeps those of the file that is there. 422 for what does
 * not fit, at `body.files.N.path` and the like, and for files beside `code`. The bytes live as long
 * as the form's object. */
int files_input_read(const struct form *form, struct function_change *change, struct err *e);
/* The files that `change` makes of those in `old` (files.h), in the request's arena. 422 at a file
 * that has nothing to keep there, and when all are larger than functions_config.files_max. */
int files_input_merge(struct request *req, const struct function_change *change, struct str old,
                      struct str *ret, struct err *e);
