#include "uplink/frame.h"

#include "uplink/uplink.h"

#include <netinet/in.h>
#include <string.h>

enum {
    TYPE_IP = 0x0800,
    TYPE_ARP = 0x0806,
    IP_LEN = 20,
    UDP_LEN = 8,
    TCP_LEN = 20,
    ARP_LEN = 28,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
    NO_FRAGMENT = 0x4000, /* the one bit of that field that may be set */
    TCP_RST = 0x04,
    TCP_SYN = 0x02,
    TCP_FIN = 0x01,
    TCP_ACK = 0x10,
};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

/* Ethernet with IPv4 addresses; whoever is asked for or spoken of is in the slot's own network. */
static bool is_arp(const uint8_t *p, size_t n)
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4};
    if (n < ARP_LEN || memcmp(p, head, sizeof head) != 0)
        return false;
    unsigned what = get16(p + 6);
    if (what != ARP_REQUEST && what != ARP_REPLY)
        return false;
    return get32(p + 14) == UPLINK_ADDRESS && uplink_own(get32(p + 24));
}

static bool is_tcp(const uint8_t *p, size_t n)
{
    if (n < TCP_LEN)
        return false;
    size_t head = (size_t)(p[12] >> 4) * 4;
    return head >= TCP_LEN && head <= n;
}

static bool is_udp(const uint8_t *p, size_t n)
{
    return n >= UDP_LEN && get16(p + 4) == n;
}

/* A fragment behind the first has no ports, and a first one can be overlaid by a later one: whoever
 * wants to send that much lets TCP cut it. */
static enum frame_kind parse_ip(const uint8_t *p, size_t n, struct frame *ret)
{
    if (n < IP_LEN || p[0] != 0x45)
        return FRAME_BAD;
    size_t total = get16(p + 2);
    if (total < IP_LEN || total > n || get16(p + 6) & ~NO_FRAGMENT ||
        get32(p + 12) != UPLINK_ADDRESS)
        return FRAME_BAD;
    ret->tcp = p[9] == IPPROTO_TCP;
    if (ret->tcp ? !is_tcp(p + IP_LEN, total - IP_LEN)
                 : p[9] != IPPROTO_UDP || !is_udp(p + IP_LEN, total - IP_LEN))
        return FRAME_BAD;
    ret->address = get32(p + 16);
    ret->port = get16(p + IP_LEN + 2);
    ret->opens = ret->tcp && (p[IP_LEN + 13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    return ret->port && get16(p + IP_LEN) ? FRAME_PACKET : FRAME_BAD;
}

enum frame_kind frame_parse(const uint8_t *p, size_t n, struct frame *ret)
{
    *ret = (struct frame){0};
    if (n < FRAME_ETHERNET || n > FRAME_MAX)
        return FRAME_BAD;
    unsigned type = get16(p + 12);
    p += FRAME_ETHERNET;
    n -= FRAME_ETHERNET;
    if (type == TYPE_ARP)
        return is_arp(p, n) ? FRAME_ARP : FRAME_BAD;
    return type == TYPE_IP ? parse_ip(p, n, ret) : FRAME_BAD;
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t start)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        start += get16(p + i);
    return start;
}

static uint16_t fold(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

/* RFC 9293, 3.10.7.1: what acknowledges nothing is acknowledged, with all that it has sent. */
static void answer_numbers(const uint8_t *tcp, size_t n, uint8_t *out)
{
    unsigned flags = tcp[13];
    uint32_t sent =
        (uint32_t)n - (uint32_t)(tcp[12] >> 4) * 4 + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
    if (flags & TCP_ACK) {
        put32(out + 4, get32(tcp + 8));
        out[13] = TCP_RST;
    } else {
        put32(out + 8, get32(tcp + 4) + sent);
        out[13] = TCP_RST | TCP_ACK;
    }
}

size_t frame_reset(const uint8_t *p, size_t n, uint8_t ret[FRAME_RESET])
{
    struct frame f;
    if (frame_parse(p, n, &f) != FRAME_PACKET || !f.tcp)
        return 0;
    const uint8_t *ip = p + FRAME_ETHERNET, *tcp = ip + IP_LEN;
    if (tcp[13] & TCP_RST)
        return 0;
    memset(ret, 0, FRAME_RESET);
    memcpy(ret, p + 6, 6);
    memcpy(ret + 6, p, 6);
    put16(ret + 12, TYPE_IP);
    uint8_t *to = ret + FRAME_ETHERNET;
    to[0] = 0x45;
    put16(to + 2, IP_LEN + TCP_LEN);
    put16(to + 6, NO_FRAGMENT);
    to[8] = 64;
    to[9] = IPPROTO_TCP;
    memcpy(to + 12, ip + 16, 4);
    memcpy(to + 16, ip + 12, 4);
    put16(to + 10, fold(sum(to, IP_LEN, 0)));
    uint8_t *answer = to + IP_LEN;
    memcpy(answer, tcp + 2, 2);
    memcpy(answer + 2, tcp, 2);
    answer[12] = TCP_LEN / 4 << 4;
    answer_numbers(tcp, (size_t)get16(ip + 2) - IP_LEN, answer);
    put16(answer + 16, fold(sum(answer, TCP_LEN, sum(to + 12, 8, IPPROTO_TCP + TCP_LEN))));
    return FRAME_RESET;
}
