#include "auth/auth.h"

#include "app.h"
#include "base/arena.h"
#include "base/fd.h"
#include "base/test.h"
#include "http/http.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char path[64];
    int fd;
};

static void place_make(struct place *p)
{
    snprintf(p->path, sizeof p->path, "/tmp/virga-auth-XXXXXX");
    assert_non_null(mkdtemp(p->path));
    p->fd = open(p->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
}

static void place_done(struct place *p)
{
    unlinkat(p->fd, "owner.key", 0);
    unlinkat(p->fd, "token.key", 0);
    unlinkat(p->fd, "secret.key", 0);
    fd_close(&p->fd);
    CHECK(rmdir(p->path) == 0); /* nothing else was left behind */
}

#define auto_place __attribute__((cleanup(place_done)))

static void read_key(const struct place *p, char key[80])
{
    struct err e = {0};
    auto_buf struct buf file = {0};
    auto_fd int fd = openat(p->fd, "owner.key", O_RDONLY | O_CLOEXEC);
    CHECK(fd_read_all(fd, 1000, &file, &e) == 0);
    struct str text = str_trim(buf_str(&file));
    snprintf(key, 80, STR_FMT, STR_ARG(text));
}

static int ask(struct auth *a, int permission, const char *header, const char **who, struct err *e)
{
    auto_arena struct arena *arena = arena_new();
    struct http_header h = {"authorization", header};
    struct request req = {.arena = arena, .headers = &h, .header_count = header ? 1 : 0};
    struct app app = {.auth = a};
    int rc = auth_authorize(&app, &req, permission, e);
    *who = req.principal ? req.principal->account : NULL;
    return rc;
}

TEST(the_key_of_the_first_start_opens_every_later_one)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct auth *a = NULL;
    char key[80], header[100];
    const char *who = NULL;
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) == 0);
    auth_free(a);
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) == 0);
    read_key(&p, key);
    CHECK(strlen(key) == 51);
    snprintf(header, sizeof header, "Bearer %s", key);
    CHECK(ask(a, PERM_FUNCTIONS_CREATE, header, &who, &e) == 0);
    CHECK_STR(who, "owner");
    struct stat st;
    CHECK(fstatat(p.fd, "owner.key", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
    auth_free(a);
}

TEST(strangers_are_told_what_is_missing_or_wrong)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct auth *a = NULL;
    const char *who = NULL;
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) == 0);
    static const char *const missing[] = {NULL, "", "Basic eDp5", "bearer vk_1", "Bearer"};
    for (size_t i = 0; i < 5; i++) {
        CHECK(ask(a, PERM_FUNCTIONS_READ, missing[i], &who, &e) < 0);
        CHECK(e.code == ERR_UNAUTHORIZED && who == NULL);
        CHECK_STR(e.text, "Missing auth token");
    }
    char key[80], header[100];
    read_key(&p, key);
    snprintf(header, sizeof header, "Bearer %s", key);
    char *last = header + strlen(header) - 1;
    *last = *last == '0' ? '1' : '0'; /* could be a key of an account: the store knows */
    CHECK(ask(a, PERM_FUNCTIONS_READ, header, &who, &e) == HTTP_ASK && who == NULL);
    const char *const wrong[] = {"Bearer ", "Bearer vk_1", "Bearer a.b.c"};
    for (size_t i = 0; i < 3; i++) {
        CHECK(ask(a, PERM_FUNCTIONS_READ, wrong[i], &who, &e) < 0);
        CHECK_STR(e.text, "Invalid token");
    }
    auth_free(a);
}

TEST(public_routes_ask_nobody_and_open_ones_still_refuse_a_wrong_key)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct auth *a = NULL;
    const char *who = "";
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) == 0);
    CHECK(ask(a, PERM_PUBLIC, "Bearer nonsense", &who, &e) == 0 && who == NULL);
    CHECK(ask(a, PERM_CALLS_READ, NULL, &who, &e) == 0 && who == NULL);
    CHECK(ask(a, PERM_CALLS_READ, "Bearer nonsense", &who, &e) < 0);
    auth_free(a);
}

TEST(a_key_that_others_can_read_is_refused)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct auth *a = NULL;
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) == 0);
    auth_free(a);
    CHECK(fchmodat(p.fd, "owner.key", 0640, 0) == 0);
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) < 0 && e.code == ERR_DENIED &&
          strstr(e.text, "0600"));
}

TEST(an_empty_key_or_a_link_is_no_key)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct auth *a = NULL;
    CHECK(fd_write_file(p.fd, "owner.key", "", 0, 0600, &e) == 0);
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) < 0 &&
          strstr(e.text, "holds no key"));
    CHECK(unlinkat(p.fd, "owner.key", 0) == 0);
    CHECK(symlinkat("/dev/null", p.fd, "owner.key") == 0);
    CHECK(auth_open(&(struct auth_config){.dir_fd = p.fd}, &a, &e) < 0);
}

TEST(a_sealed_text_opens_only_where_it_belongs_and_unchanged)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct seal *s = NULL;
    auto_buf struct buf sealed = {0}, again = {0}, open = {0};
    CHECK(seal_load(p.fd, &s, &e) == 0);
    seal_lock(s, STR("fn1"), STR("{\"A\":\"secret\"}"), &sealed);
    seal_lock(s, STR("fn1"), STR("{\"A\":\"secret\"}"), &again);
    CHECK(!str_eq(buf_str(&sealed), buf_str(&again)));
    CHECK(memmem(sealed.data, sealed.len, "secret", 6) == NULL);
    seal_free(s);
    CHECK(seal_load(p.fd, &s, &e) == 0); /* the same key again */
    CHECK(seal_unlock(s, STR("fn1"), buf_str(&sealed), &open, &e) == 0);
    CHECK_STR(open.data, "{\"A\":\"secret\"}");
    CHECK(seal_unlock(s, STR("fn2"), buf_str(&sealed), &open, &e) < 0);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        CHECK(seal_unlock(s, STR("fn1"), buf_str(&sealed), &open, &e) < 0);
        sealed.data[i] ^= 1;
        CHECK(seal_unlock(s, STR("fn1"), (struct str){sealed.data, i}, &open, &e) < 0);
    }
    seal_free(s);
}

TEST_MAIN(the_key_of_the_first_start_opens_every_later_one,
          strangers_are_told_what_is_missing_or_wrong,
          public_routes_ask_nobody_and_open_ones_still_refuse_a_wrong_key,
          a_key_that_others_can_read_is_refused, an_empty_key_or_a_link_is_no_key,
          a_sealed_text_opens_only_where_it_belongs_and_unchanged)
