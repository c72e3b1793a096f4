/* origins — whose pages may use the API from a browser (Fetch standard, section 3.2): the origins
 * of --cors-origins, with credentials. The gateway has its own, per project. Private to serve/. */
#pragma once

struct request;
struct response;

/* Of http_config.decorate, and .preflight; `app` is the first member of a struct server. */
void origins_decorate(void *app, struct request *req, struct response *res);
void origins_preflight(void *app, struct request *req, struct response *res);
/* "https://a.example,https://b.example" or "*": every origin, then without credentials. False when
 * an item is no origin. */
int origins_check(const char *origins);
