/* harness — runs attacks as guests of real slots and prints one line for each.
 *
 *   harness DIRECTORY [ATTACK...]
 *
 * DIRECTORY holds the attacks and appears as /opt/virga. An ATTACK is a program's name;
 * `name+victim` runs it while a victim lives in a slot beside it, `name-victim` right after one was
 * ended, so that it gets the victim's place; `name!` kills the spawner under it and ends the
 * harness. A line is: name, tab, refused | SUCCEEDED | inconclusive, tab, explanation. The exit
 * status says only whether all could be run.
 *
 * Built with VIRGA_TESTING, the spawner leaves out the steps named in VIRGA_TEST_SKIP. */
#include "base/fd.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DEADLINE_S = 60,
    STIR_US = 20000,
    SLOTS = 4,
    LINE = 600,
    VICTIM = 1,
    ATTACKER = 2,
    TICKETS,
    VARIANT = SANDBOX_TEMPLATES_MAX
};

struct guest {
    struct sandbox_slot slot;
    bool started, ended;
    struct sandbox_exit how;
};

struct harness {
    struct loop *loop;
    struct timer *deadline, *stir;
    const char *directory;
    struct sandbox *sandbox;
    pid_t spawner;
    int port;       /* of a listener on the host's loopback */
    char place[64]; /* holds layers and sockets */
    bool ready, variant_ready, lost;
    struct guest guests[TICKETS];
};

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "harness: %s: %s\n", what, why);
    exit(2);
}

/* --- events --- */

static void started(void *arg, uint64_t ticket, const struct sandbox_slot *slot)
{
    struct harness *h = arg;
    h->guests[ticket].slot = *slot;
    h->guests[ticket].started = true;
    loop_stop(h->loop);
}

static void failed(void *arg, uint64_t ticket, const struct err *e)
{
    (void)arg, (void)ticket;
    give_up("start a slot", e->text);
}

static void limited(void *arg, uint32_t slot, const struct err *e)
{
    (void)arg, (void)slot, (void)e;
}

static void ended(void *arg, uint32_t slot, const struct sandbox_exit *how)
{
    struct harness *h = arg;
    for (int i = 0; i < TICKETS; i++) {
        struct guest *g = &h->guests[i];
        if (!g->started || g->ended || g->slot.id != slot)
            continue;
        g->ended = true;
        g->how = *how;
    }
    loop_stop(h->loop);
}

static void template_ready(void *arg, unsigned index, uint64_t start_us, uint64_t memory_bytes)
{
    struct harness *h = arg;
    (void)start_us, (void)memory_bytes;
    h->ready = index == 0;
    h->variant_ready = index == VARIANT;
    loop_stop(h->loop);
}

static void template_failed(void *arg, unsigned index, const struct err *e)
{
    (void)arg, (void)index;
    give_up("start the template", e->text);
}

static void template_stopped(void *arg, unsigned index)
{
    (void)arg, (void)index;
}

static void lost(void *arg)
{
    struct harness *h = arg;
    h->lost = true;
    loop_stop(h->loop);
}

static void too_late(void *arg)
{
    (void)arg;
    give_up("waiting", "the deadline passed");
}

/* Somebody on the host uses the files that slots see too: what watch_others looks for. */
static void stir(void *arg)
{
    struct harness *h = arg;
    char path[4096];
    snprintf(path, sizeof path, "%s/victim", h->directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    fd_close(&fd);
    timer_set_us(h->stir, STIR_US);
}

static const struct sandbox_events events = {
    started, failed, limited, ended, template_ready, template_failed, template_stopped, lost,
};

static void wait_for(struct harness *h, const bool *what)
{
    struct err e = {0};
    timer_set_us(h->deadline, DEADLINE_S * 1000000ull);
    while (!*what) {
        if (h->lost)
            give_up("spawner", "died");
        if (loop_run(h->loop, &e) < 0)
            give_up("loop", e.text);
    }
    timer_cancel(h->deadline);
}

/* --- guests --- */

static void tell(struct guest *g, const char *text)
{
    if (write(g->slot.socket, text, strlen(text)) != (ssize_t)strlen(text))
        give_up("write", "to a guest's socket");
}

/* Reads a line, or less at the end of the stream. False when nothing comes. */
static bool read_line(int fd, char line[LINE])
{
    size_t n = 0;
    while (n + 1 < LINE) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, DEADLINE_S * 1000) != 1 || read(fd, line + n, 1) <= 0 || line[n] == '\n')
            break;
        n++;
    }
    line[n] = 0;
    return n > 0;
}

