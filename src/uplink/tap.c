/* The slot's interface, made in the network namespace that the caller is in. */
#include "uplink/uplink.h"

#include "base/fd.h"
#include "uplink/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* What the slot may send ahead: memory of the kernel that is counted for nobody, 16 MB at most.
     * What does not fit is lost, and connections that lose together wait for seconds together: 200
     * of them must be able to speak at once. */
    QUEUE_FRAMES = 256,
    NO_LINK_LOCAL = 1, /* IN6_ADDR_GEN_MODE_NONE */
};

/* A request under construction; each is far smaller. */
struct request {
    _Alignas(struct nlmsghdr) char bytes[256];
};

static struct nlmsghdr *head_of(struct request *r)
{
    return (struct nlmsghdr *)(void *)r->bytes;
}

static void *begin(struct request *r, int type, size_t body)
{
    memset(r, 0, sizeof *r);
    head_of(r)->nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
    head_of(r)->nlmsg_type = (uint16_t)type;
    head_of(r)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    return NLMSG_DATA(head_of(r));
}

static struct rtattr *add(struct request *r, int type, const void *value, size_t len)
{
    struct nlmsghdr *h = head_of(r);
    struct rtattr *a = (struct rtattr *)(void *)(r->bytes + NLMSG_ALIGN(h->nlmsg_len));
    a->rta_type = (uint16_t)type;
    a->rta_len = (uint16_t)RTA_LENGTH(len);
    if (len)
        memcpy(RTA_DATA(a), value, len);
    h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
    return a;
}

static void end_nest(struct request *r, struct rtattr *a)
{
    a->rta_len = (uint16_t)(r->bytes + head_of(r)->nlmsg_len - (char *)a);
}

static int send_request(int netlink, struct request *r, const char *what, struct err *e)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char question[sizeof *r];
    } answer;
    if (send(netlink, r->bytes, head_of(r)->nlmsg_len, 0) < 0)
        return err_sys(e, "%s", what);
    ssize_t n = recv(netlink, &answer, sizeof answer, 0);
    if (n < (ssize_t)NLMSG_LENGTH(sizeof answer.error) || answer.head.nlmsg_type != NLMSG_ERROR)
        return err_set(e, ERR_SYSTEM, "%s: the kernel gives no answer", what);
    errno = -answer.error.error;
    return errno ? err_sys(e, "%s", what) : 0;
}

/* Without an address of its own the slot says nothing over IPv6, not even that it is there. While
 * the interface is down, since it takes one as it comes up. A kernel without IPv6 has nothing to
 * forbid. */
static int forbid_ipv6(int netlink, int index, struct err *e)
{
    static const uint8_t mode = NO_LINK_LOCAL;
    struct request r;
    struct err why = {0};
    struct ifinfomsg *link = begin(&r, RTM_NEWLINK, sizeof *link);
    head_of(&r)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    link->ifi_index = index;
    struct rtattr *families = add(&r, IFLA_AF_SPEC, NULL, 0);
    struct rtattr *family = add(&r, AF_INET6, NULL, 0);
    (void)add(&r, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
    end_nest(&r, family);
    end_nest(&r, families);
    if (send_request(netlink, &r, "forbid IPv6 addresses", &why) == 0 || why.sys == EAFNOSUPPORT)
        return 0;
    *e = why;
    return -1;
}

static int raise_interface(int netlink, int index, struct err *e)
{
    static const uint32_t mtu = FRAME_MTU, queue = QUEUE_FRAMES;
    struct request r;
    struct ifinfomsg *link = begin(&r, RTM_NEWLINK, sizeof *link);
    head_of(&r)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    link->ifi_index = index;
    link->ifi_flags = link->ifi_change = IFF_UP;
    (void)add(&r, IFLA_MTU, &mtu, sizeof mtu);
    (void)add(&r, IFLA_TXQLEN, &queue, sizeof queue);
    return send_request(netlink, &r, "bring the interface up", e);
}

static int add_address(int netlink, int index, struct err *e)
{
    uint32_t own = htonl(UPLINK_ADDRESS);
    struct request r;
    struct ifaddrmsg *address = begin(&r, RTM_NEWADDR, sizeof *address);
    address->ifa_family = AF_INET;
    address->ifa_prefixlen = UPLINK_PREFIX;
    address->ifa_index = (uint32_t)index;
    (void)add(&r, IFA_LOCAL, &own, sizeof own);
    (void)add(&r, IFA_ADDRESS, &own, sizeof own);
    return send_request(netlink, &r, "give the interface its address", e);
}

static int add_route(int netlink, int index, struct err *e)
{
    uint32_t gateway = htonl(UPLINK_GATEWAY), out = (uint32_t)index;
    struct request r;
    struct rtmsg *route = begin(&r, RTM_NEWROUTE, sizeof *route);
    route->rtm_family = AF_INET;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_BOOT;
    route->rtm_scope = RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    (void)add(&r, RTA_GATEWAY, &gateway, sizeof gateway);
    (void)add(&r, RTA_OIF, &out, sizeof out);
    return send_request(netlink, &r, "add the way out", e);
}

static const struct step {
    int (*run)(int netlink, int index, struct err *e);
} steps[] = {
    {forbid_ipv6},
    {raise_interface},
    {add_address},
    {add_route},
};

static int configure(const char *name, struct err *e)
{
    struct ifreq request = {0};
    auto_fd int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    strcpy(request.ifr_name, name);
    if (netlink < 0 || ioctl(netlink, SIOCGIFINDEX, &request) < 0)
        return err_sys(e, "find the interface '%s'", name);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].run(netlink, request.ifr_ifindex, e) < 0)
            return -1;
    return 0;
}

/* It stays when its descriptor is closed, and goes with its namespace: the kernel takes namespaces
 * down behind everybody's back, while whoever closes the descriptor of an interface waits until all
 * processors have let go of it, tens of milliseconds. */
int uplink_tap_open(struct err *e)
{
    struct ifreq request = {.ifr_name = "eth0", .ifr_flags = IFF_TAP | IFF_NO_PI};
    auto_fd int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tap < 0)
        return err_sys(e, "open '/dev/net/tun'");
    if (ioctl(tap, TUNSETIFF, &request) < 0 || ioctl(tap, TUNSETPERSIST, 1) < 0)
        return err_sys(e, "make the interface '%s'", request.ifr_name);
    if (configure(request.ifr_name, e) < 0)
        return -1;
    return take_fd(&tap);
}
