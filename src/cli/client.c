#include "cli/client.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/must.h"
#include "cli/key.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <jansson.h>
#include <string.h>

enum { ANSWER_MAX = 64 << 20, CONNECT_MS = 10000, ANSWER_MS = 60000 };

struct client {
    CURL *curl;
    struct buf server, key, no_key, problem;
    struct buf answer;
    bool too_long;
};

static bool is_loopback(const char *host)
{
    struct in_addr v4; /* by value: 127.example.org is somebody else's */
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* Checks the URL; notes whether it leads to this machine. */
static int check_server(const char *server, bool *ret_loopback, struct err *e)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool ok = curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_OK &&
              !strpbrk(server, "?# \r\n") &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    *ret_loopback = ok && is_loopback(host);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    if (!ok)
        return err_set(e, ERR_INVALID, "'%s' is no server's URL, such as http://127.0.0.1:8000",
                       server);
    return 0;
}

static size_t on_body(char *p, size_t one, size_t n, void *arg)
{
    struct client *c = arg;
    c->too_long |= c->answer.len + n > ANSWER_MAX;
    if (c->too_long)
        return 0; /* libcurl ends the transfer */
    buf_add(&c->answer, p, one * n);
    return n;
}

static void set_up(struct client *c, bool loopback)
{
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L); /* a function may be called ".." */
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c->curl, CURLOPT_USERAGENT, "virga");
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    if (loopback) /* the key of this machine must not pass a proxy */
        curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
}

int client_open(const char *server, const char *key, struct client **ret, struct err *e)
{
    bool loopback;
    if (check_server(server, &loopback, e) < 0)
        return -1;
    struct client *c = mem_alloc(sizeof *c);
    c->curl = curl_easy_init();
    must(c->curl);
    buf_addz(&c->server, server);
    while (c->server.len > 0 && c->server.data[c->server.len - 1] == '/')
        c->server.data[--c->server.len] = 0;
    set_up(c, loopback);
    if (key_find(key, loopback, &c->key, &c->no_key, e) < 0) {
        client_close(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    buf_done(&c->server);
    if (c->key.data)
        explicit_bzero(c->key.data, c->key.len);
    buf_done(&c->key);
    buf_done(&c->no_key);
    buf_done(&c->problem);
    buf_done(&c->answer);
    free(c);
}

const char *client_problem(const struct client *c)
{
    return c && c->problem.data ? c->problem.data : "";
}

const char *client_server(const struct client *c)
{
    return c->server.data;
}

void client_escape(struct buf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            buf_add(out, text, 1);
        else
            buf_addf(out, "%%%02X", (unsigned char)*text);
    }
}

/* ["body", "name"] becomes "name", and so does a setting of an upload: it may have come from
 * virga.json as well as from an option. */
static void add_place(struct buf *out, const json_t *loc)
{
    size_t n = json_array_size(loc), first = n > 1 ? 1 : 0;
    const char *second = json_string_value(json_array_get(loc, 1));
    if (n > 2 && second && strcmp(second, "virga_json") == 0)
        first = 2;
    for (size_t i = first; i < n; i++) {
        const json_t *part = json_array_get(loc, i);
        buf_addz(out, i > first ? "." : "");
        if (json_is_string(part))
            buf_addz(out, json_string_value(part));
        else
            buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(part));
    }
}

static void add_detail(struct client *c, const json_t *detail)
{
    size_t i;
    const json_t *entry;
    if (json_is_string(detail))
        buf_addz(&c->problem, json_string_value(detail));
    json_array_foreach(detail, i, entry)
    {
        const char *msg = json_string_value(json_object_get(entry, "msg"));
        buf_addz(&c->problem, i ? "\n" : "");
        add_place(&c->problem, json_object_get(entry, "loc"));
        buf_addf(&c->problem, ": %s", msg ? msg : "invalid");
    }
}

static enum err_code code_of(long status)
{
    static const enum err_code codes[] = {ERR_MALFORMED, ERR_UNAUTHORIZED, ERR_DENIED,
                                          ERR_NOT_FOUND, ERR_CONFLICT,     ERR_TOO_LARGE,
                                          ERR_LIMIT,     ERR_INVALID};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (err_http_status(codes[i]) == status)
            return codes[i];
    return ERR_SYSTEM;
}

