#include "databases/neon_http.h"

#include "base/buf.h"
#include "base/must.h"
#include "databases/private.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1024 * 1024 };

static size_t take(char *p, size_t size, size_t count, void *arg)
{
    struct buf *out = arg;
    size_t n = size * count;
    if (n > ANSWER_MAX - out->len)
        return 0; /* ends the transfer */
    buf_add(out, p, n);
    return n;
}

/* No redirect is followed: the key goes to the configured host only. */
static struct curl_slist *configure(CURL *c, const struct databases_config *config,
                                    const struct neon_request *r, const char *url, const char *body,
                                    struct buf *answer)
{
    auto_secret struct buf key = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    buf_addf(&key, "Authorization: Bearer %s", config->neon_key);
    headers = curl_slist_append(headers, key.data);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
    if (body)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, r->timeout_s);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "virga/" VIRGA_VERSION);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
    return headers;
}

static int read_answer(long status, const struct buf *answer, json_t **ret, struct err *e)
{
    json_error_t why;
    json_t *json = answer->len ? json_loadb(answer->data, answer->len, 0, &why) : json_object();
    const char *message = json_string_value(json_object_get(json, "message"));
    int rc = 0;
    if (status == 404)
        rc = err_set(e, ERR_NOT_FOUND, "Neon: %s", message ? message : "not found");
    else if (status < 200 || status > 299)
        rc = message ? err_set(e, ERR_UNAVAILABLE, "Neon: %s", message)
                     : err_set(e, ERR_UNAVAILABLE, "Neon: status %ld", status);
    else if (!json_is_object(json))
        rc = err_set(e, ERR_UNAVAILABLE, "Neon: the answer is no JSON object");
    if (rc == 0 && ret)
        *ret = json_incref(json);
    json_decref(json);
    return rc;
}

int neon_http(const struct databases_config *config, struct neon_request request, json_t **ret,
              struct err *e)
{
    auto_secret struct buf answer = {0}; /* passwords stand there */
    auto_buf struct buf url = {0};
    char *body = request.body ? json_dumps(request.body, JSON_COMPACT) : NULL;
    CURL *c = curl_easy_init();
    long status = 0;
    json_decref(request.body);
    must(c);
    buf_addf(&url, "%s%s", config->neon_url, request.path);
    struct curl_slist *headers = configure(c, config, &request, url.data, body, &answer);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    free(body);
    if (code != CURLE_OK)
        return err_set(e, ERR_UNAVAILABLE, "Neon: %s",
                       code == CURLE_WRITE_ERROR ? "the answer is too long"
                                                 : curl_easy_strerror(code));
    return read_answer(status, &answer, ret, e);
}
