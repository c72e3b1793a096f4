/* Plays the program of a build's slot, honest and not. */
#include "base/test.h"

#include "base/fd.h"
#include "base/mem.h"
#include "deps/build_private.h"
#include "deps/index.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNTIME "3.11.2\n20.1.0\nlinux-x86_64-glibc"

struct world {
    struct index *index;
    struct build_run run;
    int sock, out, err; /* the program's ends */
    char dir[64];
    pthread_t thread;
    int result;
    struct err why;
    struct buf log;
    unsigned told;
};

static void on_log(void *arg, struct str text)
{
    struct world *w = arg;
    buf_add_str(&w->log, text);
}

static void on_progress(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    struct world *w = arg;
    (void)step, (void)packages, (void)bytes;
    w->told++;
}

static void *converse(void *arg)
{
    struct world *w = arg;
    w->result = build_run(&w->run, &w->why);
    return NULL;
}

static void say_bytes(struct world *w, const void *p, size_t len)
{
    (void)!send(w->sock, p, len, MSG_NOSIGNAL); /* the other end may have had enough */
}

static void say(struct world *w, uint8_t type, const void *p, size_t len)
{
    struct {
        uint32_t length;
        uint8_t type, zero[3];
    } head = {htole32((uint32_t)len), type, {0}};
    say_bytes(w, &head, sizeof head);
    say_bytes(w, p, len);
}

static void say_text(struct world *w, uint8_t type, const char *text)
{
    say(w, type, text, strlen(text));
}

static void print_to(int fd, const char *text)
{
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static int listener(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
    return fd;
}

static void hand_over(struct world *w, int fd)
{
    unsigned char frame[8] = {0, 0, 0, 0, WIRE_LISTENER, 0, 0, 0};
    struct err e = {0};
    CHECK(fd_send(w->sock, frame, sizeof frame, &fd, 1, &e) == 0);
    close(fd);
}

static void open_with(struct world *w, enum build_language language)
{
    struct err e = {0};
    int s[2], out[2], err[2];
    *w = (struct world){0};
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-build-XXXXXX");
    CHECK(mkdtemp(w->dir) && setenv("PIP_FIND_LINKS", "", 1) == 0);
    struct index_options options = {.pip_index_url = "http://127.0.0.1:9/simple",
                                    .npm_registry = "http://127.0.0.1:9/npm"};
    CHECK(index_read(&options, &w->index, &e) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0);
    CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
    w->sock = s[0], w->out = out[1], w->err = err[1];
    w->run = (struct build_run){
        .order = {language, "hello==1.0\n", "{\"dependencies\":{\"hello\":\"1\"}}", ""},
        .index = w->index,
        .layers_dir = w->dir,
        .size_bytes = 1 << 20,
        .files_max = 20,
        .sock = s[1],
        .out = out[0],
        .err = err[0],
        .log = on_log,
        .progress = on_progress,
        .arg = w,
    };
    CHECK(pthread_create(&w->thread, NULL, converse, w) == 0);
}

/* Up to the order, which is read and thrown away. */
static void begin(struct world *w, enum build_language language)
{
    open_with(w, language);
    hand_over(w, listener());
    say(w, WIRE_RUNTIME, RUNTIME, sizeof RUNTIME - 1);
    for (uint8_t type = 0; type != WIRE_RUN;) {
        unsigned char head[8];
        CHECK(recv(w->sock, head, sizeof head, MSG_WAITALL) == sizeof head);
        uint32_t len = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16;
        type = head[4];
        auto_ptr char *payload = mem_alloc(len + 1);
        CHECK(!len || recv(w->sock, payload, len, MSG_WAITALL) == (ssize_t)len);
    }
    say(w, WIRE_INSTALLED, "", 0);
}

static void entry(struct world *w, enum wire_kind kind, uint64_t size, const char *path,
                  const char *target)
{
    char frame[4096];
    uint16_t len = htole16((uint16_t)strlen(path));
    size = htole64(size);
    frame[0] = (char)kind;
    memcpy(frame + 1, &size, 8);
    memcpy(frame + 9, &len, 2);
    size_t n = (size_t)snprintf(frame + 11, sizeof frame - 11, "%s%s", path, target);
    say(w, WIRE_ENTRY, frame, 11 + n);
}

static void put(struct world *w, const char *path, const char *content)
{
    entry(w, WIRE_PLAIN, strlen(content), path, "");
    if (*content)
        say(w, WIRE_DATA, content, strlen(content));
}

static int end(struct world *w)
{
    (void)shutdown(w->sock, SHUT_WR);
    fd_close(&w->out);
    fd_close(&w->err);
    CHECK(pthread_join(w->thread, NULL) == 0);
    return w->result;
}

static unsigned entries_of(const char *path)
{
    unsigned n = 0;
    DIR *list = opendir(path);
    CHECK(list);
    for (struct dirent *d; (d = readdir(list));)
        n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    closedir(list);
    return n;
}

/* Nothing may be left, whatever was sent. */
static void close_world(struct world *w)
{
    build_run_done(&w->run);
    fd_close(&w->sock);
    CHECK_INT(entries_of(w->dir), 0);
    CHECK(rmdir(w->dir) == 0);
    index_free(w->index);
    buf_done(&w->log);
}

static void fails(struct world *w, enum err_code code, const char *text)
{
    if (end(w) == 0 || w->why.code != code || !strstr(w->why.text, text))
        print_message("%s: %s\n", err_code_name(w->why.code), w->why.text);
    CHECK(w->result < 0 && w->why.code == code && strstr(w->why.text, text));
    close_world(w);
}

TEST(a_layer_is_written_as_it_was_described)
{
    struct world w;
    char path[200], text[64] = "";
    struct stat st;
    begin(&w, BUILD_PYTHON);
    say_text(&w, WIRE_PACKAGE, "\5hello1.0");
    say_text(&w, WIRE_PACKAGE, "\3abc2.0");
    put(&w, "python/hello/__init__.py", "WORD = 1\n");
    entry(&w, WIRE_EXECUTABLE, 0, "python/hello/run", "");
    entry(&w, WIRE_LINK, 0, "python/hello/deep/link", "../__init__.py");
    say(&w, WIRE_DONE, "", 0);
    CHECK(end(&w) == 0);
    CHECK_STR(w.run.packages.data,
              "[{\"name\":\"abc\",\"version\":\"2.0\"},{\"name\":\"hello\",\"version\":\"1.0\"}]");
    CHECK_STR(w.run.lock.data, "abc==2.0\nhello==1.0\n");
    CHECK_STR(w.run.runtime_version, "3.11.2");
    CHECK_STR(w.run.platform, "linux-x86_64-glibc");
    CHECK(w.run.take.bytes == 9 && w.run.take.files == 5 && w.told > 0);
    snprintf(path, sizeof path, "%s/%s/python/hello/run", w.dir, w.run.take.name);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0755);
    snprintf(path, sizeof path, "%s/%s/python/hello/__init__.py", w.dir, w.run.take.name);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644 && st.st_size == 9);
    snprintf(path, sizeof path, "%s/%s/python/hello/deep/link", w.dir, w.run.take.name);
    CHECK(readlink(path, text, sizeof text - 1) == 14);
    CHECK_STR(text, "../__init__.py");
    close_world(&w);
}

