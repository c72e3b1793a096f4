#include "http/target.h"

#include <string.h>

/* The byte behind a "%", or -1. */
static int decode_byte(const char *s)
{
    int high = str_hex(s[1]);
    int low = high < 0 ? -1 : str_hex(s[2]);
    return low < 0 ? -1 : high << 4 | low;
}

bool target_decode(char *s, bool plus)
{
    char *out = s;
    for (; *s; s++) {
        int c = (unsigned char)*s;
        if (c == '%') {
            c = decode_byte(s);
            if (c <= 0)
                return false;
            s += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *out++ = (char)c;
    }
    *out = 0;
    return true;
}

static bool well_encoded(const char *s)
{
    for (; (s = strchr(s, '%')); s += 3)
        if (decode_byte(s) <= 0)
            return false;
    return true;
}

size_t target_path_len(const char *target)
{
    return strcspn(target, "?");
}

int target_split(struct request *req, const char *target, struct refusal *r)
{
    if (strchr(target, '#'))
        return head_refuse(r, 400, "The request target has a fragment");
    if (!well_encoded(target))
        return head_refuse(r, 400, "Malformed percent-encoding in the request target");
    size_t len = target_path_len(target);
    char *path = arena_dup(req->arena, target, len);
    (void)target_decode(path, false);
    if (!str_is_utf8(str_of(path)))
        return head_refuse(r, 400, "The path is not UTF-8");
    req->target = target;
    req->path = path;
    req->query = target[len] ? target + len + 1 : "";
    return 0;
}
