#include "base/test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "deps/index_private.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A home of its own, and none of the variables that a machine may have set. */
struct world {
    char home[64];
};

static const char *const variables[] = {
    "PIP_INDEX_URL",     "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS",
    "PIP_TRUSTED_HOST",  "PIP_PROXY",           "PIP_CERT",
    "PIP_CONFIG_FILE",   "npm_config_registry", "NPM_CONFIG_REGISTRY",
    "npm_config_cafile", "NPM_CONFIG_CAFILE",   "npm_config_https_proxy",
    "HTTPS_PROXY",       "https_proxy",
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static struct world world_open(void)
{
    struct world w;
    snprintf(w.home, sizeof w.home, "/tmp/virga-home-XXXXXX");
    CHECK(mkdtemp(w.home) && setenv("HOME", w.home, 1) == 0);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        CHECK(unsetenv(variables[i]) == 0);
    return w;
}

static void put(const struct world *w, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", w->home, name);
    write_file(path, text);
}

static void world_close(const struct world *w, struct index *x)
{
    static const char *const files[] = {".npmrc", ".pip/pip.conf", ".pip", "ca.pem"};
    char path[128];
    index_free(x);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", w->home, files[i]);
        (void)remove(path);
    }
    CHECK(rmdir(w->home) == 0);
}

static struct index *read_index(const struct index_options *o)
{
    struct err e = {0};
    struct index *x = NULL;
    if (index_read(o, &x, &e) < 0)
        fail_msg("%s", e.text);
    return x;
}

static void put_pip(const struct world *w, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/.pip", w->home);
    CHECK(mkdir(path, 0700) == 0);
    put(w, ".pip/pip.conf", text);
}

static void collect(void *arg, const char *name, const char *value)
{
    buf_addf(arg, "%s=%s\n", name, value);
}

TEST(options_win_over_variables_and_these_over_files)
{
    struct world w = world_open();
    put_pip(&w, "[global]\nindex-url = https://file.example/simple\n");
    struct index *x = read_index(&(struct index_options){0});
    CHECK_STR(index_url(x, BUILD_PYTHON), "https://file.example/simple");
    index_free(x);
    CHECK(setenv("PIP_INDEX_URL", "https://variable.example/simple", 1) == 0);
    x = read_index(&(struct index_options){0});
    CHECK_STR(index_url(x, BUILD_PYTHON), "https://variable.example/simple");
    index_free(x);
    x = read_index(&(struct index_options){.pip_index_url = "https://option.example/simple"});
    CHECK_STR(index_url(x, BUILD_PYTHON), "https://option.example/simple");
    world_close(&w, x);
}

TEST(a_pip_conf_is_read_as_pip_reads_it)
{
    struct world w = world_open();
    auto_buf struct buf env = {0};
    struct index_hosts *h = mem_alloc(sizeof *h);
    put_pip(&w, "# comment\n[global]\nindex-url = https://wrong.example/\nextra_index_url =\n"
                "    https://one.example/simple\n    http://two.example:81/simple\n"
                "[install]\nindex-url = https://right.example/simple\n"
                "find-links = /opt/wheels https://links.example/x\n[list]\nindex-url = no\n");
    struct index *x = read_index(&(struct index_options){.hosts = "Mirror.example, [::1]:8443"});
    CHECK_STR(index_url(x, BUILD_PYTHON), "https://right.example/simple");
    index_each_env(x, BUILD_PYTHON, index_url(x, BUILD_PYTHON), collect, &env);
    CHECK(strstr(env.data, "PIP_EXTRA_INDEX_URL=https://one.example/simple "
                           "http://two.example:81/simple\n"));
    CHECK(strstr(env.data, "PIP_FIND_LINKS=https://links.example/x\n"));
    CHECK(strstr(env.data, "PIP_TRUSTED_HOST=two.example:81\n"));
    index_hosts(x, BUILD_PYTHON, index_url(x, BUILD_PYTHON), NULL, h);
    static const char *const places[] = {"right.example:443",  "one.example:443",
                                         "two.example:81",     "links.example:443",
                                         "mirror.example:443", "[::1]:8443"};
    CHECK_INT(h->count, 6);
    for (unsigned i = 0; i < h->count; i++)
        CHECK_STR(h->places[i], places[i]);
    free(h);
    world_close(&w, x);
}

