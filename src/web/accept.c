#include "web/accept.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

static bool is_word(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* "q=0", "q=0.000": never. Other parameters do not exist here. */
static bool is_refused(struct str parameters)
{
    struct str name = str_trim(str_cut(&parameters, '='));
    struct str value = str_trim(parameters);
    if (!is_word(name, "q"))
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != '0' && value.p[i] != '.')
            return false;
    return true;
}

bool accept_gzip(const char *accept_encoding)
{
    struct str rest = str_of(accept_encoding);
    int named = -1, any = -1; /* -1: not said */
    while (rest.n) {
        struct str parameters = str_cut(&rest, ',');
        struct str coding = str_trim(str_cut(&parameters, ';'));
        if (is_word(coding, "gzip") || is_word(coding, "x-gzip"))
            named = !is_refused(parameters);
        else if (is_word(coding, "*"))
            any = !is_refused(parameters);
    }
    return named >= 0 ? named : any > 0;
}

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
