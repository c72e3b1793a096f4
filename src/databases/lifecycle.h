/* lifecycle — a database comes, changes its password, and goes. Only for databases/. */
#pragma once

#include "databases/private.h"

struct request;
struct project;

/* For requests: with the audit log's line. Each leaves all or nothing, at the latest once
 * lifecycle_settle has run again. */
int lifecycle_provision(const struct work *w, struct request *req, const struct project *p,
                        enum database_provider_kind kind, struct err *e);
int lifecycle_deprovision(const struct work *w, struct request *req, const struct project *p,
                          struct err *e);
int lifecycle_rotate(const struct work *w, struct request *req, const struct project *p,
                     struct err *e);
/* The row of a database that can be used now. ERR_MALFORMED "Project does not have a database",
 * ERR_CONFLICT while it is made, ERR_UNAVAILABLE when it is on another server. */
int lifecycle_ready(const struct work *w, const char *project, struct database *ret, struct err *e);

/* Finishes what is half done, drops what belonged to projects that are gone. 0, or -1 when
 * something is left: the row's problem says why, and it is worth another try. */
int lifecycle_settle(const struct work *w, struct err *e);
