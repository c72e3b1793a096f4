#include "cli/pretty.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies the string literal that starts at text.p[i]; returns the index behind it. */
static size_t copy_string(struct str text, size_t i, struct buf *out)
{
    size_t end = i + 1;
    while (end < text.n && text.p[end] != '"')
        end += text.p[end] == '\\' ? 2 : 1;
    end = end < text.n ? end + 1 : text.n;
    buf_add(out, text.p + i, end - i);
    return end;
}

static size_t skip_space(struct str text, size_t i)
{
    while (i < text.n && is_space(text.p[i]))
        i++;
    return i;
}

static void new_line(struct buf *out, size_t depth)
{
    buf_addz(out, "\n");
    for (size_t i = 0; i < depth; i++)
        buf_addz(out, "  ");
}

/* Writes one structural or scalar byte; returns the index behind what it used. */
static size_t indent_byte(struct str text, size_t i, size_t *depth, struct buf *out)
{
    char c = text.p[i++];
    if (c == '{' || c == '[') {
        buf_add(out, &c, 1);
        size_t inner = skip_space(text, i);
        if (inner < text.n && (text.p[inner] == '}' || text.p[inner] == ']')) {
            buf_add(out, text.p + inner, 1); /* {} and [] stay on their line */
            return inner + 1;
        }
        new_line(out, ++*depth);
        return i;
    }
    if (c == '}' || c == ']')
        new_line(out, *depth > 0 ? --*depth : 0);
    buf_add(out, &c, 1);
    if (c == ',')
        new_line(out, *depth);
    if (c == ':')
        buf_addz(out, " ");
    return i;
}

static void print(struct str json, bool indent, struct buf *out)
{
    size_t depth = 0, i = 0;
    while ((i = skip_space(json, i)) < json.n) {
        if (json.p[i] == '"')
            i = copy_string(json, i, out);
        else if (indent)
            i = indent_byte(json, i, &depth, out);
        else
            buf_add(out, json.p + i++, 1);
    }
}

void pretty_indent(struct str json, struct buf *out)
{
    print(json, true, out);
}

void pretty_compact(struct str json, struct buf *out)
{
    print(json, false, out);
}
