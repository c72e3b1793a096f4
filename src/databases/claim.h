/* claim — who works on a project's database at the moment. Only for databases/. Any thread. */
#pragma once

#include "databases/private.h"

/* Nobody else works on the project's database until claim_drop. ERR_CONFLICT. */
/* Waits a moment: the thread that looks at sizes holds it for milliseconds. */
int claim_take(struct databases *d, const char *project, struct err *e);
bool claim_try(struct databases *d, const char *project); /* does not wait */
void claim_drop(struct databases *d, const char *project);
bool claim_is_taken(struct databases *d, const char *project);
/* A few statements of a project at a time: ERR_LIMIT. */
int claim_query(struct databases *d, const char *project, struct err *e);
void claim_query_end(struct databases *d, const char *project);
