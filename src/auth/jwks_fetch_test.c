/* What the server of an issuer may answer, and what is made of it. */
#include "auth/jwks.h"

#include "base/fd.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- a server: each path is one kind of answer --- */

static struct {
    int fd, port;
    pthread_t thread;
} web;

static const struct {
    const char *path, *answer;
} answers[] = {
    {"/good", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}"},
    {"/moved", "HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n"},
    {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"},
    {"/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"},
    {"/gopher",
     "HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1/_x\r\nContent-Length: 0\r\n\r\n"},
    {"/away", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
    {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"keys\":"},
    {"/long", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{"},
    {"/endless", "HTTP/1.1 200 OK\r\n\r\n"},
};

static const char *answer_to(const char *request)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        size_t n = strlen(answers[i].path);
        if (strncmp(request + 4, answers[i].path, n) == 0 && request[4 + n] == ' ')
            return answers[i].answer;
    }
    return "";
}

static void serve_one(int fd)
{
    char request[4096] = "";
    size_t len = 0;
    ssize_t n = 1;
    while (!strstr(request, "\r\n\r\n") && n > 0 && len < sizeof request - 1) {
        n = read(fd, request + len, sizeof request - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    }
    const char *text = answer_to(request);
    n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    while (n > 0 && strncmp(request, "GET /endless", 12) == 0)
        n = send(fd, request, sizeof request, MSG_NOSIGNAL);
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        auto_fd int fd = accept4(web.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        serve_one(fd);
    }
}

static void web_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    CHECK(setenv("no_proxy", "127.0.0.1", 1) == 0);
    web.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(web.fd, (struct sockaddr *)&address, len) == 0 && listen(web.fd, 8) == 0);
    CHECK(getsockname(web.fd, (struct sockaddr *)&address, &len) == 0);
    web.port = ntohs(address.sin_port);
    CHECK(pthread_create(&web.thread, NULL, serve, NULL) == 0);
}

static void web_close(void)
{
    shutdown(web.fd, SHUT_RDWR);
    pthread_join(web.thread, NULL);
    fd_close(&web.fd);
}

/* "" when it was fetched, else what the error says behind the URL. */
static const char *fetch(const char *path, struct buf *ret)
{
    static struct err e;
    char url[100];
    e = (struct err){0};
    buf_clear(ret);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", web.port, path);
    if (jwks_fetch(url, ret, &e) == 0)
        return "";
    CHECK(e.code == ERR_UNAVAILABLE && strncmp(e.text, url, strlen(url)) == 0);
    return e.text + strlen(url);
}

TEST(the_list_is_fetched_also_where_it_has_moved_to)
{
    auto_buf struct buf body = {0};
    web_open();
    CHECK_STR(fetch("/good", &body), "");
    CHECK(str_is(buf_str(&body), "{\"keys\":[]}"));
    CHECK_STR(fetch("/moved", &body), "");
    CHECK(str_is(buf_str(&body), "{\"keys\":[]}"));
    web_close();
}

TEST(an_answer_without_end_is_cut_off)
{
    auto_buf struct buf body = {0};
    web_open();
    CHECK_STR(fetch("/endless", &body), ": the answer is too long");
    CHECK(body.len <= JWKS_BYTES_MAX);
    CHECK_STR(fetch("/long", &body), ": the answer is too long");
    CHECK(body.len == 0); /* its length was enough to tell */
    web_close();
}

TEST(only_a_whole_200_counts)
{
    auto_buf struct buf body = {0};
    web_open();
    CHECK_STR(fetch("/away", &body), ": status 503");
    CHECK(strlen(fetch("/short", &body)) > 0 && strlen(fetch("/nothing", &body)) > 0);
    web_close();
}

TEST(no_redirect_leads_out_of_http_or_round_for_ever)
{
    auto_buf struct buf body = {0};
    web_open();
    static const char *const paths[] = {"/file", "/gopher", "/loop"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK(strlen(fetch(paths[i], &body)) > 0);
        CHECK(body.len == 0);
    }
    web_close();
}

TEST_MAIN(the_list_is_fetched_also_where_it_has_moved_to, an_answer_without_end_is_cut_off,
          only_a_whole_200_counts, no_redirect_leads_out_of_http_or_round_for_ever)
