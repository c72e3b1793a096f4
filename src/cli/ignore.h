/* ignore — which paths of a directory are not deployed (the rules are in source.h). */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct ignore {
    char **patterns;
    size_t count;
};

void ignore_init(struct ignore *g, struct str file); /* `file`: what .virgaignore holds */
void ignore_done(struct ignore *g);
bool ignore_match(const struct ignore *g, const char *path, bool is_dir);
