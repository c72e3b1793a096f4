#include "cli/client_private.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/must.h"
#include "cli/key.h"
#include "cli/problem.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECT_MS = 10000,
    ANSWER_MS = 60000,
};

static bool is_loopback(const char *host)
{
    struct in_addr v4; /* by value: 127.example.org is somebody else's */
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* Checks the URL; notes whether it leads to this machine, and whether in the open. */
static int check_server(struct client *c, const char *server, struct err *e)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool ok = curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_OK &&
              !strpbrk(server, "?# \r\n") &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    c->loopback = ok && is_loopback(host);
    c->exposed = ok && !c->loopback && strcmp(scheme, "http") == 0;
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    if (!ok && !strstr(server, "://"))
        return err_set(e, ERR_INVALID, "'%s' is no server's URL: is http://%s meant?", server,
                       server);
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

CURL *client_handle_new(const struct client *c)
{
    CURL *curl = curl_easy_init();
    must(curl);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* a function may be called ".." */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "virga/" VIRGA_VERSION);
    if (c->loopback) /* the key of this machine must not pass a proxy */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    else /* the way is longer than it takes to unpack */
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    return curl;
}

static int take_key(struct client *c, const struct client_config *config, struct err *e)
{
    if (config->anonymous)
        return 0;
    if (!config->key) {
        key_look(c->loopback, &c->key, &c->key_note);
        return 0;
    }
    buf_addz(&c->key_note, config->key_from);
    return key_take(config->key, config->key_from, &c->key, e);
}

int client_open(const struct client_config *config, struct client **ret, struct err *e)
{
    struct client *c = mem_alloc(sizeof *c);
    if (check_server(c, config->server, e) < 0 || take_key(c, config, e) < 0) {
        client_close(c);
        return -1;
    }
    buf_addz(&c->server, config->server);
    while (c->server.len > 0 && c->server.data[c->server.len - 1] == '/')
        c->server.data[--c->server.len] = 0;
    c->curl = client_handle_new(c);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    *ret = c;
    return 0;
}

/* A key may have come in it. */
static void wipe(struct buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->cap);
    buf_done(b);
}

void client_close(struct client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->stream);
    curl_easy_cleanup(c->curl);
    wipe(&c->key);
    wipe(&c->answer);
    buf_done(&c->server);
    buf_done(&c->key_note);
    buf_done(&c->problem);
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

bool client_is_exposed(const struct client *c)
{
    return c->exposed;
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

static enum err_code code_of(long status)
{
    static const enum err_code codes[] = {ERR_MALFORMED, ERR_UNAUTHORIZED, ERR_DENIED,
                                          ERR_NOT_FOUND, ERR_CONFLICT,     ERR_TOO_LARGE,
                                          ERR_LIMIT,     ERR_INVALID};
    if (status == 502 || status == 503) /* it restarts, behind a proxy or before our eyes */
        return ERR_UNAVAILABLE;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (err_http_status(codes[i]) == status)
            return codes[i];
    return ERR_SYSTEM;
}

static int fail(struct client *c, enum err_code code, struct err *e)
{
    return err_set(e, code, "%s", c->problem.data);
}

/* Who sent the key is told when it is not taken, and where one would come from when none was. */
static void add_key_note(struct client *c)
{
    if (c->key.len > 0)
        buf_addf(&c->problem, "\nthe key came from %s", c->key_note.data);
    else if (c->key_note.len > 0)
        buf_addf(&c->problem, "\n%s", c->key_note.data);
}

int client_refused(struct client *c, CURL *curl, long status, struct err *e)
{
    curl_off_t retry = 0;
    char *elsewhere = NULL;
    problem_explain(buf_str(&c->answer), &c->problem);
    (void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &elsewhere);
    if (c->problem.len == 0 && elsewhere)
        buf_addf(&c->problem, "%s sends us to %s: give that server's URL", c->server.data,
                 elsewhere);
    if (c->problem.len == 0)
        buf_addf(&c->problem, "%s answered with status %ld", c->server.data, status);
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry) == CURLE_OK && retry > 0)
        buf_addf(&c->problem, " (try again in %" CURL_FORMAT_CURL_OFF_T " s)", retry);
    if (status == 401)
        add_key_note(c);
    return fail(c, code_of(status), e);
}

