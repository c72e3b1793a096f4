#include "runtimes/packages.h"

#include "base/must.h"
#include "runtimes/runtimes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Where the names differ. A dotted module is looked up whole, then by its first part. */
static const struct {
    const char *module, *package;
} python_names[] = {
    {"Crypto", "pycryptodome"},
    {"MySQLdb", "mysqlclient"},
    {"OpenSSL", "pyOpenSSL"},
    {"PIL", "Pillow"},
    {"attr", "attrs"},
    {"bs4", "beautifulsoup4"},
    {"cv2", "opencv-python-headless"},
    {"dateutil", "python-dateutil"},
    {"docx", "python-docx"},
    {"dotenv", "python-dotenv"},
    {"fitz", "PyMuPDF"},
    {"git", "GitPython"},
    {"google.protobuf", "protobuf"},
    {"jwt", "PyJWT"},
    {"magic", "python-magic"},
    {"pptx", "python-pptx"},
    {"psycopg2", "psycopg2-binary"},
    {"serial", "pyserial"},
    {"skimage", "scikit-image"},
    {"sklearn", "scikit-learn"},
    {"usb", "pyusb"},
    {"websocket", "websocket-client"},
    {"win32api", "pywin32"},
    {"yaml", "PyYAML"},
    {"zmq", "pyzmq"},
};

static const char *const node_builtins[] = {
    "assert",     "async_hooks",
    "buffer",     "child_process",
    "cluster",    "console",
    "constants",  "crypto",
    "dgram",      "diagnostics_channel",
    "dns",        "domain",
    "events",     "fs",
    "http",       "http2",
    "https",      "inspector",
    "module",     "net",
    "os",         "path",
    "perf_hooks", "process",
    "punycode",   "querystring",
    "readline",   "repl",
    "stream",     "string_decoder",
    "sys",        "timers",
    "tls",        "trace_events",
    "tty",        "url",
    "util",       "v8",
    "vm",         "wasi",
    "zlib",       "worker_threads",
};

static bool made_of(const char *text, size_t len, const char *others)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(others, text[i]))
            return false;
    return len > 0;
}

static const char *python_name(const char *module, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(python_names); i++)
        if (strlen(python_names[i].module) == len &&
            memcmp(python_names[i].module, module, len) == 0)
            return python_names[i].package;
    return NULL;
}

/* The first `parts` of a dotted name. */
static size_t head(const char *module, int parts)
{
    size_t len = 0;
    while (module[len] && (module[len] != '.' || --parts > 0))
        len++;
    return len;
}

bool packages_python(const char *module, char *ret)
{
    size_t first = head(module, 1), two = head(module, 2);
    if (strlen(module) > RUNTIMES_PACKAGE_MAX || !made_of(module, strlen(module), "_.") ||
        !made_of(module, first, "_") || isdigit((unsigned char)*module))
        return false;
    const char *known = python_name(module, two);
    if (!known)
        known = python_name(module, first);
    if (known)
        strcpy(ret, known);
    else
        snprintf(ret, first + 1, "%s", module);
    return true;
}

static bool is_builtin(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(node_builtins); i++)
        if (strlen(node_builtins[i]) == len && memcmp(node_builtins[i], name, len) == 0)
            return true;
    return false;
}

/* "name" of "name/sub", "@scope/name" of "@scope/name/sub". What begins with a dot or a slash is a
 * file; a colon ("node:fs") is in no name. */
bool packages_node(const char *module, char *ret)
{
    size_t scope = *module == '@' ? strcspn(module, "/") : 0; /* with the at sign */
    if (strlen(module) > RUNTIMES_PACKAGE_MAX || (scope && !module[scope]))
        return false;
    const char *name = scope ? module + scope + 1 : module;
    size_t len = strcspn(name, "/");
    if (*name == '.' || *name == '_' || *name == '-' || !made_of(name, len, "-._~"))
        return false;
    if (scope ? !made_of(module + 1, scope - 1, "-._~") : is_builtin(name, len))
        return false;
    snprintf(ret, (size_t)(name - module) + len + 1, "%s", module);
    return true;
}

bool runtimes_package(const struct runtime *r, const char *module, char *ret)
{
    return r->package_of && r->package_of(module, ret);
}