/* A variant's template is confined itself, which would stand in for what slots leave out. */
static unsigned template_index(void)
{
    return getenv("VIRGA_TEST_SKIP") ? 0 : VARIANT;
}

static struct guest *start(struct harness *h, int ticket, const char *program)
{
    struct err e = {0};
    struct guest *g = &h->guests[ticket];
    char command[160];
    *g = (struct guest){0};
    if (sandbox_start(h->sandbox, (uint64_t)ticket, template_index(), &sandbox_default_limits, &e) <
        0)
        give_up("start", e.text);
    wait_for(h, &g->started);
    snprintf(command, sizeof command, "%s %d\n", program, h->port);
    tell(g, command);
    return g;
}

static void close_guest(struct guest *g)
{
    fd_close(&g->slot.socket);
    fd_close(&g->slot.out);
    fd_close(&g->slot.err);
    fd_close(&g->slot.memory_peak);
    fd_close(&g->slot.cpu);
}

static void end(struct harness *h, struct guest *g)
{
    sandbox_kill(h->sandbox, g->slot.id);
    wait_for(h, &g->ended);
    close_guest(g);
}

static void report(const char *name, const struct guest *g, bool victim_lives)
{
    char line[LINE] = "";
    const char *word = "inconclusive";
    (void)read_line(g->slot.out, line);
    char *text = strchr(line, ':'); /* "word: explanation" */
    text = text ? text + 2 : line;
    if (!victim_lives)
        word = "SUCCEEDED", text = (char *)"the victim does not live any more";
    else if (g->how.oom)
        word = "refused", text = (char *)"ended for its memory";
    else if (WIFEXITED(g->how.status) && WEXITSTATUS(g->how.status) < 2)
        word = WEXITSTATUS(g->how.status) ? "SUCCEEDED" : "refused";
    if (WIFSIGNALED(g->how.status) && !g->how.oom)
        snprintf(line, sizeof line, "ended by signal %d", WTERMSIG(g->how.status)), text = line;
    printf("%s\t%s\t%s\n", name, word, text);
}

/* Every process of the slot holds the writing end: the pipe ends when the last of them does. */
static void run_orphaned(struct harness *h, const char *name)
{
    char line[LINE], byte;
    struct guest *g = start(h, ATTACKER, name);
    struct pollfd end_of_output = {g->slot.out, POLLIN, 0};
    if (!read_line(g->slot.socket, line) || strcmp(line, "ready") != 0)
        give_up(name, "did not get ready");
    if (kill(h->spawner, SIGKILL) < 0)
        give_up("kill", "the spawner");
    bool ends = poll(&end_of_output, 1, DEADLINE_S * 1000) == 1 && read(g->slot.out, &byte, 1) == 0;
    printf("%s\t%s\t%s\n", name, ends ? "refused" : "SUCCEEDED",
           ends ? "all of it ended with the spawner" : "somebody still holds the output");
    close_guest(g);
}

static void run(struct harness *h, const char *attack)
{
    char name[64], line[LINE];
    struct guest *victim = NULL;
    size_t n = strcspn(attack, "+-!");
    bool beside = attack[n] == '+', after = attack[n] == '-', lives = true;
    snprintf(name, sizeof name, "%.*s", (int)n, attack);
    if (attack[n] == '!') {
        run_orphaned(h, name);
        return;
    }
    if (beside || after) {
        victim = start(h, VICTIM, "victim");
        if (!read_line(victim->slot.socket, line) || strcmp(line, "ready") != 0)
            give_up("victim", "did not get ready");
    }
    if (after)
        end(h, victim);
    struct guest *g = start(h, ATTACKER, name);
    wait_for(h, &g->ended);
    if (beside) {
        lives = !victim->ended && write(victim->slot.socket, "?", 1) == 1 &&
                read_line(victim->slot.socket, line) && strcmp(line, "alive") == 0;
        if (!victim->ended)
            end(h, victim);
    }
    report(name, g, lives);
    close_guest(g);
}

