/* guest — the program inside the slots of sandbox_test: obeys one-line commands on the runner's
 * socket and answers each with one line. The test binary runs itself as its own guest. */
#pragma once

#include "sandbox/slot.h"
#include "sandbox/runner_fds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void guest_say(const char *text)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%s\n", text);
    if (write(SLOT_SOCKET, line, (size_t)n) != n)
        _exit(9);
}

static void guest_say_number(long n)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", n);
    guest_say(text);
}

static void guest_say_status(const char *key)
{
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) {
            line[strcspn(line, "\n")] = 0;
            guest_say(line + strlen(key));
            fclose(f);
            return;
        }
    guest_say("?");
}

static void guest_say_descriptors(void)
{
    char text[256] = "";
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(d)) {
            strcat(text, entry->d_name);
            strcat(text, " ");
        }
    guest_say(text);
    if (d)
        closedir(d);
}

static void guest_take_memory(long mb)
{
    for (long i = 0; i < mb; i++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            break;
        memset(p, 1, 1 << 20);
    }
    guest_say("survived");
}

static void guest_fork_many(long n)
{
    long made = 0;
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        made += pid > 0;
    }
    guest_say_number(made);
}

/* Answers how many MB fitted and why no more did. */
static void guest_fill(const char *path, long mb)
{
    static char block[1 << 20];
    char text[64];
    long done = 0;
    signal(SIGXFSZ, SIG_IGN);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    errno = 0;
    while (fd >= 0 && done < mb && write(fd, block, sizeof block) == (ssize_t)sizeof block)
        done++;
    snprintf(text, sizeof text, "%ld %s", done, strerror(errno));
    guest_say(text);
}

/* Empty files: they take inodes and names only. */
static void guest_touch(long n)
{
    char path[32];
    long made = 0;
    for (; made < n; made++) {
        snprintf(path, sizeof path, "/tmp/e%ld", made);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    guest_say_number(made);
}

/* A process in a session of its own whose parent has gone; it holds the slot's output open. */
static void guest_leave_grandchild(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                pause();
        _exit(0);
    }
    wait(NULL);
    guest_say("left");
}

static void guest_open(const char *path, int flags)
{
    errno = 0;
    int fd = open(path, flags, 0600);
    guest_say(fd >= 0 ? "opened" : strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void guest_list(const char *path)
{
    char text[256] = "";
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.') {
            strcat(text, entry->d_name);
            strcat(text, " ");
        }
    guest_say(d ? text : strerror(errno));
    if (d)
        closedir(d);
}

static void guest_connect(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    guest_say(connect(s, (struct sockaddr *)&a, sizeof a) == 0 ? "connected" : strerror(errno));
    close(s);
}

static void guest_try(long rc)
{
    guest_say(rc == 0 ? "done" : strerror(errno));
}

/* What a template has read before it was copied. */
static char guest_setup[256];

/* Commands of one test alone: false when it is none of them. */
static bool (*guest_also)(const char *line, const char *arg);

static void guest_obey(char *line)
{
    char *arg = strchr(line, ' ');
    if (arg)
        *arg++ = 0;
    else
        arg = line + strlen(line);
    if (!strcmp(line, "echo"))
        guest_say(arg);
    else if (!strcmp(line, "uid"))
        guest_say_number(getuid());
    else if (!strcmp(line, "pid"))
        guest_say_number(getpid());
    else if (!strcmp(line, "status"))
        guest_say_status(arg);
    else if (!strcmp(line, "descriptors"))
        guest_say_descriptors();
    else if (!strcmp(line, "memory"))
        guest_take_memory(atol(arg));
    else if (!strcmp(line, "fork"))
        guest_fork_many(atol(arg));
    else if (!strcmp(line, "fill-tmp"))
        guest_fill("/tmp/fill", atol(arg));
    else if (!strcmp(line, "fill-more"))
        guest_fill("/tmp/more", atol(arg));
    else if (!strcmp(line, "touch"))
        guest_touch(atol(arg));
    else if (!strcmp(line, "grandchild"))
        guest_leave_grandchild();
    else if (!strcmp(line, "read"))
        guest_open(arg, O_RDONLY);
    else if (!strcmp(line, "write"))
        guest_open(arg, O_WRONLY | O_CREAT);
    else if (!strcmp(line, "list"))
        guest_list(arg);
    else if (!strcmp(line, "connect"))
        guest_connect(arg);
    else if (!strcmp(line, "chmod"))
        guest_try(chmod(arg, 0777));
    else if (!strcmp(line, "remove"))
        guest_try(unlink(arg));
    else if (!strcmp(line, "remount"))
        guest_try(mount(NULL, arg, NULL, MS_REMOUNT | MS_BIND, NULL));
    else if (!strcmp(line, "unmount"))
        guest_try(umount2(arg, MNT_DETACH));
    else if (!strcmp(line, "setup"))
        guest_say(guest_setup);
    else if (!strcmp(line, "print"))
        printf("%s\n", arg), fflush(stdout), guest_say("printed");
    else if (!strcmp(line, "exit"))
        _exit(atoi(arg));
    else if (!guest_also || !guest_also(line, arg))
        guest_say("unknown command");
}

static _Noreturn void guest_main(void)
{
    char line[256];
    for (;;) {
        ssize_t n = read(SLOT_SOCKET, line, sizeof line - 1);
        if (n <= 0)
            _exit(0);
        line[n] = 0;
        line[strcspn(line, "\n")] = 0;
        guest_obey(line);
    }
}
