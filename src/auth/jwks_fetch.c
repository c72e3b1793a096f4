#include "auth/jwks.h"

#include <curl/curl.h>

enum { REDIRECTS_MAX = 3 };

static size_t take(char *p, size_t size, size_t count, void *arg)
{
    struct buf *out = arg;
    size_t n = size * count;
    if (n > JWKS_BYTES_MAX - out->len)
        return 0; /* ends the transfer */
    buf_add(out, p, n);
    return n;
}

static void configure(CURL *c, const char *url, struct buf *ret)
{
    const char *schemes = str_starts(str_of(url), STR("https://")) ? "https" : "http,https";
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, schemes);
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)JWKS_TIMEOUT_S);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)JWKS_BYTES_MAX); /* where it is said ahead */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L); /* other threads have no use for SIGALRM */
    curl_easy_setopt(c, CURLOPT_USERAGENT, "virga/" VIRGA_VERSION);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, ret);
}

static bool is_too_long(CURLcode code)
{
    return code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED;
}

int jwks_fetch(const char *url, struct buf *ret, struct err *e)
{
    CURL *c = curl_easy_init();
    if (!c)
        return err_set(e, ERR_SYSTEM, "%s: the HTTP client does not start", url);
    configure(c, url, ret);
    long status = 0;
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    if (code != CURLE_OK)
        return err_set(e, ERR_UNAVAILABLE, "%s: %s", url,
                       is_too_long(code) ? "the answer is too long" : curl_easy_strerror(code));
    return status == 200 ? 0 : err_set(e, ERR_UNAVAILABLE, "%s: status %ld", url, status);
}