/* --- the world around --- */

static int listen_on_loopback(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s, (struct sockaddr *)&a, len) < 0 || listen(s, 8) < 0 ||
        getsockname(s, (struct sockaddr *)&a, &len) < 0)
        give_up("listen", "on the loopback");
    return ntohs(a.sin_port);
}

static void make_dir(const char *path)
{
    if (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0)
        give_up("make a directory", path);
}

/* Everybody may write there: only the mounts are in the way. */
static void make_layer(const char *layers, uint8_t byte, char *ret_path, size_t cap)
{
    char file[256];
    int n = snprintf(ret_path, cap, "%s/", layers);
    for (int i = 0; i < 32; i++)
        n += snprintf(ret_path + n, cap - (size_t)n, "%02x", byte);
    make_dir(ret_path);
    snprintf(file, sizeof file, "%s/package", ret_path);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, "x", 1) != 1 || fchmod(fd, 0666) < 0)
        give_up("make a file", file);
    close(fd);
}

/* Two layers, of which guests are shown the first. */
static void make_place(struct harness *h, char *layers, char *sockets, size_t cap)
{
    char path[256];
    strcpy(h->place, "/tmp/virga-escape-XXXXXX");
    if (!mkdtemp(h->place) || chmod(h->place, 0755) < 0)
        give_up("make a directory", h->place);
    snprintf(layers, cap, "%s/layers", h->place);
    snprintf(sockets, cap, "%s/sockets", h->place);
    make_dir(layers);
    make_dir(sockets);
    make_layer(layers, 0xaa, path, sizeof path);
    make_layer(layers, 0xbb, path, sizeof path);
}

static void remove_place(const struct harness *h)
{
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", h->place);
    if (system(command) != 0)
        give_up("remove", h->place);
}

/* Guests run in slots of a template that shows more than others do. */
static void start_variant(struct harness *h)
{
    struct err e = {0};
    struct sandbox_variant v = {.base = 0, .layer = true, .database = true};
    memset(v.layer_id, 0xaa, sizeof v.layer_id);
    if (sandbox_template_start(h->sandbox, VARIANT, &v, -1, &e) < 0)
        give_up("start the variant", e.text);
    wait_for(h, &h->variant_ready);
}

static void open_world(struct harness *h, const char *directory)
{
    char layers[96], sockets[96];
    static const char *const guest[] = {"/opt/virga/guest", NULL};
    static const struct sandbox_template template = {"attacks", NULL, guest};
    struct sandbox_config config = {
        .templates = &template,
        .template_count = 1,
        .runners_dir = directory,
        .layers_dir = layers,
        .sockets_dir = sockets,
        .slots_max = SLOTS,
    };
    struct err e = {0};
    int fd = -1;
    h->port = listen_on_loopback();
    make_place(h, layers, sockets, sizeof layers);
    setenv("VIRGA_HARNESS_SECRET", "to be found by inherited_environment", 1);
    if (spawner_start(&config, &fd, &h->spawner, &e) < 0)
        give_up("spawner", e.text);
    if (loop_new(&h->loop, &e) < 0 || sandbox_new(h->loop, fd, &events, h, &h->sandbox, &e) < 0)
        give_up("sandbox", e.text);
    h->deadline = timer_new(h->loop, too_late, h);
    h->directory = directory;
    h->stir = timer_new(h->loop, stir, h);
    timer_set_us(h->stir, STIR_US);
    wait_for(h, &h->ready);
    start_variant(h);
}

static void close_world(struct harness *h)
{
    sandbox_free(h->sandbox);
    waitpid(h->spawner, NULL, 0);
    timer_free(h->stir);
    timer_free(h->deadline);
    loop_free(h->loop);
    remove_place(h);
}

int main(int argc, char **argv)
{
    struct harness h = {0};
    if (argc < 2)
        give_up("usage", "harness DIRECTORY [ATTACK...]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_world(&h, argv[1]);
    for (int i = 2; i < argc; i++)
        run(&h, argv[i]);
    close_world(&h);
    return 0;
}
