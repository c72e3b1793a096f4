/* routes — the routes of projects in the store. Only for gateway/. Worker threads. */
#pragma once

#include "gateway/gateway.h"

/* 1: it is in `ret`; 0: the project has no such route; -1. */
int routes_find(struct db *db, struct arena *a, const char *project, const char *id,
                struct gateway_route *ret, struct err *e);
/* By path, then method. */
int routes_list(struct db *db, struct arena *a, const char *project, struct gateway_route **ret,
                size_t *ret_count, struct err *e);
int routes_count(struct db *db, const char *project, int64_t *ret, struct err *e);
/* ERR_CONFLICT when the project has a route for the same requests. */
int routes_insert(struct db *db, const struct gateway_route *r, const char *shape, struct err *e);
int routes_update(struct db *db, const struct gateway_route *r, const char *shape, struct err *e);
int routes_delete(struct db *db, const char *id, struct err *e);
