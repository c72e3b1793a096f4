/* client_file — answers of any length, byte for byte into a file. */
#include "cli/client_private.h"

#include "base/fd.h"

enum { SILENCE_S = 60, REFUSAL_MAX = 1 << 20 };

struct saving {
    struct client *c;
    int file;
    struct buf refusal;
    struct err *e;
    bool failed;
};

static size_t on_bytes(char *p, size_t one, size_t n, void *arg)
{
    struct saving *s = arg;
    long status = 0;
    (void)one;
    if (!client_is_good(s->c->stream, &status)) {
        if (s->refusal.len + n <= REFUSAL_MAX)
            buf_add(&s->refusal, p, n);
        return n;
    }
    s->failed = fd_write_all(s->file, p, n, s->e) < 0;
    return s->failed ? 0 : n;
}

static int explain(struct saving *s, CURLcode done, const char *text)
{
    struct client *c = s->c;
    long status = 0;
    buf_clear(&c->problem);
    buf_clear(&c->answer);
    if (s->failed)
        return -1;
    if (done != CURLE_OK)
        return client_unreachable(c, c->stream, done, text, s->e);
    if (client_is_good(c->stream, &status))
        return 0;
    buf_add_str(&c->answer, buf_str(&s->refusal));
    return client_refused(c, c->stream, status, s->e);
}

int client_save(struct client *c, const char *path, int file, struct err *e)
{
    struct saving s = {.c = c, .file = file, .e = e};
    struct client_request req = {.method = "GET", .path = path, .patient = true};
    char text[CURL_ERROR_SIZE] = "";
    if (!c->stream)
        c->stream = client_handle_new(c);
    curl_easy_setopt(c->stream, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c->stream, CURLOPT_WRITEDATA, &s);
    curl_easy_setopt(c->stream, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c->stream, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    int rc = explain(&s, client_transfer(c, c->stream, &req, text), text);
    buf_done(&s.refusal);
    return rc;
}
