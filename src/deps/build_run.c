/* The conversation with the program of a build's slot, from its listener to its last file.
 * Blocking, on the build's own thread; whoever ends the slot ends this too, since the socket closes
 * then. What is printed is read all the while, so that nobody waits for anybody in a circle. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/build_private.h"
#include "deps/index_use.h"
#include "egress/egress.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

enum {
    HEADER = 8, /* engine/frame.h */
    LOG_MAX = 4 << 20,
    PROGRESS_US = 250 * 1000,
    FETCHED_FACTOR = 4, /* of the layer's size: sources, build tools, versions that were tried */
};

struct talk {
    struct build_run *r;
    struct egress *egress;
    struct buf in, out_text, err_text, line;
    int listener;
    enum build_step step;
    unsigned packages;
    size_t logged;
    bool full; /* the package manager has said that its disk is */
    bool installed, done;
    uint64_t told_us;
    char url[2048], runtime[200];
    struct build_list list;
};

struct frame {
    uint8_t type;
    struct str payload; /* into talk.in, until the next one is taken */
};

/* --- what is printed --- */

static void say(struct talk *t, struct buf *line)
{
    index_mask(t->r->index, line);
    if (t->logged >= LOG_MAX)
        return;
    t->logged += line->len;
    if (t->logged >= LOG_MAX) {
        buf_clear(line);
        buf_addz(line, "(the rest of the log is left out)\n");
    }
    t->r->log(t->r->arg, buf_str(line));
}

static void tell_progress(struct talk *t, bool now)
{
    uint64_t clock = clock_mono_us();
    if (!now && clock - t->told_us < PROGRESS_US)
        return;
    t->told_us = clock;
    uint64_t bytes = t->step == BUILD_STORING ? t->r->take.bytes
                     : t->egress              ? egress_bytes(t->egress)
                                              : 0;
    t->r->progress(t->r->arg, t->step, t->packages, bytes);
}

/* What pip and npm say on their way; a guess for people, nothing depends on it. */
static void notice(struct talk *t, struct str line)
{
    static const char *const full[] = {"Errno 28", "ENOSPC", "No space left on device",
                                       "Errno 27", "EFBIG",  "File too large"};
    bool fetched =
        str_starts(line, STR("Collecting ")) ||
        (str_starts(line, STR("npm http fetch GET 200 ")) && memmem(line.p, line.n, ".tgz", 4));
    for (size_t i = 0; i < ARRAY_LEN(full); i++)
        t->full = t->full || memmem(line.p, line.n, full[i], strlen(full[i]));
    t->packages += fetched;
    if (t->step == BUILD_RESOLVING && (str_starts(line, STR("Installing collected packages")) ||
                                       (fetched && t->r->order.language == BUILD_NODE))) {
        t->step = BUILD_INSTALLING;
        tell_progress(t, true);
    }
}

static void take_lines(struct talk *t, struct buf *in, bool last)
{
    while (build_line(in, last, &t->line)) {
        notice(t, buf_str(&t->line));
        say(t, &t->line);
    }
}

/* Closes the pipe at its end, which poll would else report for ever. */
static void read_pipe(struct talk *t, int *fd, struct buf *in)
{
    char piece[16 * 1024];
    ssize_t n = read(*fd, piece, sizeof piece);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        buf_add(in, piece, (size_t)n);
    else
        fd_close(fd);
    take_lines(t, in, n <= 0);
}

/* --- the socket --- */

/* Only the first message may carry a descriptor, and only one. */
static void take_descriptors(struct talk *t, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, (char *)c + at, sizeof fd);
            if (t->listener < 0 && !t->egress)
                t->listener = fd;
            else
                fd_close(&fd);
        }
    }
}

