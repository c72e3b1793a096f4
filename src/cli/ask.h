/* ask — questions to whoever sits at the terminal, on standard error; answers come from standard
 * input. Each refuses (ERR_INVALID) when standard input is no terminal. */
#pragma once

#include "base/err.h"

struct cli;

enum { ASK_MAX = 512 };

/* One line, which must not be empty. */
int ask_line(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e);
/* The same without echo. The terminal is set back whatever ends the question, Ctrl-C and Ctrl-Z
 * included. The caller wipes `ret`. */
int ask_secret(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e);
/* A password: from standard input with --password-stdin, else as ask_secret does. */
int ask_password(struct cli *c, const char *what, char ret[ASK_MAX], struct err *e);
/* A new password: asked for twice, unless it comes from --password-stdin. */
int ask_new_password(struct cli *c, char ret[ASK_MAX], struct err *e);

/* 0 when --yes was given or the answer is yes. `declined` is the error's text otherwise. */
int ask_yes(struct cli *c, const char *question, const char *declined, struct err *e);
/* The same, but `word` has to be typed: for what cannot be brought back. */
int ask_typed(struct cli *c, const char *warning, const char *word, const char *declined,
              struct err *e);
