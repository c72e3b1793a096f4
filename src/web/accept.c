#include "web/accept.h"

#include "base/str.h"

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
