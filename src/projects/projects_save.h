/* projects_save — making, changing and deleting a project: each in one transaction, with its line
 * in the audit log and its note. Only for projects/. */
#pragma once

#include "http/http.h"
#include "projects/projects.h"

/* What a request wants different; NULL: as it was. */
struct project_change {
    const char *name; /* trimmed */
    const char *description;
    const bool *active;
    const struct form *cors; /* a body with the member `cors` */
};

/* `ret` is as whoever asks sees it. ERR_DENIED: the account's quota is reached. */
int projects_save_new(struct request *req, const char *name, const char *description,
                      struct project *ret, struct err *e);
int projects_save_change(struct request *req, const char *id, const struct project_change *change,
                         struct project *ret, struct err *e);
int projects_save_delete(struct request *req, const char *id, struct err *e);

/* ERR_DENIED when the account owns as many projects as it may. */
int projects_check_quota(struct request *req, const char *account, struct err *e);
