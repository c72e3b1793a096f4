#include "deps/index.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/index_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { CA_MAX = 2 << 20 };

void index_say(char **slot, struct str value)
{
    value = str_trim(value);
    if (!*slot && value.n)
        *slot = mem_dup(value.p, value.n);
}

void index_secret(struct index *x, struct str text)
{
    if (text.n >= 4 && x->secret_count < INDEX_SECRETS_MAX)
        x->secrets[x->secret_count++] = mem_dup(text.p, text.n);
}

bool index_place(const char *url, char ret[INDEX_PLACE])
{
    char *host = NULL, *port = NULL, *scheme = NULL;
    CURLU *u = curl_url();
    bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                strlen(host) <= 253;
    if (good)
        snprintf(ret, INDEX_PLACE, "%s:%s", host, port);
    for (char *p = ret; good && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    curl_url_cleanup(u);
    return good;
}

/* Applies `each` to the words of a list. */
static int each_word(const char *list, int (*each)(void *arg, const char *word, struct err *e),
                     void *arg, struct err *e)
{
    struct str rest = str_of(list);
    while (rest.n) {
        char word[2048];
        size_t n = 0;
        while (rest.n && (isspace((unsigned char)*rest.p) || *rest.p == ','))
            rest = (struct str){rest.p + 1, rest.n - 1};
        while (n < rest.n && !isspace((unsigned char)rest.p[n]) && rest.p[n] != ',')
            n++;
        if (n >= sizeof word)
            return err_set(e, ERR_INVALID, "a word of %zu bytes", n);
        memcpy(word, rest.p, n);
        word[n] = 0;
        rest = (struct str){rest.p + n, rest.n - n};
        if (n && each(arg, word, e) < 0)
            return -1;
    }
    return 0;
}

/* The password of a URL is kept from logs; a user name alone is often a token. */
static void note_secret(struct index *x, const char *url)
{
    char *part = NULL;
    CURLU *u = curl_url();
    must(u);
    if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        (curl_url_get(u, CURLUPART_PASSWORD, &part, 0) == CURLUE_OK ||
         curl_url_get(u, CURLUPART_USER, &part, 0) == CURLUE_OK))
        index_secret(x, str_of(part));
    curl_free(part);
    curl_url_cleanup(u);
}

static int check_url(void *arg, const char *url, struct err *e)
{
    char place[INDEX_PLACE];
    if (!index_place(url, place))
        return err_set(e, ERR_INVALID, "not an http or https URL");
    note_secret(arg, url);
    return 0;
}

struct kept {
    struct index *x;
    struct buf text;
};

/* A directory of the host is not there in a build. */
static int keep_link(void *arg, const char *word, struct err *e)
{
    struct kept *kept = arg;
    char place[INDEX_PLACE];
    (void)e;
    if (index_place(word, place)) {
        note_secret(kept->x, word);
        buf_addf(&kept->text, "%s%s", kept->text.len ? " " : "", word);
    } else {
        log_warn("deps", "ignored: find-links of pip names no URL: %s", word);
    }
    return 0;
}

static void keep_links(struct index *x)
{
    struct kept kept = {x, {0}};
    struct err ignored = {0};
    if (!x->find_links)
        return;
    (void)each_word(x->find_links, keep_link, &kept, &ignored);
    free(x->find_links);
    x->find_links = kept.text.len ? buf_take(&kept.text) : NULL;
    buf_done(&kept.text);
}

/* "host:3128" is what many variables hold. */
static void complete_proxy(struct index *x)
{
    if (!x->proxy || strstr(x->proxy, "://"))
        return;
    struct buf url = {0};
    buf_addf(&url, "http://%s", x->proxy);
    free(x->proxy);
    x->proxy = buf_take(&url);
}

