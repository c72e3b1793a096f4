#include "gateway/percent.h"

#include <string.h>

/* The byte that the escape at `s[i]` stands for; negative when it is none. */
static int escape_at(struct str s, size_t i)
{
    int high = i + 2 < s.n ? str_hex(s.p[i + 1]) : -1;
    int low = high < 0 ? -1 : str_hex(s.p[i + 2]);
    return low < 0 ? -1 : high << 4 | low;
}

struct str percent_decode(struct arena *a, struct str s, bool plus)
{
    if (!s.n || (!memchr(s.p, '%', s.n) && (!plus || !memchr(s.p, '+', s.n))))
        return s;
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int byte = s.p[i] == '%' ? escape_at(s, i) : -1;
        if (byte >= 0) {
            out[n++] = (char)byte;
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' && plus ? ' ' : s.p[i];
        }
    }
    return (struct str){out, n};
}

bool percent_is_well_formed(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '%' && escape_at(s, i) <= 0)
            return false;
    return true;
}
