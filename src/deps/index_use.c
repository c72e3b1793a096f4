#include "deps/index_use.h"

#include "base/mem.h"
#include "deps/index_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *index_url(const struct index *x, enum build_language l)
{
    return l == BUILD_NODE ? x->node_url : x->python_url;
}

const char *index_proxy(const struct index *x)
{
    return x->proxy;
}

struct str index_ca(const struct index *x)
{
    return buf_str(&x->ca);
}

void index_hosts_add(struct index_hosts *h, const char *place)
{
    for (unsigned i = 0; i < h->count; i++)
        if (strcmp(h->places[i], place) == 0)
            return;
    if (h->count < INDEX_HOSTS_MAX && strlen(place) < INDEX_PLACE)
        strcpy(h->places[h->count++], place);
}

/* The next word of a list, separated by blanks or commas; false at its end. */
static bool next_word(struct str *rest, struct str *ret)
{
    while (rest->n && (isspace((unsigned char)*rest->p) || *rest->p == ','))
        *rest = (struct str){rest->p + 1, rest->n - 1};
    size_t n = 0;
    while (n < rest->n && !isspace((unsigned char)rest->p[n]) && rest->p[n] != ',')
        n++;
    *ret = (struct str){rest->p, n};
    *rest = (struct str){rest->p + n, rest->n - n};
    return n > 0;
}

/* What the administrator named over plain HTTP is meant so; pip wants to hear it again. */
static void add_trusted(struct buf *out, const char *urls)
{
    struct str rest = str_of(urls), word;
    while (next_word(&rest, &word)) {
        char place[INDEX_PLACE];
        auto_ptr char *url = mem_dup(word.p, word.n);
        if (str_starts(word, STR("http://")) && index_place(url, place))
            buf_addf(out, "%s%s", out->len ? " " : "", place);
    }
}

static void python_env(const struct index *x, const char *url,
                       void (*each)(void *arg, const char *name, const char *value), void *arg)
{
    auto_buf struct buf trusted = {0};
    buf_addz(&trusted, x->trusted ? x->trusted : "");
    add_trusted(&trusted, x->python_url);
    add_trusted(&trusted, x->python_extra);
    each(arg, "PIP_INDEX_URL", url);
    if (x->python_extra)
        each(arg, "PIP_EXTRA_INDEX_URL", x->python_extra);
    if (x->find_links)
        each(arg, "PIP_FIND_LINKS", x->find_links);
    if (trusted.len)
        each(arg, "PIP_TRUSTED_HOST", trusted.data);
    if (x->ca.len)
        each(arg, "PIP_CERT", "/tmp/home/ca.pem");
    each(arg, "PIP_RETRIES", "2");
}

void index_each_env(const struct index *x, enum build_language l, const char *url,
                    void (*each)(void *arg, const char *name, const char *value), void *arg)
{
    if (l == BUILD_PYTHON)
        python_env(x, url, each, arg);
    else
        each(arg, "npm_config_fetch_retries", "1");
    if (x->ca.len) {
        each(arg, "SSL_CERT_FILE", "/tmp/home/ca.pem");
        each(arg, "NODE_EXTRA_CA_CERTS", "/tmp/home/ca.pem");
    }
}

void index_npmrc(const struct index *x, enum build_language l, const char *url, struct buf *out)
{
    if (l != BUILD_NODE)
        return;
    buf_addf(out, "registry=%s\n", url);
    if (x->ca.len)
        buf_addz(out, "cafile=/tmp/home/ca.pem\n");
    buf_add_str(out, buf_str(&x->npmrc));
}

static void add_urls(struct index_hosts *ret, const char *urls)
{
    struct str rest = str_of(urls), word;
    while (next_word(&rest, &word)) {
        char place[INDEX_PLACE];
        auto_ptr char *url = mem_dup(word.p, word.n);
        if (index_place(url, place))
            index_hosts_add(ret, place);
    }
}

/* "host" is port 443; brackets of IPv6 hold colons of their own. */
static void add_named(struct index_hosts *ret, const char *hosts)
{
    struct str rest = str_of(hosts), word;
    while (next_word(&rest, &word)) {
        char place[INDEX_PLACE];
        const char *colon = memrchr(word.p, ':', word.n);
        bool port = colon && word.p[word.n - 1] != ']';
        if (word.n + 5 > sizeof place)
            continue;
        snprintf(place, sizeof place, STR_FMT "%s", STR_ARG(word), port ? "" : ":443");
        for (char *p = place; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        index_hosts_add(ret, place);
    }
}

/* Registries of scopes: lines "@scope:registry=URL". */
static void add_scopes(struct index_hosts *ret, struct str lines)
{
    while (lines.n) {
        struct str value = str_cut(&lines, '\n'), name = str_cut(&value, '=');
        auto_ptr char *url = mem_dup(value.p, value.n);
        if (*name.p == '@')
            add_urls(ret, url);
    }
}

void index_hosts(const struct index *x, enum build_language l, const char *url, const char *package,
                 struct index_hosts *ret)
{
    ret->count = 0;
    add_urls(ret, url);
    if (l == BUILD_PYTHON) {
        add_urls(ret, x->python_extra);
        add_urls(ret, x->find_links);
    } else {
        add_scopes(ret, buf_str(&x->npmrc));
    }
    add_named(ret, x->hosts);
    if (package)
        index_learn(x, l, url, package, ret);
}

static void replace(struct buf *text, const char *what)
{
    size_t n = strlen(what);
    char *at;
    auto_buf struct buf out = {0};
    size_t from = 0;
    while (text->len > from && (at = memmem(text->data + from, text->len - from, what, n))) {
        size_t end = (size_t)(at - text->data);
        buf_add(&out, text->data + from, end - from);
        buf_addz(&out, "****");
        from = end + n;
    }
    if (!from)
        return;
    buf_add(&out, text->data + from, text->len - from);
    buf_clear(text);
    buf_add_str(text, buf_str(&out));
}

/* "://user:password@" wherever it stands, up to the "@" within the same word. */
static void mask_logins(struct buf *text)
{
    auto_buf struct buf out = {0};
    struct str rest = buf_str(text);
    char *at;
    while (rest.n && (at = memmem(rest.p, rest.n, "://", 3))) {
        size_t head = (size_t)(at - rest.p) + 3, n = head;
        while (n < rest.n && !strchr("/ \t\n\"'<>", rest.p[n]))
            n++;
        const char *sign = memrchr(rest.p + head, '@', n - head);
        buf_add(&out, rest.p, head);
        if (sign) {
            buf_addz(&out, "****");
            head = (size_t)(sign - rest.p);
        }
        rest = (struct str){rest.p + head, rest.n - head};
    }
    buf_add_str(&out, rest);
    buf_clear(text);
    buf_add_str(text, buf_str(&out));
}

void index_mask(const struct index *x, struct buf *text)
{
    mask_logins(text);
    for (unsigned i = 0; i < x->secret_count; i++)
        replace(text, x->secrets[i]);
}
