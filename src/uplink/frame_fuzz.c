/* Feeds bytes to frame_parse as a slot's frame; what it lets through is looked at again, the other
 * way round: from what the next one would read. */
#include "base/must.h"
#include "uplink/frame.h"
#include "uplink/uplink.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_packet(const uint8_t *p, size_t n, const struct frame *f)
{
    struct iphdr ip;
    struct tcphdr tcp;
    struct udphdr udp;
    must(n >= sizeof ip);
    memcpy(&ip, p, sizeof ip);
    size_t total = ntohs(ip.tot_len), head = ip.ihl * 4u;
    must(ip.version == 4 && head == sizeof ip && total <= n);
    must((ntohs(ip.frag_off) & (IP_MF | IP_OFFMASK)) == 0);
    must(ntohl(ip.saddr) == UPLINK_ADDRESS && ntohl(ip.daddr) == f->address);
    must(ip.protocol == (f->tcp ? IPPROTO_TCP : IPPROTO_UDP));
    if (f->tcp) {
        must(total - head >= sizeof tcp);
        memcpy(&tcp, p + head, sizeof tcp);
        must(ntohs(tcp.dest) == f->port && tcp.doff * 4u <= total - head);
    } else {
        must(total - head >= sizeof udp);
        memcpy(&udp, p + head, sizeof udp);
        must(ntohs(udp.dest) == f->port && ntohs(udp.len) == total - head);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame f, again;
    uint8_t reset[FRAME_RESET];
    enum frame_kind kind = frame_parse(data, size, &f);
    if (kind == FRAME_PACKET)
        check_packet(data + FRAME_ETHERNET, size - FRAME_ETHERNET, &f);
    if (kind != FRAME_PACKET || !f.tcp)
        must(frame_reset(data, size, reset) == 0);
    else if (frame_reset(data, size, reset))
        must(frame_parse(reset, sizeof reset, &again) ==
             (f.address == UPLINK_ADDRESS ? FRAME_PACKET : FRAME_BAD)); /* it is from elsewhere */
    return 0;
}
