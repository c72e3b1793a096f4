#include "web/accept.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

static struct str opaque(struct str tag)
{
    tag = str_trim(tag);
    return str_starts(tag, STR("W/")) ? (struct str){tag.p + 2, tag.n - 2} : tag;
}

bool accept_has_tag(const char *if_none_match, const char *etag)
{
    struct str rest = str_of(if_none_match);
    while (rest.n) {
        struct str tag = opaque(str_cut(&rest, ','));
        if (str_is(tag, "*") || str_eq(tag, opaque(str_of(etag))))
            return true;
    }
    return false;
}

bool accept_has_type(const char *accept, const char *type)
{
    struct str rest = str_of(accept);
    while (rest.n) {
        struct str range = str_cut(&rest, ',');
        struct str name = str_trim(str_cut(&range, ';'));
        if (name.n == strlen(type) && strncasecmp(name.p, type, name.n) == 0)
            return true;
    }
    return false;
}
