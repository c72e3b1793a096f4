#include "http/proxy.h"

#include "base/mem.h"
#include "base/must.h"
#include "http/head.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_BYTES = 16, PROXIES_MAX = 256 };

/* IPv4 addresses stand in their IPv6 form, ::ffff:a.b.c.d. */
struct network {
    unsigned char address[ADDRESS_BYTES];
    unsigned bits;
};

struct proxy_list {
    size_t count;
    struct network networks[PROXIES_MAX];
};

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* `*ret_width`: how many bits the address has as written. */
static bool parse_address(struct str text, unsigned char ret[ADDRESS_BYTES], unsigned *ret_width)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.n >= sizeof copy || text.n == 0 || memchr(text.p, 0, text.n))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *ret_width = 32;
    memcpy(ret, mapped, sizeof mapped);
    if (inet_pton(AF_INET, copy, ret + sizeof mapped) == 1)
        return true;
    *ret_width = 128;
    return inet_pton(AF_INET6, copy, ret) == 1;
}

static bool parse_network(struct str item, struct network *ret)
{
    struct str rest = item;
    struct str address = str_cut(&rest, '/');
    unsigned width;
    uint64_t bits;
    if (!parse_address(address, ret->address, &width))
        return false;
    bits = width;
    if (rest.p && (!str_to_u64(rest, &bits) || bits > width))
        return false;
    ret->bits = (unsigned)bits + 128 - width;
    return true;
}

int proxy_list_new(const char *text, struct proxy_list **ret, struct err *e)
{
    auto_ptr struct proxy_list *p = mem_alloc(sizeof *p);
    struct str rest = str_of(text);
    while (rest.p) {
        struct str item = str_trim(str_cut(&rest, ','));
        if (item.n == 0)
            continue;
        if (p->count == PROXIES_MAX)
            return err_set(e, ERR_INVALID, "more than %d trusted proxies", PROXIES_MAX);
        if (!parse_network(item, &p->networks[p->count++]))
            return err_set(e, ERR_INVALID, "trusted proxy '" STR_FMT "' is no address or network",
                           STR_ARG(item));
    }
    *ret = p->count ? take_ptr(p) : NULL;
    return 0;
}

void proxy_list_free(struct proxy_list *p)
{
    free(p);
}

static bool contains(const struct network *n, const unsigned char address[ADDRESS_BYTES])
{
    unsigned whole = n->bits / 8, left = n->bits % 8;
    if (memcmp(n->address, address, whole) != 0)
        return false;
    unsigned char mask = (unsigned char)(0xff00 >> left);
    return left == 0 || ((n->address[whole] ^ address[whole]) & mask) == 0;
}

static bool trusts(const struct proxy_list *p, const unsigned char address[ADDRESS_BYTES])
{
    for (size_t i = 0; i < p->count; i++)
        if (contains(&p->networks[i], address))
            return true;
    return false;
}

bool proxy_trusts(const struct proxy_list *p, const char *address)
{
    unsigned char bytes[ADDRESS_BYTES];
    unsigned width;
    return p && parse_address(str_of(address), bytes, &width) && trusts(p, bytes);
}

/* Cuts the last item of a list. Its `*rest` has p == NULL when there is none before it. */
static struct str cut_last(struct str *rest)
{
    struct str item = *rest;
    const char *comma = rest->n ? memrchr(rest->p, ',', rest->n) : NULL;
    *rest = comma ? (struct str){rest->p, (size_t)(comma - rest->p)} : (struct str){0};
    if (comma)
        item = (struct str){comma + 1, item.n - rest->n - 1};
    return str_trim(item);
}

/* The list headers of one name, read from their end over all lines. */
struct backwards {
    const struct request *req;
    const char *name;
    size_t left; /* headers before the current one */
    struct str rest;
};

static bool previous(struct backwards *b, struct str *ret)
{
    while (!b->rest.p) {
        if (b->left == 0)
            return false;
        const struct http_header *h = &b->req->headers[--b->left];
        if (strcasecmp(h->name, b->name) == 0)
            b->rest = str_of(h->value);
    }
    *ret = cut_last(&b->rest);
    return true;
}

static struct str last_value(const struct request *req, const char *name)
{
    struct backwards b = {.req = req, .name = name, .left = req->header_count};
    struct str item = {0};
    (void)previous(&b, &item);
    return item;
}

/* "a.b.c.d", "a.b.c.d:port", "v6" or "[v6]:port", as proxies write it. */
static struct str without_port(struct str item)
{
    const char *colon = item.n ? memchr(item.p, ':', item.n) : NULL;
    const char *close = item.n ? memchr(item.p, ']', item.n) : NULL;
    if (item.n && *item.p == '[' && close)
        return (struct str){item.p + 1, (size_t)(close - item.p) - 1};
    if (colon && colon == memrchr(item.p, ':', item.n))
        return (struct str){item.p, (size_t)(colon - item.p)};
    return item;
}

/* False when there is no such header, or something else than an address where one is needed. */
static bool find_client(const struct proxy_list *p, const struct request *req,
                        unsigned char ret[ADDRESS_BYTES])
{
    struct backwards b = {
        .req = req, .name = "X-Forwarded-For", .left = req->header_count, .rest = {0}};
    struct str item;
    unsigned width;
    bool found = false;
    while (previous(&b, &item)) {
        found = parse_address(without_port(item), ret, &width);
        if (!found || !trusts(p, ret))
            return found;
    }
    return found; /* all of them are ours: the client is the farthest */
}

static void set_peer(struct request *req, const unsigned char address[ADDRESS_BYTES])
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = memcmp(address, mapped, sizeof mapped) == 0;
    must(inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + sizeof mapped : address, text,
                   sizeof text));
    req->peer = arena_strdup(req->arena, text);
}

static bool is_word(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

void proxy_apply(const struct proxy_list *p, struct request *req)
{
    unsigned char client[ADDRESS_BYTES];
    if (find_client(p, req, client))
        set_peer(req, client);
    req->secure = is_word(last_value(req, "X-Forwarded-Proto"), "https");
    struct str host = last_value(req, "X-Forwarded-Host");
    if (head_is_host(host))
        req->host = head_lower_host(req->arena, arena_str(req->arena, host).p);
}
