/* profile — servers that `virga login` remembers: URL, key and project, by name. They are in
 * $XDG_CONFIG_HOME/virga/profiles.json (or ~/.config/virga/profiles.json), readable by its owner
 * only. One of them is used when no option names another. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct profiles {
    json_t
        *tree; /* {"current": name, "profiles": {name: {"server", "key", "key_id", "project"}}} */
    char path[4096];
};

/* An absent file is an empty list; one that others may read is refused. */
int profiles_load(struct profiles *ret, struct err *e);
void profiles_done(struct profiles *p);
/* Replaces the file as a whole. */
int profiles_save(const struct profiles *p, struct err *e);

/* The profile of this name, or the current one for NULL; NULL when there is none. Borrowed. */
json_t *profiles_find(const struct profiles *p, const char *name);
const char *profiles_current(const struct profiles *p); /* "default" when none was chosen */
/* The same, made when it is missing. */
json_t *profiles_make(struct profiles *p, const char *name);
void profiles_use(struct profiles *p, const char *name);
void profiles_remove(struct profiles *p, const char *name);
