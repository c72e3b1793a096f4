/* routes — every endpoint of the server, from the tables of the capabilities. Private to serve/. */
#pragma once

#include "http/http.h"

extern const struct route *const routes_all[]; /* http_config.routes */

/* One JSON object a line on standard output: method, path, permission, plane. What tests and the
 * documentation are held against. */
void routes_print(void);
