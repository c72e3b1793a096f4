/* completion — scripts for shells, written from the tables of commands and options, so that they
 * know every one. Names are asked from the server when they are needed. */
#pragma once

#include "cli/command.h"

/* What an argument or a value names. */
enum names { NAMES_NONE, NAMES_FUNCTION, NAMES_PROJECT, NAMES_PROFILE, NAMES };

/* "list --names": the command that lists them. */
extern const char *const completion_lists[NAMES];

/* Of the first argument of a command, or of a command's verb; `verb` may be NULL. */
enum names completion_argument(const struct command *cmd, const struct verb *verb);
enum names completion_value(const struct option_spec *option);

typedef void completion_each(struct term *out, const struct command *cmd,
                             const struct option_spec *option);
/* The options that a command takes: its own, then those of every command. */
void completion_options(struct term *out, const struct command *cmd, completion_each *print);
/* Names of the commands that `which` picks (NULL: all), with `separator` between them. */
void completion_commands(struct cli *c, bool (*which)(const struct command *),
                         const char *separator);
/* Names of the command's verbs, by spaces. */
void completion_verbs(struct term *out, const struct command *cmd);
/* Text inside single quotes of zsh and fish, without what would end them. */
void completion_quoted(struct term *out, const char *text);
bool completion_takes_function(const struct command *cmd);

void bash_print(struct cli *c);
void zsh_print(struct cli *c);
void fish_print(struct cli *c);
