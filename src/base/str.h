/* str — a view of bytes that somebody else owns. Not NUL-terminated unless its source was. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).n, (s).p /* for printf; views here are shorter than INT_MAX */

struct str str_of(const char *s); /* NULL gives an empty view */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* without white space at both ends */

/* Cuts `*rest` at the first `sep`: returns what stands before it and leaves in `*rest` what stands
 * behind. Without a `sep` the whole is returned and `*rest` becomes empty with p == NULL. */
struct str str_cut(struct str *rest, char sep);

/* Whether an item of a list, without the white space around it, is `word`. `fold`: whatever the
 * case of its letters. */
bool str_lists(struct str list, char separator, struct str word, bool fold);

bool str_is_token(struct str s); /* of RFC 9110: a method, or a header's name */
bool str_is_line(struct str s);  /* no control bytes but tab: a header's value */
int str_hex(char c);             /* what a hexadecimal digit stands for, or -1 */

/* A decimal number without sign, filling the whole view. False on anything else and on overflow. */
bool str_to_u64(struct str s, uint64_t *ret);

/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);
