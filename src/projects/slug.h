/* slug — a project's name as it stands in gateway URLs. Only for projects/. */
#pragma once

#include "base/err.h"
#include "projects/projects.h"

/* Lower case letters and digits of any script, with single '-' in place of blanks, '_' and '-';
 * everything else goes. At most PROJECT_SLUG_MAX bytes, cut between characters; "project" when
 * nothing is left. `name` is UTF-8. Fails only where the system has no Unicode locale. */
int slug_make(const char *name, char ret[PROJECT_SLUG_MAX + 1], struct err *e);
/* In a URL: bytes above ASCII percent-encoded. */
const char *slug_in_url(struct arena *a, const char *slug);
