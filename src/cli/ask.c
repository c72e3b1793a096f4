#include "cli/ask.h"

#include "base/must.h"
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* What ends a question early: noted, so that the terminal is set back before it takes effect. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static volatile sig_atomic_t caught;

static void note(int signal_number)
{
    caught = signal_number;
}

/* The next byte, as read(2). `open` is the mask of signals for the wait alone: one that comes
 * before it is not lost but ends it. NULL: that in force. */
static ssize_t read_byte(const sigset_t *open, char *ret)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    while (open && ppoll(&input, 1, NULL, open) < 0)
        if (errno != EINTR || caught)
            return -1;
    return read(STDIN_FILENO, ret, 1);
}

/* Byte by byte: what stands behind the line may be for somebody else. 1: a line; 0: a signal came
 * first. */
static int read_line(const char *what, const sigset_t *open, char ret[ASK_MAX], struct err *e)
{
    size_t len = 0;
    for (;;) {
        char byte;
        ssize_t n = read_byte(open, &byte);
        if (n < 0 && errno == EINTR)
            return 0;
        if (n < 0)
            return err_sys(e, "read the %s", what);
        if (n == 0 || byte == '\n')
            break;
        if (len == ASK_MAX - 1)
            return err_set(e, ERR_INVALID, "the %s is longer than %d bytes", what, ASK_MAX - 1);
        ret[len++] = byte;
    }
    ret[len] = 0;
    if (len > 0 && ret[len - 1] == '\r')
        ret[len - 1] = 0;
    return *ret ? 1 : err_set(e, ERR_INVALID, "no %s was given", what);
}

static int need_terminal(const char *what, struct err *e)
{
    if (isatty(STDIN_FILENO) == 1)
        return 0;
    return err_set(e, ERR_INVALID, "nobody to ask for the %s: standard input is no terminal", what);
}

static void prompt(struct cli *c, const char *what)
{
    (void)fflush(c->out.file);
    term_say(&c->err, STYLE_PLAIN, "%s: ", what);
    (void)fflush(c->err.file);
}

int ask_line(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e)
{
    if (need_terminal(what, e) < 0)
        return -1;
    prompt(c, what);
    int got;
    do
        got = read_line(what, NULL, ret, e);
    while (got == 0);
    return got < 0 ? -1 : 0;
}

/* They are held back but for the wait in read_byte: between a look at `caught` and a plain read
 * there is a moment in which a signal would end neither. `ret_open` lets them in. */
static void catch_all(struct sigaction before[], sigset_t *ret_open)
{
    sigset_t held;
    struct sigaction action = {.sa_handler = note}; /* without SA_RESTART: it ends the wait */
    sigemptyset(&action.sa_mask);
    sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_LEN(ending); i++)
        (void)sigaddset(&held, ending[i]);
    (void)sigprocmask(SIG_BLOCK, &held, ret_open); /* before any of them is noted */
    caught = 0;
    for (size_t i = 0; i < ARRAY_LEN(ending); i++) {
        (void)sigaction(ending[i], &action, &before[i]);
        if (before[i].sa_handler == SIG_IGN) /* nohup */
            (void)sigaction(ending[i], &before[i], NULL);
    }
}

/* One that came behind the answer is held back until here, and then takes effect. */
static void release_all(const struct sigaction before[], const sigset_t *open)
{
    for (size_t i = 0; i < ARRAY_LEN(ending); i++)
        (void)sigaction(ending[i], &before[i], NULL);
    (void)sigprocmask(SIG_SETMASK, open, NULL);
}

/* As read_line. */
static int read_silently(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e)
{
    struct sigaction before[ARRAY_LEN(ending)];
    struct termios shown, silent;
    sigset_t open;
    if (tcgetattr(STDIN_FILENO, &shown) < 0)
        return err_sys(e, "the terminal");
    silent = shown;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    catch_all(before, &open);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    prompt(c, what);
    int got = read_line(what, &open, ret, e);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    term_say(&c->err, STYLE_PLAIN, "\n");
    release_all(before, &open);
    return got;
}

int ask_secret(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e)
{
    int got = 0;
    if (need_terminal(what, e) < 0)
        return -1;
    while (got == 0) {
        got = read_silently(c, what, ret, e);
        if (got == 0)
            (void)raise(caught); /* Ctrl-Z comes back, and is asked again */
    }
    return got < 0 ? -1 : 0;
}

int ask_password(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e)
{
    if (!options_has(&c->options, "password-stdin"))
        return ask_secret(c, what, ret, e);
    return read_line(what, NULL, ret, e) <= 0 ? -1 : 0;
}

int ask_new_password(struct cli *c, char ret[ASK_MAX], struct err *e)
{
    char again[ASK_MAX] = "";
    if (ask_password(c, "new password", ret, e) < 0)
        return -1;
    if (options_has(&c->options, "password-stdin"))
        return 0;
    int rc = ask_secret(c, "the same again", again, e);
    if (rc == 0 && strcmp(ret, again) != 0)
        rc = err_set(e, ERR_INVALID, "these were two different passwords");
    explicit_bzero(again, sizeof again);
    return rc;
}

/* 1: --yes was given, nothing is asked. An empty answer is one here: a no. */
static int get_answer(struct cli *c, const char *question, char ret[ASK_MAX], struct err *e)
{
    struct err empty = {0};
    if (options_has(&c->options, "yes"))
        return 1;
    if (isatty(STDIN_FILENO) != 1)
        return err_set(e, ERR_INVALID, "nobody to ask: give --yes if you mean it");
    (void)fflush(c->out.file);
    term_say(&c->err, STYLE_PLAIN, "%s", question);
    (void)fflush(c->err.file);
    if (read_line("answer", NULL, ret, &empty) <= 0)
        ret[0] = 0;
    return 0;
}

int ask_yes(struct cli *c, const char *question, const char *declined, struct err *e)
{
    char answer[ASK_MAX];
    auto_buf struct buf text = {0};
    buf_addf(&text, "%s [y/N] ", question);
    int given = get_answer(c, text.data, answer, e);
    if (given != 0)
        return given < 0 ? -1 : 0;
    bool yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
    return yes ? 0 : err_set(e, ERR_INVALID, "%s", declined);
}

int ask_typed(struct cli *c, const char *warning, const char *word, const char *declined,
              struct err *e)
{
    char answer[ASK_MAX];
    auto_buf struct buf text = {0};
    buf_addf(&text, "%s\nType '%s' to go on: ", warning, word);
    int given = get_answer(c, text.data, answer, e);
    if (given != 0)
        return given < 0 ? -1 : 0;
    return strcmp(answer, word) == 0 ? 0 : err_set(e, ERR_INVALID, "%s", declined);
}
