/* profiles — servers that `virga login` remembers: URL, key and project, by name. They are in
 * $XDG_CONFIG_HOME/virga/profiles.json (or ~/.config/virga/profiles.json), readable by its owner
 * only. One of them is used when nothing names another. */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

#define PROFILES_SERVER "http://127.0.0.1:8000" /* of a profile that names none */

struct profiles {
    json_t
        *tree; /* {"current": name, "profiles": {name: {"server", "key", "key_id", "project"}}} */
    char path[4096]; /* "": there is no place for it */
};

/* An absent file is an empty list; one that others may read, or that cannot be read, is refused. */
int profiles_load(struct profiles *ret, struct err *e);
void profiles_done(struct profiles *p);
/* Replaces the file as a whole, in one step. */
int profiles_save(const struct profiles *p, struct err *e);

/* The profile of this name, or the current one for NULL; NULL when there is none. Borrowed. */
json_t *profiles_find(const struct profiles *p, const char *name);
/* The name of the current one, whether it exists or not. Borrowed. */
const char *profiles_current(const struct profiles *p);
/* The name of a profile of this server, the current one first; NULL when there is none. */
const char *profiles_of_server(const struct profiles *p, const char *server);
const char *profiles_server(const json_t *profile); /* its URL */
bool profiles_same_server(const char *a, const char *b);
bool profiles_is_empty(const struct profiles *p);

bool profiles_name_ok(const char *name); /* letters, digits, and some of what is in host names */

/* The same as profiles_find, made when it is missing. */
json_t *profiles_make(struct profiles *p, const char *name);
void profiles_use(struct profiles *p, const char *name);
void profiles_remove(struct profiles *p, const char *name);
