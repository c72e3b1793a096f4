/* What slots may be sent to, and how an operator says otherwise. */
#include "base/must.h"
#include "base/test.h"
#include "uplink/uplink.h"

#include <arpa/inet.h>

static uint32_t address(const char *text)
{
    struct in_addr in;
    must(inet_pton(AF_INET, text, &in) == 1);
    return ntohl(in.s_addr);
}

static struct uplink_rules parse(const char *allow, const char *deny)
{
    struct uplink_rules rules;
    struct err e = {0};
    if (uplink_rules_parse(allow, deny, &rules, &e) < 0)
        fail_msg("%s", e.text);
    return rules;
}

static bool allows(const struct uplink_rules *rules, const char *to, uint16_t port)
{
    return uplink_rules_allow(rules, address(to), port, true);
}

TEST(the_internet_is_reached_and_nothing_that_is_nearer)
{
    static const struct {
        const char *address;
        bool reached;
    } table[] = {
        {"0.0.0.0", false},         {"0.255.255.255", false},   {"1.0.0.0", true},
        {"9.255.255.255", true},    {"10.0.0.0", false},        {"10.255.255.255", false},
        {"11.0.0.0", true},         {"100.63.255.255", true},   {"100.64.0.1", false},
        {"100.64.0.15", false},     {"100.100.100.200", false}, {"100.127.255.255", false},
        {"100.128.0.0", true},      {"126.255.255.255", true},  {"127.0.0.1", false},
        {"127.255.255.255", false}, {"128.0.0.0", true},        {"168.63.129.15", true},
        {"168.63.129.16", false},   {"168.63.129.17", true},    {"169.253.255.255", true},
        {"169.254.0.0", false},     {"169.254.169.254", false}, {"169.255.0.0", true},
        {"172.15.255.255", true},   {"172.16.0.0", false},      {"172.31.255.255", false},
        {"172.32.0.0", true},       {"192.0.0.192", false},     {"192.0.1.0", true},
        {"192.167.255.255", true},  {"192.168.0.0", false},     {"192.168.255.255", false},
        {"192.169.0.0", true},      {"198.17.255.255", true},   {"198.18.0.0", false},
        {"198.19.255.255", false},  {"198.20.0.0", true},       {"203.0.113.7", true},
        {"223.255.255.255", true},  {"224.0.0.1", false},       {"239.255.255.255", false},
        {"240.0.0.0", false},       {"255.255.255.255", false},
    };
    struct uplink_rules rules = parse(NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        for (int tcp = 0; tcp < 2; tcp++)
            if (uplink_rules_allow(&rules, address(table[i].address), 443, tcp) != table[i].reached)
                fail_msg("%s", table[i].address);
}

TEST(mail_servers_are_reached_only_when_named)
{
    struct uplink_rules rules = parse(NULL, NULL), named = parse("203.0.113.9:25", NULL);
    CHECK(!uplink_rules_allow(&rules, address("203.0.113.9"), 25, true));
    CHECK(uplink_rules_allow(&rules, address("203.0.113.9"), 25, false));
    CHECK(uplink_rules_allow(&rules, address("203.0.113.9"), 587, true));
    CHECK(allows(&named, "203.0.113.9", 25));
    CHECK(!allows(&named, "203.0.113.8", 25));
}

TEST(what_is_allowed_wins_over_what_is_denied_and_that_over_the_rest)
{
    struct uplink_rules rules =
        parse("10.1.2.3:5432, 192.168.7.0/24", "203.0.113.0/24, 192.168.0.0/16,198.51.100.1:80");
    CHECK(allows(&rules, "10.1.2.3", 5432));
    CHECK(!allows(&rules, "10.1.2.3", 5433));
    CHECK(!allows(&rules, "10.1.2.4", 5432));
    CHECK(allows(&rules, "192.168.7.0", 1) && allows(&rules, "192.168.7.255", 65535));
    CHECK(!allows(&rules, "192.168.8.0", 1));
    CHECK(!allows(&rules, "203.0.113.7", 443));
    CHECK(allows(&rules, "203.0.112.255", 443));
    CHECK(!allows(&rules, "198.51.100.1", 80));
    CHECK(allows(&rules, "198.51.100.1", 443));
}

TEST(a_prefix_of_nothing_means_everything)
{
    struct uplink_rules closed = parse("203.0.113.7:443", "0.0.0.0/0");
    CHECK(allows(&closed, "203.0.113.7", 443));
    CHECK(!allows(&closed, "203.0.113.8", 443));
    struct uplink_rules open = parse("0.0.0.0/0:5432", NULL);
    CHECK(allows(&open, "10.9.0.2", 5432));
    CHECK(!allows(&open, "10.9.0.2", 5433));
}

TEST(a_list_that_is_not_given_or_empty_has_no_entries)
{
    struct uplink_rules rules = parse(NULL, "");
    CHECK_INT(rules.allow_count, 0);
    CHECK_INT(rules.deny_count, 0);
}

TEST(a_wrong_entry_is_named_and_nothing_is_taken_over)
{
    static const struct {
        const char *list, *text;
    } table[] = {
        {"10.0.0.1,", "entry '' does not begin with an IPv4 address like 10.1.2.3"},
        {"10.0.0.1,,10.0.0.2", "entry '' does not begin with an IPv4 address like 10.1.2.3"},
        {"localhost:80", "entry 'localhost:80' does not begin with an IPv4 address like 10.1.2.3"},
        {"10.0.0", "entry '10.0.0' does not begin with an IPv4 address like 10.1.2.3"},
        {"10.0.0.256", "entry '10.0.0.256' does not begin with an IPv4 address like 10.1.2.3"},
        {"fd00::1", "entry 'fd00::1' does not begin with an IPv4 address like 10.1.2.3"},
        {"[::1]:80", "entry '[::1]:80' does not begin with an IPv4 address like 10.1.2.3"},
        {"10.0.0.1, 10.0.0.0/33",
         "entry '10.0.0.0/33' has a prefix that is not a number from 0 to 32"},
        {"10.0.0.0/", "entry '10.0.0.0/' has a prefix that is not a number from 0 to 32"},
        {"10.0.0.0/-1", "entry '10.0.0.0/-1' has a prefix that is not a number from 0 to 32"},
        {"10.0.0.1:0", "entry '10.0.0.1:0' has a port that is not a number from 1 to 65535"},
        {"10.0.0.1:65536",
         "entry '10.0.0.1:65536' has a port that is not a number from 1 to 65535"},
        {"10.0.0.1:5432/8",
         "entry '10.0.0.1:5432/8' has a port that is not a number from 1 to 65535"},
        {"10.0.0.5/8", "entry '10.0.0.5/8' has an address with bits beyond its prefix"},
        {"1.2.3.4/0", "entry '1.2.3.4/0' has an address with bits beyond its prefix"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        for (int side = 0; side < 2; side++) {
            struct uplink_rules rules = {.allow_count = 7};
            struct err e = {0};
            CHECK(uplink_rules_parse(side ? table[i].list : NULL, side ? NULL : table[i].list,
                                     &rules, &e) < 0);
            CHECK_INT(e.code, ERR_INVALID);
            CHECK_STR(e.text, table[i].text);
            CHECK_INT(rules.allow_count, 7);
        }
}

TEST(a_list_has_a_bound)
{
    char list[(UPLINK_RULES_MAX + 1) * sizeof "10.0.0.100,"] = "";
    struct uplink_rules rules;
    struct err e = {0};
    for (int i = 0; i < UPLINK_RULES_MAX; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s10.0.0.%d", i ? "," : "", i);
    rules = parse(list, list);
    CHECK_INT(rules.allow_count, UPLINK_RULES_MAX);
    CHECK(allows(&rules, "10.0.0.63", 1) && !allows(&rules, "10.0.0.64", 1));
    strcat(list, ",10.0.0.64");
    CHECK(uplink_rules_parse(list, NULL, &rules, &e) < 0);
    CHECK_STR(e.text, "takes at most 64 entries");
}

TEST_MAIN(the_internet_is_reached_and_nothing_that_is_nearer,
          mail_servers_are_reached_only_when_named,
          what_is_allowed_wins_over_what_is_denied_and_that_over_the_rest,
          a_prefix_of_nothing_means_everything, a_list_that_is_not_given_or_empty_has_no_entries,
          a_wrong_entry_is_named_and_nothing_is_taken_over, a_list_has_a_bound)