static int fail(struct client *c, enum err_code code, struct err *e)
{
    return err_set(e, code, "%s", c->problem.data);
}

static int refused(struct client *c, long status, struct err *e)
{
    curl_off_t retry = 0;
    json_t *tree = json_loadb(c->answer.data ? c->answer.data : "", c->answer.len, 0, NULL);
    add_detail(c, json_object_get(tree, "detail"));
    json_decref(tree);
    if (c->problem.len == 0)
        buf_addf(&c->problem, "%s answered with status %ld", c->server.data, status);
    if (curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &retry) == CURLE_OK && retry > 0)
        buf_addf(&c->problem, " (try again in %" CURL_FORMAT_CURL_OFF_T " s)", retry);
    if (status == 401 && c->key.len == 0)
        buf_addf(&c->problem, "\n%s", c->no_key.data);
    return fail(c, code_of(status), e);
}

static int unreachable(struct client *c, CURLcode why, const char *curl_text, struct err *e)
{
    if (c->too_long) {
        buf_addf(&c->problem, "the answer is larger than %d MB", ANSWER_MAX >> 20);
        return fail(c, ERR_TOO_LARGE, e);
    }
    long sys = 0;
    curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &sys);
    const char *text = *curl_text ? curl_text : curl_easy_strerror(why);
    if (why == CURLE_COULDNT_CONNECT && sys > 0)
        text = strerror((int)sys);
    buf_addf(&c->problem, "cannot reach %s: %s", c->server.data, text);
    if (why == CURLE_COULDNT_CONNECT)
        buf_addz(&c->problem, "\nis the server running? start it with: virga serve");
    return fail(c, ERR_UNAVAILABLE, e);
}

static struct curl_slist *headers_of(const struct client *c, const struct client_request *req)
{
    struct curl_slist *list = NULL;
    auto_buf struct buf line = {0};
    list = curl_slist_append(list, "Accept: application/json");
    list = curl_slist_append(list, "Expect:"); /* no waiting for 100 Continue */
    buf_addf(&line, "Authorization: Bearer %s", c->key.data ? c->key.data : "");
    if (c->key.len > 0)
        list = curl_slist_append(list, line.data);
    explicit_bzero(line.data, line.len);
    buf_clear(&line);
    buf_addf(&line, "Content-Type: %s", req->content_type ? req->content_type : "");
    return curl_slist_append(list, line.data); /* without a value it removes the header */
}

static CURLcode transfer(struct client *c, const struct client_request *req, char *ret_text)
{
    auto_buf struct buf url = {0};
    struct curl_slist *headers = headers_of(c, req);
    bool body = req->content_type || strcmp(req->method, "POST") == 0;
    buf_addf(&url, "%s%s", c->server.data, req->path);
    curl_easy_setopt(c->curl, CURLOPT_URL, url.data);
    curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L); /* forgets the last request's body */
    if (body) {
        curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, req->body.n ? req->body.p : "");
    }
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, req->method);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, req->patient ? 0L : (long)ANSWER_MS);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, ret_text);
    CURLcode done = curl_easy_perform(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return done;
}

int client_call(struct client *c, const struct client_request *req, struct buf *ret, struct err *e)
{
    char text[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct err why = {0};
    buf_clear(&c->problem);
    buf_clear(&c->answer);
    c->too_long = false;
    CURLcode done = transfer(c, req, text);
    if (done != CURLE_OK)
        return unreachable(c, done, text, e);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
        return refused(c, status, e);
    if (json_check(buf_str(&c->answer), &why) < 0) {
        buf_addf(&c->problem, "%s did not answer with JSON: is it a virga server?", c->server.data);
        return fail(c, ERR_SYSTEM, e);
    }
    buf_clear(ret);
    buf_add_str(ret, buf_str(&c->answer));
    return 0;
}

int client_get(struct client *c, const char *path, struct buf *ret, struct err *e)
{
    return client_call(c, &(struct client_request){.method = "GET", .path = path}, ret, e);
}
