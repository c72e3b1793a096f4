#include "http/chunk.h"

#include "base/must.h"

#include <string.h>

static const char malformed[] = "Malformed chunk";

/* Moves bytes into `line` until it ends: 1 with the line (CR LF cut off), 0 when more is needed. */
static int take_line(struct chunk *c, struct str *in, struct str *ret, struct refusal *r)
{
    while (in->n > 0) {
        char byte = *in->p++;
        in->n--;
        if (c->line_len == sizeof c->line)
            return head_refuse(r, 400, "Chunk line too long");
        c->line[c->line_len++] = byte;
        if (byte != '\n')
            continue;
        if (c->line_len < 2 || c->line[c->line_len - 2] != '\r')
            return head_refuse(r, 400, "A line must end with CR LF");
        *ret = (struct str){c->line, c->line_len - 2};
        c->line_len = 0;
        return 1;
    }
    return 0;
}

/* 1*HEXDIG, then nothing or ";extension". */
static int parse_size(struct chunk *c, struct str line, struct refusal *r)
{
    uint64_t size = 0;
    size_t i = 0;
    for (int digit; i < line.n && (digit = str_hex(line.p[i])) >= 0; i++) {
        if (size > UINT32_MAX) /* far above any body_max, far below an overflow */
            return head_refuse(r, 413, "Content Too Large");
        size = size << 4 | (unsigned)digit;
    }
    bool extended = i < line.n && line.p[i] == ';';
    if (i == 0 || (i < line.n && !extended) || !str_is_line(line))
        return head_refuse(r, 400, malformed);
    c->left = size;
    c->state = size ? CHUNK_DATA : CHUNK_TRAILER;
    return 0;
}

static int take_trailer(struct chunk *c, struct str line, struct refusal *r)
{
    struct str value = line;
    if (line.n == 0) {
        c->state = CHUNK_END;
        return 0;
    }
    c->trailer_bytes += line.n;
    if (c->trailer_bytes > CHUNK_TRAILER_MAX)
        return head_refuse(r, 431, "Trailers too large");
    struct str name = str_cut(&value, ':');
    if (!value.p || !str_is_token(name) || !str_is_line(value))
        return head_refuse(r, 400, "Malformed trailer");
    return 0;
}

static int take_data_end(struct chunk *c, struct str line, struct refusal *r)
{
    if (line.n > 0)
        return head_refuse(r, 400, malformed);
    c->state = CHUNK_SIZE;
    return 0;
}

static struct str take_data(struct chunk *c, struct str *in)
{
    struct str piece = {in->p, c->left < in->n ? (size_t)c->left : in->n};
    in->p += piece.n;
    in->n -= piece.n;
    c->left -= piece.n;
    if (c->left == 0)
        c->state = CHUNK_DATA_END;
    return piece;
}

int chunk_next(struct chunk *c, struct str *in, struct str *ret, struct refusal *r)
{
    static int (*const on_line[])(struct chunk *, struct str, struct refusal *) = {
        [CHUNK_SIZE] = parse_size,
        [CHUNK_DATA_END] = take_data_end,
        [CHUNK_TRAILER] = take_trailer,
    };
    *ret = (struct str){0};
    while (c->state != CHUNK_END && in->n > 0) {
        if (c->state == CHUNK_DATA) {
            *ret = take_data(c, in);
            return 0;
        }
        struct str line;
        int got = take_line(c, in, &line, r);
        if (got <= 0)
            return got;
        if (on_line[c->state](c, line, r) < 0)
            return -1;
    }
    return 0;
}
