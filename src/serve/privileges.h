/* privileges — what the server gives up before it opens a store or listens. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Creates the data directory if need be (mode 0700). Returns a descriptor for it. */
int privileges_open_data_dir(const char *path, struct err *e);

/* Started as root: gives the data directory to `user` (NULL: "virga" when it exists, else a uid of
 * our own), makes it reachable at a private place of this process's mount namespace, whatever the
 * rights of the directories above it are, and becomes that user without groups, capabilities or a
 * way back. Started as anybody else: only closes the way to more rights. `ret_path` is the data
 * directory's path from now on. */
int privileges_drop(const char *user, const char *data_dir, int data_fd, char *ret_path,
                    size_t size, struct err *e);

/* Whom privileges_drop will make of us. */
int privileges_uid(const char *user, uid_t *ret, struct err *e);

/* As many descriptors as the host allows, at most `wanted`. */
void privileges_raise_files(unsigned wanted);
