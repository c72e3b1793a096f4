/* answer — what answers of the gateway have in common: refusals, {"detail": ...} with the headers
 * that go with a status, and where code failed. Only for gateway/. */
#pragma once

#include "engine/engine.h"
#include "http/http.h"

struct buf;

void answer_detail(struct request *req, int status, const char *text, struct response *res);
/* 401 names the scheme, 429 and 503 say when to come again (`retry_s`, at least 1). A 500 keeps its
 * reason to the log. */
void answer_error(struct request *req, const struct err *e, unsigned retry_s, struct response *res);
/* Appends the contract's Problem, or null. */
void answer_add_problem(struct buf *out, const struct call_problem *p);
