/* admit — the last word on who may do what: the permission column's scope and role, checked on a
 * worker before a handler of the control plane runs. Private to serve/. */
#pragma once

#include "base/err.h"

struct request;

/* http_config.admit. */
int admit(void *app, struct request *req, int permission, struct err *e);
