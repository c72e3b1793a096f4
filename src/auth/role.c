#include "auth/auth.h"

const char *const role_words[] = {"viewer", "editor", "owner", NULL};

const char *role_name(enum role r)
{
    return r == ROLE_NONE ? "none" : role_words[r - 1];
}
