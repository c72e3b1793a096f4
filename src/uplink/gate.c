#include "uplink/gate.h"

#include "base/fd.h"
#include "base/mem.h"
#include "uplink/uplink.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    OPEN_US = 1000000 / GATE_OPENS_PER_S,
    CREDIT_US = UPLINK_FILES * OPEN_US,
    VERDICTS = 256,
    KEPT_US = 1000000,
    PORT_DNS = 53,
    LOOPBACK_INDEX = 1
};

struct verdict {
    struct frame of;
    uint64_t until_us;
    bool allows;
};

struct gate {
    const struct uplink_rules *rules;
    int routes;
    uint32_t sequence;
    uint64_t credit_us, counted_us; /* each connection costs OPEN_US of the time that has passed */
    struct verdict verdicts[VERDICTS];
};

int gate_open(const struct uplink_rules *rules, struct gate **ret, struct err *e)
{
    auto_fd int routes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (routes < 0)
        return err_sys(e, "open a netlink socket");
    struct gate *g = mem_alloc(sizeof *g);
    g->rules = rules;
    g->credit_us = CREDIT_US;
    g->routes = take_fd(&routes);
    *ret = g;
    return 0;
}

void gate_close(struct gate *g)
{
    if (!g)
        return;
    fd_close(&g->routes);
    free(g);
}

static bool ask(struct gate *g, uint32_t address)
{
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
        struct rtattr attribute;
        uint32_t address;
    } q = {
        .head = {.nlmsg_len = sizeof q, .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = AF_INET, .rtm_dst_len = 32},
        .attribute = {.rta_len = RTA_LENGTH(sizeof address), .rta_type = RTA_DST},
        .address = htonl(address),
    };
    q.head.nlmsg_seq = ++g->sequence;
    return send(g->routes, &q, sizeof q, 0) == sizeof q;
}

/* Out of this host, to one receiver. Routes that say otherwise name their type; one of that type
 * over the loopback interface still comes back to us. */
static bool leads_out(const struct nlmsghdr *h)
{
    const struct rtmsg *route = NLMSG_DATA(h);
    if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof *route) ||
        route->rtm_type != RTN_UNICAST)
        return false;
    size_t left = RTM_PAYLOAD(h);
    for (const struct rtattr *a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        int index;
        if (a->rta_type != RTA_OIF || RTA_PAYLOAD(a) != sizeof index)
            continue;
        memcpy(&index, RTA_DATA(a), sizeof index);
        return index != LOOPBACK_INDEX;
    }
    return false;
}

/* The kernel answers while it takes the question. An answer to an older one is left over from when
 * there was no room for it. */
static bool route_leads_out(struct gate *g, uint32_t address)
{
    _Alignas(struct nlmsghdr) char answer[4096];
    if (!ask(g, address))
        return false;
    for (;;) {
        ssize_t n = recv(g->routes, answer, sizeof answer, MSG_DONTWAIT);
        const struct nlmsghdr *h = (const void *)answer;
        if (n < (ssize_t)sizeof *h || !NLMSG_OK(h, (size_t)n))
            return false;
        if (h->nlmsg_seq == g->sequence)
            return leads_out(h);
    }
}

static bool judge(struct gate *g, const struct frame *f)
{
    if (uplink_own(f->address)) /* whatever an operator allows by this address is not there */
        return f->address == UPLINK_RESOLVER && f->port == PORT_DNS;
    return uplink_rules_allow(g->rules, f->address, f->port, f->tcp) &&
           route_leads_out(g, f->address);
}

static struct verdict *place_of(struct gate *g, const struct frame *f)
{
    uint32_t mixed = (f->address ^ (uint32_t)f->port << 16 ^ f->tcp) * 2654435761u;
    return &g->verdicts[(mixed >> 16) % VERDICTS];
}

bool gate_allows(struct gate *g, const struct frame *f, uint64_t now_us)
{
    struct verdict *v = place_of(g, f);
    bool same = v->of.address == f->address && v->of.port == f->port && v->of.tcp == f->tcp;
    if (!same || v->until_us <= now_us)
        *v = (struct verdict){*f, now_us + KEPT_US, judge(g, f)};
    return v->allows;
}

bool gate_opens(struct gate *g, uint64_t now_us)
{
    uint64_t credit_us = g->credit_us + (now_us - g->counted_us);
    g->counted_us = now_us;
    g->credit_us = credit_us < CREDIT_US ? credit_us : CREDIT_US;
    if (g->credit_us < OPEN_US)
        return false;
    g->credit_us -= OPEN_US;
    return true;
}
