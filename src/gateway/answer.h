/* answer — refusals of the gateway: {"detail": ...} and the headers that go with a status. Only for
 * gateway/. */
#pragma once

#include "http/http.h"

void answer_detail(struct request *req, int status, const char *text, struct response *res);
/* 401 names the scheme, 429 and 503 say when to come again (`retry_s`, at least 1). A 500 keeps its
 * reason to the log. */
void answer_error(struct request *req, const struct err *e, unsigned retry_s, struct response *res);