TEST(paths_that_leave_the_layer_are_refused)
{
    static const char *const bad[] = {
        "/etc/passwd", "python/../../x", "../x", "python",      "python/",         "python//x",
        "python/./x",  "node_modules/x", "",     "python/a\nb", "python/\xff\xfe", "python/..",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct world w;
        begin(&w, BUILD_PYTHON);
        put(&w, bad[i], "x");
        fails(&w, ERR_INVALID, "path");
    }
}

TEST(links_lead_nowhere_outside_however_they_are_chained)
{
    static const struct {
        const char *path, *target;
    } bad[] = {
        {"python/x", "/etc/passwd"},     {"python/x", "../.."},     {"python/x", ".."},
        {"python/x", "a/../../.."},      {"python/a/x", "../../b"}, {"python/x", ""},
        {"python/a/x", "b/c/../../../"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct world w;
        begin(&w, BUILD_PYTHON);
        entry(&w, WIRE_LINK, 0, bad[i].path, bad[i].target);
        fails(&w, ERR_INVALID, "leads out");
    }
}

TEST(nothing_is_written_through_a_link)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    put(&w, "python/a/file", "x");
    entry(&w, WIRE_LINK, 0, "python/b", "a");
    put(&w, "python/b/other", "x");
    fails(&w, ERR_INVALID, "no directory");
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_LINK, 0, "python/b", "a");
    put(&w, "python/b", "x");
    fails(&w, ERR_INVALID, "twice");
}

TEST(more_files_than_allowed_are_a_limit)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    for (int i = 0; i < 30; i++) {
        char path[32];
        snprintf(path, sizeof path, "python/f%d", i);
        put(&w, path, "");
    }
    fails(&w, ERR_LIMIT, "limit files = 20");
    begin(&w, BUILD_PYTHON); /* directories count */
    put(&w, "python/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21", "");
    fails(&w, ERR_LIMIT, "limit files = 20");
}

TEST(more_bytes_than_allowed_are_a_limit_before_they_are_sent)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_PLAIN, (1 << 20) + 1, "python/big", "");
    fails(&w, ERR_LIMIT, "limit size = 1048576");
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_PLAIN, UINT64_MAX, "python/big", "");
    fails(&w, ERR_LIMIT, "limit size");
}

