/* Frames as an attacker would craft them. */
#include "uplink/frame.h"

#include "base/test.h"
#include "uplink/uplink.h"

enum { ETH = FRAME_ETHERNET, IP = ETH, L4 = ETH + 20, ROOM = 128, OUT = 0xcb00710a };

struct bytes {
    uint8_t p[ROOM];
    size_t n;
};

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static struct bytes packet(int protocol, size_t body)
{
    struct bytes b = {.n = L4 + body};
    memcpy(b.p, "\x52\x55\x64\x40\x00\x01\x02\x00\x00\x00\x00\x01", 12);
    put16(b.p + 12, 0x0800);
    b.p[IP] = 0x45;
    put16(b.p + IP + 2, (unsigned)(20 + body));
    put16(b.p + IP + 6, 0x4000);
    b.p[IP + 8] = 64;
    b.p[IP + 9] = (uint8_t)protocol;
    put32(b.p + IP + 12, UPLINK_ADDRESS);
    put32(b.p + IP + 16, OUT);
    put16(b.p + L4, 40000);
    put16(b.p + L4 + 2, 80);
    return b;
}

static struct bytes tcp(void)
{
    struct bytes b = packet(6, 24);
    put32(b.p + L4 + 4, 1000);
    b.p[L4 + 12] = 5 << 4;
    b.p[L4 + 13] = 0x02; /* SYN, and four bytes behind the header */
    return b;
}

static struct bytes udp(void)
{
    struct bytes b = packet(17, 12);
    put16(b.p + L4 + 4, 12);
    return b;
}

static struct bytes arp(void)
{
    struct bytes b = {.n = ETH + 28};
    put16(b.p + 12, 0x0806);
    memcpy(b.p + ETH, "\0\1\10\0\6\4\0\1", 8);
    put32(b.p + ETH + 14, UPLINK_ADDRESS);
    put32(b.p + ETH + 24, UPLINK_GATEWAY);
    return b;
}

static enum frame_kind kind(struct bytes b)
{
    struct frame f;
    return frame_parse(b.p, b.n, &f);
}

TEST(what_linux_sends_is_taken)
{
    struct frame f;
    struct bytes b = tcp();
    CHECK_INT(frame_parse(b.p, b.n, &f), FRAME_PACKET);
    CHECK(f.tcp && f.address == OUT && f.port == 80 && f.opens);
    b.p[L4 + 13] = 0x12;
    CHECK(frame_parse(b.p, b.n, &f) == FRAME_PACKET && !f.opens);
    b.n += 6; /* padding */
    CHECK_INT(kind(b), FRAME_PACKET);
    b = udp();
    CHECK_INT(frame_parse(b.p, b.n, &f), FRAME_PACKET);
    CHECK(!f.tcp && f.address == OUT && f.port == 80 && !f.opens);
    CHECK_INT(kind(arp()), FRAME_ARP);
}

/* One byte, or two, at a place of an honest frame. */
static const struct attack {
    const char *name;
    struct bytes (*honest)(void);
    size_t at;
    unsigned value, width;
} attacks[] = {
    {"IPv6", tcp, 12, 0x86dd, 2},
    {"VLAN", tcp, 12, 0x8100, 2},
    {"version 6 in IPv4", tcp, IP, 0x65, 1},
    {"options, which move the ports", tcp, IP, 0x46, 1},
    {"a header too short", tcp, IP, 0x44, 1},
    {"longer than the frame", tcp, IP + 2, 20 + 25, 2},
    {"shorter than its own header", tcp, IP + 2, 19, 2},
    {"cut within TCP's header", tcp, IP + 2, 20 + 19, 2},
    {"a first fragment", tcp, IP + 6, 0x2000, 2},
    {"a first fragment, not to be fragmented", tcp, IP + 6, 0x6000, 2},
    {"a later fragment, whose ports are none", tcp, IP + 6, 0x0001, 2},
    {"a fragment over the ports of the first", udp, IP + 6, 0x2001, 2},
    {"the reserved bit", tcp, IP + 6, 0xc000, 2},
    {"from another slot", tcp, IP + 12, 0x0a00, 2},
    {"from another address of its network", tcp, IP + 14, 0x0010, 2},
    {"ICMP", tcp, IP + 9, 1, 1},
    {"IGMP", tcp, IP + 9, 2, 1},
    {"IP in IP", tcp, IP + 9, 4, 1},
    {"GRE", tcp, IP + 9, 47, 1},
    {"SCTP", tcp, IP + 9, 132, 1},
    {"UDP-Lite", udp, IP + 9, 136, 1},
    {"to port 0", tcp, L4 + 2, 0, 2},
    {"from port 0", udp, L4, 0, 2},
    {"TCP's header too short", tcp, L4 + 12, 4 << 4, 1},
    {"TCP's header longer than the packet", tcp, L4 + 12, 7 << 4, 1},
    {"UDP longer than the packet", udp, L4 + 4, 13, 2},
    {"UDP shorter than the packet", udp, L4 + 4, 11, 2},
    {"UDP shorter than its header", udp, L4 + 4, 7, 2},
    {"ARP for another hardware", arp, ETH, 6, 2},
    {"ARP for another protocol", arp, ETH + 2, 0x86dd, 2},
    {"ARP with longer addresses", arp, ETH + 4, 0x0806, 2},
    {"reverse ARP", arp, ETH + 6, 3, 2},
    {"ARP in another's name", arp, ETH + 16, 0x0001, 2},
    {"ARP for a foreign address", arp, ETH + 24, 0x0a00, 2},
};

