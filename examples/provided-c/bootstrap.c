/* A function in C with nothing but the C library: speaks the runtime API over one connection.
 *
 *   gcc -O2 -static -o bootstrap bootstrap.c
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define RUNTIME "/2018-06-01/runtime/invocation/"

static char event[1 << 20];

/* What the function does: the event is JSON text, and so is the result. */
static void handle(const char *text, char *result, size_t size)
{
    const char *from = strstr(text, "\"name\":"), *name = from ? strchr(from + 7, '"') : NULL;
    int len = name ? (int)strcspn(name + 1, "\"\\") : 5;
    fprintf(stderr, "greeting %.*s\n", len, name ? name + 1 : "world");
    snprintf(result, size, "{\"greeting\": \"hello, %.*s\"}", len, name ? name + 1 : "world");
}

static FILE *connect_to_api(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64] = "";
    unsigned port = 0;
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (!api || sscanf(api, "%63[^:]:%u", host, &port) != 2 ||
        inet_pton(AF_INET, host, &at.sin_addr) != 1)
        return NULL;
    at.sin_port = htons((unsigned short)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? fdopen(fd, "r+") : NULL;
}

/* Sends a request and reads the answer: its body into `event`, the id that it names into `id`. */
static int exchange(FILE *api, const char *method, const char *path, const char *body, char id[256])
{
    char line[1024];
    size_t length = 0;
    fprintf(api, "%s " RUNTIME "%s HTTP/1.1\r\nHost: virga\r\nContent-Length: %zu\r\n\r\n%s",
            method, path, strlen(body), body);
    fflush(api);
    while (fgets(line, sizeof line, api) && strcmp(line, "\r\n") != 0) {
        if (strncasecmp(line, "content-length:", 15) == 0)
            length = strtoul(line + 15, NULL, 10);
        (void)sscanf(line, "Lambda-Runtime-Aws-Request-Id: %255s", id);
    }
    if (length >= sizeof event || fread(event, 1, length, api) != length)
        return -1;
    event[length] = 0;
    return 0;
}

int main(void)
{
    char id[256] = "", path[300], result[1024];
    FILE *api = connect_to_api();
    while (api && exchange(api, "GET", "next", "", id) == 0) {
        handle(event, result, sizeof result);
        snprintf(path, sizeof path, "%s/response", id);
        if (exchange(api, "POST", path, result, id) < 0)
            break;
    }
    return 1;
}