int client_unreachable(struct client *c, CURL *curl, CURLcode why, const char *curl_text,
                       struct err *e)
{
    if (c->too_long) {
        buf_addz(&c->problem, "the answer is too large to be taken");
        return fail(c, ERR_TOO_LARGE, e);
    }
    long sys = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &sys);
    const char *text = *curl_text ? curl_text : curl_easy_strerror(why);
    if (why == CURLE_COULDNT_CONNECT && sys > 0)
        text = strerror((int)sys);
    buf_addf(&c->problem, "cannot reach %s: %s", c->server.data, text);
    if (why == CURLE_SSL_CONNECT_ERROR)
        buf_addz(&c->problem, "\ndoes it speak TLS? a server without a proxy in front of it is at "
                              "http://");
    if (why == CURLE_COULDNT_CONNECT && c->loopback)
        buf_addz(&c->problem, "\nis the server running? start it with: virga serve");
    return fail(c, ERR_UNAVAILABLE, e);
}

static struct curl_slist *headers_of(const struct client *c, const struct client_request *req)
{
    struct curl_slist *list = NULL;
    auto_buf struct buf line = {0};
    list = curl_slist_append(list, req->events ? "Accept: text/event-stream, application/json"
                                               : "Accept: application/json");
    list = curl_slist_append(list, "Expect:"); /* no waiting for 100 Continue */
    buf_addf(&line, "Authorization: Bearer %s", c->key.data ? c->key.data : "");
    if (c->key.len > 0)
        list = curl_slist_append(list, line.data);
    explicit_bzero(line.data, line.len);
    buf_clear(&line);
    buf_addf(&line, "Last-Event-ID: %s", req->last_event ? req->last_event : "");
    if (req->last_event)
        list = curl_slist_append(list, line.data);
    buf_clear(&line);
    buf_addf(&line, "Content-Type: %s", req->content_type ? req->content_type : "");
    return curl_slist_append(list, line.data); /* without a value it removes the header */
}

CURLcode client_transfer(const struct client *c, CURL *curl, const struct client_request *req,
                         char *ret_text)
{
    auto_buf struct buf url = {0};
    struct curl_slist *headers = headers_of(c, req);
    bool body = req->content_type || strcmp(req->method, "POST") == 0;
    buf_addf(&url, "%s%s", c->server.data, req->path);
    curl_easy_setopt(curl, CURLOPT_URL, url.data);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L); /* forgets the last request's body */
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body.n ? req->body.p : "");
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, req->patient ? 0L : (long)ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, ret_text);
    CURLcode done = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return done;
}

bool client_is_good(CURL *curl, long *ret_status)
{
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    return *ret_status >= 200 && *ret_status <= 299;
}

int client_take_json(struct client *c, struct str answer, struct buf *ret, struct err *e)
{
    struct err why = {0};
    if (json_check(answer, &why) < 0) {
        buf_addf(&c->problem, "%s did not answer with JSON: is it a virga server?", c->server.data);
        return fail(c, ERR_SYSTEM, e);
    }
    buf_clear(ret);
    buf_add_str(ret, answer);
    return 0;
}

int client_call(struct client *c, const struct client_request *req, struct buf *ret, struct err *e)
{
    char text[CURL_ERROR_SIZE] = "";
    long status = 0;
    buf_clear(&c->problem);
    buf_clear(&c->answer);
    c->too_long = false;
    CURLcode done = client_transfer(c, c->curl, req, text);
    if (done != CURLE_OK)
        return client_unreachable(c, c->curl, done, text, e);
    if (!client_is_good(c->curl, &status))
        return client_refused(c, c->curl, status, e);
    return client_take_json(c, buf_str(&c->answer), ret, e);
}

int client_get(struct client *c, const char *path, struct buf *ret, struct err *e)
{
    return client_call(c, &(struct client_request){.method = "GET", .path = path}, ret, e);
}

bool client_link(const struct client *c, const char *kind, struct buf *ret)
{
    struct curl_header *h = NULL;
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "rel=\"%s\"", kind);
    if (curl_easy_header(c->curl, "Link", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
        return false;
    const char *end = strchr(h->value, '>');
    if (strncmp(h->value, "<?", 2) != 0 || !end || !strstr(end, wanted))
        return false;
    buf_clear(ret);
    buf_add(ret, h->value + 1, (size_t)(end - h->value) - 1);
    return true;
}