static int check(struct index *x, struct err *e)
{
    const struct {
        const char *name, *value;
    } urls[] = {
        {"--pip-index-url", x->python_url},
        {"--pip-extra-index-url", x->python_extra},
        {"--npm-registry", x->node_url},
        {"--package-proxy", x->proxy},
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++)
        if (urls[i].value && each_word(urls[i].value, check_url, x, e) < 0)
            return err_in(e, "%s, or what stands for it in a file or variable", urls[i].name);
    if (x->proxy && strncmp(x->proxy, "http://", 7) != 0)
        return err_set(e, ERR_INVALID, "--package-proxy begins with http://");
    keep_links(x);
    if (x->ca_file && fd_read_file(x->ca_file, CA_MAX, &x->ca, e) < 0)
        return err_in(e, "--package-ca");
    return 0;
}

static void from_options(struct index *x, const struct index_options *o)
{
    index_say(&x->python_url, str_of(o->pip_index_url));
    index_say(&x->python_extra, str_of(o->pip_extra_index_url));
    index_say(&x->node_url, str_of(o->npm_registry));
    index_say(&x->hosts, str_of(o->hosts));
    index_say(&x->proxy, str_of(o->proxy));
    index_say(&x->ca_file, str_of(o->ca_file));
}

static void from_environment(struct index *x)
{
    const struct {
        const char *name;
        char **slot;
    } rows[] = {
        {"PIP_INDEX_URL", &x->python_url},
        {"PIP_EXTRA_INDEX_URL", &x->python_extra},
        {"PIP_FIND_LINKS", &x->find_links},
        {"PIP_TRUSTED_HOST", &x->trusted},
        {"npm_config_registry", &x->node_url},
        {"NPM_CONFIG_REGISTRY", &x->node_url},
        {"PIP_PROXY", &x->proxy},
        {"npm_config_https_proxy", &x->proxy},
        {"HTTPS_PROXY", &x->proxy},
        {"https_proxy", &x->proxy},
        {"PIP_CERT", &x->ca_file},
        {"npm_config_cafile", &x->ca_file},
        {"NPM_CONFIG_CAFILE", &x->ca_file},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        index_say(rows[i].slot, str_of(getenv(rows[i].name)));
}

/* Those nearer to the user first: earlier ones win. */
static int from_files(struct index *x, struct err *e)
{
    static const struct {
        int (*read)(struct index *x, const char *path, struct err *e);
        const char *path; /* "~" is HOME */
    } files[] = {
        {index_pip_file, "~/.config/pip/pip.conf"},
        {index_pip_file, "~/.pip/pip.conf"},
        {index_pip_file, "/etc/pip.conf"},
        {index_npm_file, "~/.npmrc"},
        {index_npm_file, "/usr/local/etc/npmrc"},
        {index_npm_file, "/usr/etc/npmrc"},
        {index_npm_file, "/etc/npmrc"},
    };
    const char *home = getenv("HOME"), *named = getenv("PIP_CONFIG_FILE");
    if (named && index_pip_file(x, named, e) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[4096];
        bool at_home = *files[i].path == '~';
        if (at_home && !home)
            continue;
        snprintf(path, sizeof path, "%s%s", at_home ? home : "", files[i].path + at_home);
        if (files[i].read(x, path, e) < 0)
            return -1;
    }
    return 0;
}

int index_read(const struct index_options *options, struct index **ret, struct err *e)
{
    struct index *x = mem_alloc(sizeof *x);
    x->learned = mem_alloc(sizeof *x->learned);
    must(pthread_mutex_init(&x->learned->lock, NULL) == 0);
    from_options(x, options);
    from_environment(x);
    int result = from_files(x, e);
    complete_proxy(x);
    if (result < 0 || check(x, e) < 0) {
        index_free(x);
        return -1;
    }
    *ret = x;
    return 0;
}

void index_free(struct index *x)
{
    if (!x)
        return;
    char *texts[] = {x->python_url, x->python_extra, x->find_links, x->trusted,
                     x->node_url,   x->hosts,        x->proxy,      x->ca_file};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    for (unsigned i = 0; i < x->secret_count; i++)
        free(x->secrets[i]);
    for (unsigned i = 0; i < x->learned->count; i++)
        free(x->learned->of[i].url);
    pthread_mutex_destroy(&x->learned->lock);
    free(x->learned);
    buf_done(&x->npmrc);
    buf_done(&x->ca);
    free(x);
}