static int receive(struct talk *t, struct err *e)
{
    char piece[64 * 1024];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {piece, sizeof piece};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(t->r->sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return err_set(e, ERR_INVALID, "the program that builds was ended");
    take_descriptors(t, &m);
    buf_add(&t->in, piece, (size_t)n);
    return 0;
}

/* Waits until the socket may be read, or written; reads what is printed meanwhile. */
static int wait_for(struct talk *t, short what, short *ret, struct err *e)
{
    struct pollfd fds[] = {{t->r->sock, what, 0}, {t->r->out, POLLIN, 0}, {t->r->err, POLLIN, 0}};
    if (poll(fds, ARRAY_LEN(fds), 1000) < 0 && errno != EINTR)
        return err_sys(e, "wait for a build");
    if (fds[1].revents)
        read_pipe(t, &t->r->out, &t->out_text);
    if (fds[2].revents)
        read_pipe(t, &t->r->err, &t->err_text);
    *ret = fds[0].revents;
    tell_progress(t, false);
    return 0;
}

static bool take_frame(struct talk *t, struct frame *ret, struct err *e)
{
    uint32_t length;
    if (t->in.len < HEADER)
        return false;
    memcpy(&length, t->in.data, sizeof length);
    length = le32toh(length);
    if (length > WIRE_FRAME_MAX) {
        err_set(e, ERR_MALFORMED, "a frame of %" PRIu32 " bytes", length);
        return false;
    }
    if (t->in.len < HEADER + length)
        return false;
    *ret = (struct frame){(uint8_t)t->in.data[4], {t->in.data + HEADER, length}};
    return true;
}

static void drop_frame(struct talk *t, const struct frame *f)
{
    buf_consume(&t->in, HEADER + f->payload.n);
}

/* WIRE_FAILED ends every wait: its text is for people, as far as it is text. */
static int why_failed(struct str text, struct err *e)
{
    char clean[160];
    size_t n = text.n < sizeof clean - 1 ? text.n : sizeof clean - 1;
    for (size_t i = 0; i < n; i++)
        clean[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? text.p[i] : '?';
    clean[n] = 0;
    return err_set(e, ERR_INVALID, "%s", clean);
}

/* The next frame. Its payload is there until drop_frame. */
static int next(struct talk *t, struct frame *ret, struct err *e)
{
    short ready;
    while (!take_frame(t, ret, e)) {
        if (e->code || wait_for(t, POLLIN, &ready, e) < 0 || (ready && receive(t, e) < 0))
            return -1;
    }
    return ret->type == WIRE_FAILED ? why_failed(ret->payload, e) : 0;
}

static int expect(struct talk *t, uint8_t type, char *ret, size_t size, struct err *e)
{
    struct frame f;
    if (next(t, &f, e) < 0)
        return -1;
    if (f.type != type || f.payload.n >= size || memchr(f.payload.p, 0, f.payload.n))
        return err_set(e, ERR_MALFORMED, "the program that builds says what it should not");
    memcpy(ret, f.payload.p, f.payload.n);
    ret[f.payload.n] = 0;
    drop_frame(t, &f);
    return 0;
}

static int send_all(struct talk *t, const char *p, size_t len, struct err *e)
{
    while (len) {
        short ready;
        ssize_t n = send(t->r->sock, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return err_set(e, ERR_INVALID, "the program that builds was ended");
        if (n < 0 && wait_for(t, POLLOUT, &ready, e) < 0)
            return -1;
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int send_frame(struct talk *t, uint8_t type, struct str payload, struct err *e)
{
    struct {
        uint32_t length;
        uint8_t type, zero[3];
    } head = {htole32((uint32_t)payload.n), type, {0}};
    if (payload.n > WIRE_FILE_MAX)
        return err_set(e, ERR_TOO_LARGE, "an order of %zu bytes", payload.n);
    if (send_all(t, (char *)&head, sizeof head, e) < 0)
        return -1;
    return send_all(t, payload.p, payload.n, e);
}

/* --- the order --- */

/* "3.11.2": what may become part of a layer's name. */
static bool copy_word(struct str s, char ret[65])
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && (!s.p[i] || !strchr("._+-", s.p[i])))
            return false;
    if (!s.n || s.n > 64)
        return false;
    memcpy(ret, s.p, s.n);
    ret[s.n] = 0;
    return true;
}

static int read_runtime(struct talk *t, struct err *e)
{
    if (expect(t, WIRE_RUNTIME, t->runtime, sizeof t->runtime, e) < 0)
        return -1;
    bool node = t->r->order.language == BUILD_NODE;
    struct str rest = str_of(t->runtime), python = str_cut(&rest, '\n');
    struct str other = str_cut(&rest, '\n');
    if (!copy_word(node ? other : python, t->r->runtime_version))
        return err_set(e, ERR_UNAVAILABLE, "there is no %s here that packages could be built for",
                       node ? "Node.js" : "Python");
    if (!copy_word(rest, t->r->platform))
        return err_set(e, ERR_MALFORMED, "the program that builds names no platform");
    return 0;
}

static int find_index(struct talk *t, struct err *e)
{
    char place[INDEX_PLACE];
    const char *url = index_url(t->r->index, t->r->order.language);
    if (url) {
        snprintf(t->url, sizeof t->url, "%s", url);
        return 0;
    }
    char language = t->r->order.language == BUILD_NODE ? WIRE_NODE : WIRE_PYTHON;
    if (send_frame(t, WIRE_ASK, (struct str){&language, 1}, e) < 0 ||
        expect(t, WIRE_INDEX, t->url, sizeof t->url, e) < 0)
        return -1;
    if (!index_place(t->url, place))
        return err_set(e, ERR_UNAVAILABLE, "the package manager names no index of its own");
    return 0;
}

/* The first name that is asked for; requirements.txt was checked before it came here. */
static char *first_package(const struct build_order *o)
{
    if (o->language == BUILD_NODE) {
        json_t *root = json_loads(o->package_json, 0, NULL);
        json_t *all = json_object_get(root, "dependencies");
        char *name = mem_strdup(json_object_iter_key(json_object_iter(all)));
        json_decref(root);
        return name;
    }
    for (struct str rest = str_of(o->requirements_txt); rest.p;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        size_t n = 0;
        while (n < line.n &&
               (isalnum((unsigned char)line.p[n]) || (line.p[n] && strchr("._-", line.p[n]))))
            n++;
        if (n && isalnum((unsigned char)*line.p))
            return mem_dup(line.p, n);
    }
    return NULL;
}

static int open_way(struct talk *t, struct err *e)
{
    auto_ptr struct index_hosts *hosts = mem_alloc(sizeof *hosts);
    auto_ptr char *package = first_package(&t->r->order);
    const char *list[INDEX_HOSTS_MAX + 1] = {0};
    index_hosts(t->r->index, t->r->order.language, t->url, package, hosts);
    for (unsigned i = 0; i < hosts->count; i++)
        list[i] = hosts->places[i];
    struct egress_config config = {list, index_proxy(t->r->index),
                                   FETCHED_FACTOR * t->r->size_bytes};
    return egress_start(take_fd(&t->listener), &config, &t->egress, e);
}

struct env {
    struct talk *t;
    struct err *e;
    int result;
};

static void send_env(void *arg, const char *name, const char *value)
{
    struct env *env = arg;
    auto_buf struct buf text = {0};
    buf_addf(&text, "%s=%s", name, value);
    if (env->result == 0)
        env->result = send_frame(env->t, WIRE_ENV, buf_str(&text), env->e);
}

static int send_file(struct talk *t, const char *name, struct str content, struct err *e)
{
    auto_buf struct buf text = {0};
    if (!content.n)
        return 0;
    buf_add(&text, &(uint8_t){(uint8_t)strlen(name)}, 1);
    buf_addz(&text, name);
    buf_add_str(&text, content);
    return send_frame(t, WIRE_FILE, buf_str(&text), e);
}

/* An empty file is one too. */
static struct str asked_of_pip(const struct build_order *o)
{
    return o->language == BUILD_PYTHON && !*o->requirements_txt ? STR("\n")
                                                                : str_of(o->requirements_txt);
}

static int send_order(struct talk *t, struct err *e)
{
    const struct build_order *o = &t->r->order;
    char language = o->language == BUILD_NODE ? WIRE_NODE : WIRE_PYTHON;
    struct env env = {t, e, 0};
    auto_buf struct buf npmrc = {0};
    index_npmrc(t->r->index, o->language, t->url, &npmrc);
    index_each_env(t->r->index, o->language, t->url, send_env, &env);
    if (env.result < 0 || send_file(t, "ca.pem", index_ca(t->r->index), e) < 0 ||
        send_file(t, ".npmrc", buf_str(&npmrc), e) < 0 ||
        send_file(t, "requirements.txt", asked_of_pip(o), e) < 0 ||
        send_file(t, "package.json", str_of(o->package_json), e) < 0 ||
        send_file(t, "package-lock.json", str_of(o->package_lock), e) < 0)
        return -1;
    return send_frame(t, WIRE_RUN, (struct str){&language, 1}, e);
}

/* --- the result --- */

static int take_lock(struct talk *t, struct str text, struct err *e)
{
    if (t->r->lock.len + text.n > WIRE_LOCK_MAX)
        return err_set(e, ERR_LIMIT, "package-lock.json is larger than %d MB", WIRE_LOCK_MAX >> 20);
    buf_add_str(&t->r->lock, text);
    return 0;
}

static int begin_storing(struct talk *t, struct err *e)
{
    if (t->installed)
        return err_set(e, ERR_MALFORMED, "the program that builds repeats itself");
    t->installed = true;
    t->step = BUILD_STORING;
    tell_progress(t, true);
    return 0;
}

static int take_result(struct talk *t, const struct frame *f, struct err *e)
{
    if (!t->installed && f->type != WIRE_INSTALLED)
        return err_set(e, ERR_MALFORMED, "a result before there is one");
    switch (f->type) {
    case WIRE_INSTALLED:
        return begin_storing(t, e);
    case WIRE_PACKAGE:
        return build_list_add(&t->list, f->payload, e);
    case WIRE_LOCK:
        return take_lock(t, f->payload, e);
    case WIRE_ENTRY:
        return build_take_entry(&t->r->take, f->payload, e);
    case WIRE_DATA:
        return build_take_data(&t->r->take, f->payload, e);
    case WIRE_DONE:
        t->done = true;
        return build_take_finish(&t->r->take, e);
    default:
        return err_set(e, ERR_MALFORMED, "a frame of type %u", f->type);
    }
}

static int take_all(struct talk *t, struct err *e)
{
    while (!t->done) {
        struct frame f;
        if (next(t, &f, e) < 0 || take_result(t, &f, e) < 0)
            return -1;
        drop_frame(t, &f);
    }
    auto_buf struct buf pins = {0};
    build_list_write(&t->list, &t->r->packages, &pins);
    if (t->r->order.language == BUILD_PYTHON)
        buf_add_str(&t->r->lock, buf_str(&pins));
    else if (json_check(buf_str(&t->r->lock), e) < 0)
        return err_in(e, "package-lock.json");
    t->packages = (unsigned)t->list.count;
    tell_progress(t, true);
    return 0;
}

static int open_layer(struct talk *t, struct err *e)
{
    struct build_run *r = t->r;
    return build_take_open(&r->take, r->layers_dir,
                           r->order.language == BUILD_NODE ? "node_modules" : "python",
                           r->size_bytes, r->files_max, e);
}

static int take_listener(struct talk *t, struct err *e)
{
    char nothing[1];
    t->step = BUILD_RESOLVING;
    if (expect(t, WIRE_LISTENER, nothing, sizeof nothing, e) < 0)
        return -1;
    if (t->listener < 0)
        return err_set(e, ERR_MALFORMED, "the program that builds gave no listening socket");
    return 0;
}

static const struct step {
    const char *name;
    int (*run)(struct talk *t, struct err *e);
} steps[] = {
    {"the listener", take_listener}, {"the runtime", read_runtime}, {"the index", find_index},
    {"the way out", open_way},       {"the layer", open_layer},     {"the order", send_order},
    {"the result", take_all},
};

/* What the package manager cannot know: which of our limits it ran into. */
static void explain(struct talk *t, struct err *e)
{
    char refused[300] = "";
    uint64_t fetched = FETCHED_FACTOR * t->r->size_bytes;
    if (t->egress)
        egress_refused(t->egress, refused, sizeof refused);
    if (*refused) {
        buf_clear(&t->line);
        buf_addf(&t->line,
                 "virga: %s was asked for and refused; the server's option "
                 "--package-hosts names the hosts that packages come from\n",
                 refused);
        say(t, &t->line);
    }
    if (t->egress && egress_bytes(t->egress) >= fetched)
        err_set(e, ERR_LIMIT, "more than %" PRIu64 " MB were fetched (limit bytes = %" PRIu64 ")",
                fetched >> 20, fetched);
    else if (t->full)
        err_set(e, ERR_LIMIT,
                "the packages need more room than there is (limit size = %" PRIu64 ")",
                t->r->size_bytes);
}

static void clear(struct talk *t)
{
    egress_stop(t->egress);
    fd_close(&t->listener);
    fd_close(&t->r->sock);
    fd_close(&t->r->out);
    fd_close(&t->r->err);
    buf_done(&t->in);
    buf_done(&t->out_text);
    buf_done(&t->err_text);
    buf_done(&t->line);
    build_list_done(&t->list);
}

/* What is in the pipes already; an open one is not waited for. */
static void drain(struct talk *t)
{
    struct err ignored = {0};
    struct buf *texts[] = {&t->out_text, &t->err_text};
    int *fds[] = {&t->r->out, &t->r->err};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        struct pollfd p = {*fds[i], POLLIN, 0};
        if (*fds[i] >= 0)
            (void)fd_nonblock(*fds[i], &ignored);
        for (int turns = 0; turns < 64 && *fds[i] >= 0 && poll(&p, 1, 0) > 0; turns++)
            read_pipe(t, fds[i], texts[i]);
        take_lines(t, texts[i], true);
    }
}

int build_run(struct build_run *r, struct err *e)
{
    struct talk t = {.r = r, .listener = -1};
    int result = 0;
    r->take.dir = r->take.file = -1;
    for (size_t i = 0; i < ARRAY_LEN(steps) && result == 0; i++)
        result = steps[i].run(&t, e);
    drain(&t);
    if (result < 0)
        explain(&t, e);
    clear(&t);
    return result;
}

void build_run_done(struct build_run *r)
{
    build_take_close(&r->take, false);
    buf_done(&r->packages);
    buf_done(&r->lock);
}