TEST(nothing_else_is)
{
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        const struct attack *a = &attacks[i];
        struct bytes b = a->honest();
        if (a->width == 2)
            put16(b.p + a->at, a->value);
        else
            b.p[a->at] = (uint8_t)a->value;
        if (kind(b) != FRAME_BAD)
            fail_msg("taken: %s", a->name);
    }
}

TEST(no_frame_that_is_cut_is_taken)
{
    struct bytes (*const honest[])(void) = {tcp, udp, arp};
    for (size_t i = 0; i < 3; i++) {
        struct bytes b = honest[i]();
        for (b.n--; b.n < ROOM && b.n > 0; b.n--)
            CHECK_INT(kind(b), FRAME_BAD);
        CHECK_INT(kind(b), FRAME_BAD);
    }
    static uint8_t large[FRAME_MAX + 1];
    struct frame f;
    memcpy(large, tcp().p, ROOM);
    CHECK_INT(frame_parse(large, sizeof large, &f), FRAME_BAD);
}

static unsigned sum(const uint8_t *p, size_t n, unsigned start)
{
    for (size_t i = 0; i < n; i += 2)
        start += (unsigned)(p[i] << 8 | p[i + 1]);
    while (start >> 16)
        start = (start & 0xffff) + (start >> 16);
    return start;
}

static void check_reset(const uint8_t *r)
{
    struct bytes b = tcp();
    CHECK(memcmp(r, b.p + 6, 6) == 0 && memcmp(r + 6, b.p, 6) == 0);
    CHECK(memcmp(r + IP + 12, b.p + IP + 16, 4) == 0);
    CHECK(memcmp(r + IP + 16, b.p + IP + 12, 4) == 0);
    CHECK(memcmp(r + L4, b.p + L4 + 2, 2) == 0 && memcmp(r + L4 + 2, b.p + L4, 2) == 0);
    CHECK_INT(sum(r + IP, 20, 0), 0xffff);
    CHECK_INT(sum(r + L4, 20, sum(r + IP + 12, 8, 6 + 20)), 0xffff);
}

TEST(a_refused_connection_is_answered_as_a_closed_port_would)
{
    uint8_t r[FRAME_RESET];
    struct bytes b = tcp();
    CHECK_INT(frame_reset(b.p, b.n, r), FRAME_RESET);
    check_reset(r);
    CHECK_INT(r[L4 + 13], 0x14); /* RST, ACK */
    CHECK_INT(r[L4 + 11], (1000 + 4 + 1) & 0xff);
    b.p[L4 + 13] = 0x10; /* of a connection that was there */
    put32(b.p + L4 + 8, 77);
    CHECK_INT(frame_reset(b.p, b.n, r), FRAME_RESET);
    check_reset(r);
    CHECK(r[L4 + 13] == 0x04 && r[L4 + 7] == 77);
    b.p[L4 + 13] = 0x04;
    CHECK_INT(frame_reset(b.p, b.n, r), 0);
    b = udp();
    CHECK_INT(frame_reset(b.p, b.n, r), 0);
}

TEST_MAIN(what_linux_sends_is_taken, nothing_else_is, no_frame_that_is_cut_is_taken,
          a_refused_connection_is_answered_as_a_closed_port_would)