TEST(an_npmrc_gives_registries_and_credentials_which_are_kept_from_logs)
{
    struct world w = world_open();
    auto_buf struct buf npmrc = {0}, line = {0};
    struct index_hosts *h = mem_alloc(sizeof *h);
    CHECK(setenv("THE_TOKEN", "s3cret-token", 1) == 0);
    put(&w, ".npmrc",
        "; comment\nregistry=https://npm.example/\n"
        "@own:registry=https://own.example/npm/\nfund=false\n"
        "//npm.example/:_authToken=${THE_TOKEN}\n");
    struct index *x = read_index(&(struct index_options){0});
    CHECK_STR(index_url(x, BUILD_NODE), "https://npm.example/");
    index_npmrc(x, BUILD_NODE, index_url(x, BUILD_NODE), &npmrc);
    CHECK(strstr(npmrc.data, "registry=https://npm.example/\n"));
    CHECK(strstr(npmrc.data, "@own:registry=https://own.example/npm/\n"));
    CHECK(strstr(npmrc.data, "//npm.example/:_authToken=s3cret-token\n"));
    CHECK(!strstr(npmrc.data, "fund"));
    index_hosts(x, BUILD_NODE, index_url(x, BUILD_NODE), NULL, h);
    CHECK(h->count == 2 && strcmp(h->places[1], "own.example:443") == 0);
    buf_addz(&line, "token s3cret-token and s3cret-token at https://u:p%40w@host/a@b and x@y\n");
    index_mask(x, &line);
    CHECK_STR(line.data, "token **** and **** at https://****@host/a@b and x@y\n");
    free(h);
    world_close(&w, x);
}

TEST(certificates_are_read_while_they_may_be)
{
    struct world w = world_open();
    auto_buf struct buf env = {0};
    char path[128];
    put(&w, "ca.pem", "-----BEGIN CERTIFICATE-----\n");
    snprintf(path, sizeof path, "%s/ca.pem", w.home);
    struct index *x = read_index(&(struct index_options){.ca_file = path});
    CHECK(str_is(index_ca(x), "-----BEGIN CERTIFICATE-----\n"));
    index_each_env(x, BUILD_PYTHON, "https://a.example/", collect, &env);
    CHECK(strstr(env.data, "PIP_CERT=/tmp/home/ca.pem\n"));
    world_close(&w, x);
}

TEST(a_proxy_is_taken_as_the_variable_has_it)
{
    struct world w = world_open();
    CHECK(setenv("HTTPS_PROXY", "proxy.example:3128", 1) == 0);
    struct index *x = read_index(&(struct index_options){0});
    CHECK_STR(index_proxy(x), "http://proxy.example:3128");
    index_free(x);
    x = read_index(&(struct index_options){.proxy = "http://u:p@other.example:1"});
    CHECK_STR(index_proxy(x), "http://u:p@other.example:1");
    CHECK(unsetenv("HTTPS_PROXY") == 0);
    world_close(&w, x);
}

TEST(what_is_no_url_is_refused_by_name)
{
    static const struct {
        struct index_options o;
        const char *text;
    } rows[] = {
        {{.pip_index_url = "ftp://a.example/"}, "--pip-index-url"},
        {{.pip_index_url = "a.example/simple"}, "--pip-index-url"},
        {{.pip_extra_index_url = "https://a.example/ nonsense"}, "--pip-extra-index-url"},
        {{.npm_registry = "/var/npm"}, "--npm-registry"},
        {{.proxy = "https://a.example:1"}, "--package-proxy"},
        {{.ca_file = "/nowhere/ca.pem"}, "--package-ca"},
    };
    struct world w = world_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        struct index *x = NULL;
        CHECK(index_read(&rows[i].o, &x, &e) < 0 && strstr(e.text, rows[i].text));
    }
    world_close(&w, NULL);
}

TEST(links_of_a_page_name_the_hosts_of_files)
{
    static const char json[] = "{\"files\":[{\"url\":\"https://files.example/a.whl\"},"
                               "{\"url\": \"https://FILES.example:443/b.whl\"},"
                               "{\"url\":\"../relative.whl\"}],\"tarball\":\"http://t.example/x\"}";
    static const char html[] = "<a href=\"https://h.example:8443/x#sha256=1\">x</a><a href=/y>y";
    struct index_hosts *h = mem_alloc(sizeof *h);
    index_links(str_of(json), h);
    CHECK(h->count == 2);
    CHECK_STR(h->places[0], "files.example:443");
    CHECK_STR(h->places[1], "t.example:80");
    index_links(str_of(html), h);
    CHECK(h->count == 3);
    CHECK_STR(h->places[2], "h.example:8443");
    index_links(STR("\"url\":\"https://cut.exa"), h); /* a page may be cut off */
    index_links(STR("\"url\""), h);
    index_links(STR("href="), h);
    free(h);
}

TEST_MAIN(options_win_over_variables_and_these_over_files, a_pip_conf_is_read_as_pip_reads_it,
          an_npmrc_gives_registries_and_credentials_which_are_kept_from_logs,
          certificates_are_read_while_they_may_be, a_proxy_is_taken_as_the_variable_has_it,
          what_is_no_url_is_refused_by_name, links_of_a_page_name_the_hosts_of_files)
