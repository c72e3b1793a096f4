/* Indexes keep their files on other hosts than their pages. Which ones, a page says: one is fetched
 * here, outside of any sandbox, and read as text. The name of a package is all of a user's that it
 * is asked with. */
#include "base/log.h"
#include "base/mem.h"
#include "deps/index_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

enum { PAGE_MAX = 2 << 20, FETCH_S = 10, TRIES = 3, PAUSE_MS = 300 };

/* What is longer is cut off: its beginning names the hosts as well. */
static size_t take(char *data, size_t size, size_t count, void *arg)
{
    struct buf *page = arg;
    size_t n = size * count;
    if (page->len + n > PAGE_MAX)
        return 0;
    buf_add(page, data, n);
    return n;
}

/* "//host/path/:_authToken=SECRET" counts for the URLs below it. */
static void add_token(const struct index *x, const char *url, struct curl_slist **headers)
{
    const char *rest = strstr(url, "//");
    for (struct str lines = buf_str(&x->npmrc); rest && lines.n;) {
        struct str value = str_cut(&lines, '\n'), name = str_cut(&value, '=');
        struct str suffix = STR(":_authToken");
        if (!str_ends(name, suffix) ||
            !str_starts(str_of(rest), (struct str){name.p, name.n - suffix.n}))
            continue;
        auto_buf struct buf line = {0};
        buf_addf(&line, "Authorization: Bearer " STR_FMT, STR_ARG(value));
        *headers = curl_slist_append(*headers, line.data);
        return;
    }
}

static void set_up(CURL *c, const struct index *x, const char *url, struct curl_slist *headers,
                   struct buf *page)
{
    struct curl_blob ca = {x->ca.data, x->ca.len, CURL_BLOB_NOCOPY};
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)FETCH_S);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "virga/" VIRGA_VERSION);
    curl_easy_setopt(c, CURLOPT_PROXY, x->proxy ? x->proxy : "");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, page);
    if (x->ca.len)
        curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
}

/* 200: there it is, or as much as came in time. Another status as the index gave it; 0: it gave
 * none, and `ret_why` says why. */
static long fetch(const struct index *x, enum build_language l, const char *url, struct buf *page,
                  const char **ret_why)
{
    long status = 0;
    CURL *c = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(
        NULL, l == BUILD_NODE
                  ? "Accept: application/vnd.npm.install-v1+json, application/json;q=0.5"
                  : "Accept: application/vnd.pypi.simple.v1+json, text/html;q=0.5");
    if (l == BUILD_NODE)
        add_token(x, url, &headers);
    set_up(c, x, url, headers, page);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    *ret_why = curl_easy_strerror(code);
    bool cut = (code == CURLE_WRITE_ERROR || code == CURLE_OPERATION_TIMEDOUT) && page->len;
    return code == CURLE_OK || cut ? status : 0;
}

/* pip and npm ask again when an index is busy or breaks off. Without this page they would be let to
 * none of its files, so it is asked for as often. */
static bool fetch_again(const struct index *x, enum build_language l, const char *url,
                        const char *package, struct buf *page)
{
    const char *why;
    long status = 0;
    for (int i = 0; i < TRIES; i++) {
        if (i > 0)
            (void)poll(NULL, 0, PAUSE_MS);
        buf_clear(page);
        status = fetch(x, l, url, page, &why);
        if (status != 0 && status != 429 && status < 500)
            return status == 200;
    }
    if (status)
        log_warn("deps", "the index answers %ld for the page of '%s'", status, package);
    else
        log_warn("deps", "the index gives no page of '%s': %s", package, why);
    return false;
}

/* PEP 503 writes names in lower case with single dashes; npm's scopes hold a slash. */
static void page_url(enum build_language l, const char *url, const char *package, struct buf *out)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    buf_add(out, url, n);
    buf_addz(out, "/");
    bool dash = false;
    for (const char *p = package; *p; p++) {
        bool separator = l == BUILD_PYTHON && strchr("-_.", *p);
        char c = separator ? '-' : l == BUILD_PYTHON ? (char)tolower((unsigned char)*p) : *p;
        if (c == '/')
            buf_addz(out, "%2f");
        else if (!(separator && dash) && (isalnum((unsigned char)c) || strchr("-_.@~", c)))
            buf_add(out, &c, 1);
        dash = separator;
    }
    buf_addz(out, l == BUILD_PYTHON ? "/" : "");
}

