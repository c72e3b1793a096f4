#include "web/unpack.h"

#include "app.h"
#include "base/mem.h"
#include "base/must.h"
#include "http/stream.h"
#include "loop/loop.h"

#include <stdlib.h>
#include <zlib.h>

enum { PIECE_BYTES = 32 * 1024 };

struct unpack {
    struct http_exchange *x;
    struct loop *loop;
    z_stream z;
    char piece[PIECE_BYTES];
};

static void finish(struct unpack *u)
{
    http_stream_end(u->x);
    inflateEnd(&u->z);
    free(u);
}

/* Our own bytes: they are complete, and inflate has room for its output, so it cannot fail. */
static struct str next_piece(struct unpack *u)
{
    u->z.next_out = (Bytef *)u->piece;
    u->z.avail_out = sizeof u->piece;
    int status = inflate(&u->z, Z_NO_FLUSH);
    must(status == Z_OK || status == Z_STREAM_END);
    return (struct str){u->piece, sizeof u->piece - u->z.avail_out};
}

/* One piece a turn of the loop: a client that reads at once must not hold up the calls. */
static void go_on(void *arg)
{
    struct unpack *u = arg;
    struct str piece = next_piece(u);
    if (!piece.n)
        finish(u);
    else if (http_stream_write(u->x, piece))
        loop_post(u->loop, go_on, u);
}

static void on_gone(void *arg)
{
    struct unpack *u = arg;
    loop_unpost(u->loop, go_on, u);
    finish(u);
}

void unpack_answer(struct http_exchange *x, const struct response *res, struct str gzip)
{
    const struct request *req = http_exchange_request(x);
    struct unpack *u = mem_alloc(sizeof *u);
    u->x = x;
    u->loop = ((const struct app *)req->app)->loop;
    u->z.next_in = (Bytef *)gzip.p;
    u->z.avail_in = (uInt)gzip.n;
    must(inflateInit2(&u->z, 16 + MAX_WBITS) == Z_OK);
    http_stream_start(x, res, &(struct http_stream){.drained = go_on, .gone = on_gone, .arg = u});
    if (req->method == HTTP_HEAD)
        finish(u);
    else
        go_on(u);
}
