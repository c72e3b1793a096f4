/* keys — the scopes of API keys, as words. Only for auth/. */
#pragma once

#include <jansson.h>

const char *keys_scope_name(unsigned scope); /* of one bit */
unsigned keys_scope(const char *name);       /* 0: there is none of that name */
json_t *keys_scopes_json(unsigned scopes);