TEST(bytes_that_were_not_announced_are_refused)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_PLAIN, 2, "python/x", "");
    say_text(&w, WIRE_DATA, "abc");
    fails(&w, ERR_MALFORMED, "more bytes");
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_PLAIN, 2, "python/x", "");
    entry(&w, WIRE_PLAIN, 2, "python/y", "");
    fails(&w, ERR_MALFORMED, "begins before");
    begin(&w, BUILD_PYTHON);
    entry(&w, WIRE_PLAIN, 2, "python/x", "");
    say(&w, WIRE_DONE, "", 0);
    fails(&w, ERR_MALFORMED, "cut off");
}

TEST(frames_out_of_turn_and_huge_ones_are_refused)
{
    struct world w;
    static const unsigned char huge[8] = {0xff, 0xff, 0xff, 0x7f, WIRE_DATA, 0, 0, 0};
    begin(&w, BUILD_PYTHON);
    say(&w, WIRE_INSTALLED, "", 0);
    fails(&w, ERR_MALFORMED, "repeats");
    begin(&w, BUILD_PYTHON);
    say_text(&w, WIRE_RUNTIME, "x");
    fails(&w, ERR_MALFORMED, "type 130");
    begin(&w, BUILD_PYTHON);
    say_bytes(&w, huge, sizeof huge);
    fails(&w, ERR_MALFORMED, "frame of");
    open_with(&w, BUILD_PYTHON);
    say(&w, WIRE_LISTENER, "", 0);
    fails(&w, ERR_MALFORMED, "no listening socket");
    open_with(&w, BUILD_PYTHON);
    hand_over(&w, dup(0));
    say(&w, WIRE_RUNTIME, RUNTIME, sizeof RUNTIME - 1);
    fails(&w, ERR_INVALID, "loopback");
    open_with(&w, BUILD_PYTHON);
    hand_over(&w, listener());
    say_text(&w, WIRE_RUNTIME, "3.1/../x\n\nlinux");
    fails(&w, ERR_UNAVAILABLE, "no Python");
}

TEST(names_of_packages_are_names)
{
    static const char *const bad[] = {"", "\5he", "\2a b1", "\2ab", "\2ab<script>", "\1a\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct world w;
        begin(&w, BUILD_PYTHON);
        say(&w, WIRE_PACKAGE, bad[i], strlen(bad[i]));
        CHECK(end(&w) < 0 && (w.why.code == ERR_INVALID || w.why.code == ERR_MALFORMED));
        close_world(&w);
    }
}

TEST(a_lock_is_json_and_bounded)
{
    struct world w;
    static char piece[WIRE_FRAME_MAX];
    begin(&w, BUILD_NODE);
    say_text(&w, WIRE_LOCK, "{\"a\":");
    say(&w, WIRE_DONE, "", 0);
    fails(&w, ERR_MALFORMED, "package-lock.json");
    begin(&w, BUILD_NODE);
    for (int i = 0; i < 17; i++)
        say(&w, WIRE_LOCK, piece, sizeof piece);
    fails(&w, ERR_LIMIT, "package-lock.json");
}

TEST(the_log_is_text_without_escapes_and_credentials)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    print_to(w.out, "\033[31mred\033[0m \033]0;title\a plain\r\n");
    print_to(w.err, "at https://me:secret@host/x and \xff\n");
    CHECK(write(w.err,
                "\xc2\x9b"
                "2J no end",
                11) == 11);
    say_text(&w, WIRE_FAILED, "pip ended with status 1\033[1m");
    CHECK(end(&w) < 0 && w.why.code == ERR_INVALID);
    CHECK_STR(w.why.text, "pip ended with status 1?[1m");
    CHECK(strstr(w.log.data, "red  plain\n"));
    CHECK(strstr(w.log.data, "at https://****@host/x and \xef\xbf\xbd\n"));
    CHECK(strstr(w.log.data, "2J no end\n") && !strstr(w.log.data, "\xc2\x9b"));
    CHECK(!strchr(w.log.data, 033) && !strstr(w.log.data, "secret"));
    close_world(&w);
}

TEST(a_full_disk_is_told_as_the_limit_that_it_is)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    print_to(w.err, "ERROR: [Errno 28] No space left on device\n");
    say_text(&w, WIRE_FAILED, "pip ended with status 1");
    fails(&w, ERR_LIMIT, "limit size");
}

TEST(a_program_that_goes_away_fails_the_build)
{
    struct world w;
    begin(&w, BUILD_PYTHON);
    put(&w, "python/a/b", "x");
    fails(&w, ERR_INVALID, "was ended");
}

TEST_MAIN(a_layer_is_written_as_it_was_described, paths_that_leave_the_layer_are_refused,
          links_lead_nowhere_outside_however_they_are_chained, nothing_is_written_through_a_link,
          more_files_than_allowed_are_a_limit,
          more_bytes_than_allowed_are_a_limit_before_they_are_sent,
          bytes_that_were_not_announced_are_refused, frames_out_of_turn_and_huge_ones_are_refused,
          names_of_packages_are_names, a_lock_is_json_and_bounded,
          the_log_is_text_without_escapes_and_credentials,
          a_full_disk_is_told_as_the_limit_that_it_is, a_program_that_goes_away_fails_the_build)
