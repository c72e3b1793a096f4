/* database_api — what the endpoints of databases share. Only for databases/. */
#pragma once

#include "databases/private.h"
#include "projects/projects.h"

/* The request's means and project. */
int database_api_open(struct request *req, struct work *ret, struct project *ret_project,
                      struct err *e);
/* `?name=` must be the project's: 422. */
int database_api_check_name(struct request *req, const struct project *p, struct err *e);
/* The answer of GET. `row` NULL: there is none. */
int database_api_reply(struct request *req, struct response *res, const struct work *w,
                       const struct database *row);
