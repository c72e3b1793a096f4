/* job — what the commands that work on a server's data share: the data directory, its lock, its
 * owner's rights, its store. One job per process; it ends with it. Private to serve/. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct store;

struct job {
    const char *data_dir, *store, *to, *argument; /* as the command line said; NULL */
    int data_fd;
    char path[4096]; /* of the store in the data directory */
};

/* Opens the data directory. */
int job_open(struct job *j, struct err *e);
/* 1: nobody else works here until this process ends; 0: a server does. */
int job_lock(const struct job *j, struct err *e);
int job_need_stopped(const struct job *j, struct err *e);
/* Started as root we become the owner of the data directory: SQLite makes files beside the store,
 * which the server could not open when they were root's. We can still read whatever root can, since
 * the directories may lie below ones that their owner cannot enter. Refuses other users. */
int job_become_owner(const struct job *j, struct err *e);
/* Refuses PostgreSQL; `instead` says what does the work there. */
int job_need_sqlite(const struct job *j, const char *instead, struct err *e);
/* The store as the owner: it must exist. With `migrate` it is brought up to date, and a file that a
 * server works on is refused. */
int job_open_store(const struct job *j, bool migrate, struct store **ret, struct err *e);
const char *job_store_path(const struct job *j);

/* The commands (maintenance.c): each in the file of its name. */
int backup_run(struct job *j, struct err *e);
int restore_run(struct job *j, struct err *e);
int move_run(struct job *j, struct err *e);  /* `virga migrate` */
int rekey_run(struct job *j, struct err *e); /* `virga rotate-key` */