void index_links(struct str page, struct index_hosts *ret)
{
    static const char *const marks[] = {"\"url\"", "\"tarball\"", "href="};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct str rest = page;
        char *at;
        while (rest.n && (at = memmem(rest.p, rest.n, marks[i], strlen(marks[i])))) {
            const char *p = at + strlen(marks[i]), *end = page.p + page.n;
            while (p < end && strchr(" \t\r\n:=\"'", *p) && *p)
                p++;
            size_t n = 0;
            while (p + n < end && n < 300 && !strchr("\"'<> ", p[n]))
                n++;
            char place[INDEX_PLACE];
            auto_ptr char *url = mem_dup(p, n);
            if (index_place(url, place))
                index_hosts_add(ret, place);
            rest = (struct str){p, (size_t)(end - p)};
        }
    }
}

static bool address_is_public(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        uint32_t ip = ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr);
        return !(ip >> 24 == 0 || ip >> 24 == 10 || ip >> 24 == 127 || ip >> 28 >= 14 ||
                 ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8 || ip >> 16 == 0xa9fe ||
                 ip >> 22 == 0x191);
    }
    const struct in6_addr *ip = &((const struct sockaddr_in6 *)a)->sin6_addr;
    return a->sa_family == AF_INET6 && (ip->s6_addr[0] & 0xe0) == 0x20;
}

static bool place_is_public(const char *place)
{
    char host[INDEX_PLACE];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    snprintf(host, sizeof host, "%s", place + (*place == '['));
    *strrchr(host, ':') = 0;
    host[strcspn(host, "]")] = 0;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    bool all = true;
    for (struct addrinfo *a = list; a; a = a->ai_next)
        all = all && address_is_public(a->ai_addr);
    freeaddrinfo(list);
    return all;
}

/* A page on the internet must not open the way to this network. Through a proxy nothing is looked
 * up here: it decides. */
static void add_checked(const struct index *x, const char *url, const struct index_hosts *found,
                        struct index_hosts *ret)
{
    char own[INDEX_PLACE];
    bool any = x->proxy || (index_place(url, own) && !place_is_public(own));
    for (unsigned i = 0; i < found->count; i++) {
        if (any || place_is_public(found->places[i]))
            index_hosts_add(ret, found->places[i]);
        else
            log_warn("deps", "ignored: an index names '%s' as a place of files", found->places[i]);
    }
}

static bool known(struct index_learned *l, const char *url, struct index_hosts *ret)
{
    bool found = false;
    pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < l->count && !found; i++)
        if (strcmp(l->of[i].url, url) == 0) {
            found = true;
            for (unsigned k = 0; k < l->of[i].hosts.count; k++)
                index_hosts_add(ret, l->of[i].hosts.places[k]);
        }
    pthread_mutex_unlock(&l->lock);
    return found;
}

static void keep(struct index_learned *l, const char *url, const struct index_hosts *hosts)
{
    pthread_mutex_lock(&l->lock);
    if (l->count < INDEX_LEARNED_MAX) {
        l->of[l->count].url = mem_strdup(url);
        l->of[l->count++].hosts = *hosts;
    }
    pthread_mutex_unlock(&l->lock);
}

void index_learn(const struct index *x, enum build_language l, const char *url, const char *package,
                 struct index_hosts *ret)
{
    auto_buf struct buf at = {0}, page = {0};
    auto_ptr struct index_hosts *found = mem_alloc(sizeof *found);
    auto_ptr struct index_hosts *good = mem_alloc(sizeof *good);
    if (known(x->learned, url, ret))
        return;
    page_url(l, url, package, &at);
    if (!fetch_again(x, l, at.data, package, &page))
        return;
    index_links(buf_str(&page), found);
    if (found->count == 0) /* it may have been cut off before the first */
        return;
    add_checked(x, url, found, good);
    keep(x->learned, url, good);
    for (unsigned i = 0; i < good->count; i++)
        index_hosts_add(ret, good->places[i]);
}
