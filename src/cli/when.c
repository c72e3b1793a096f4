#include "cli/when.h"

#include "base/must.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };
static const int64_t span_max = 36500ll * DAY;

bool when_parse(const char *rfc3339, int64_t *ret_seconds)
{
    struct tm tm = {0};
    if (!rfc3339 || !strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm))
        return false;
    *ret_seconds = timegm(&tm);
    return true;
}

static char *date(int64_t at, const char *fmt, char out[WHEN_TEXT])
{
    time_t t = (time_t)at;
    struct tm tm;
    if (!localtime_r(&t, &tm) || strftime(out, WHEN_TEXT, fmt, &tm) == 0)
        (void)snprintf(out, WHEN_TEXT, "-");
    return out;
}

char *when_ago(const char *rfc3339, int64_t now_seconds, char out[WHEN_TEXT])
{
    int64_t at;
    if (!when_parse(rfc3339, &at)) {
        (void)snprintf(out, WHEN_TEXT, "-");
        return out;
    }
    int64_t ago = now_seconds - at;
    if (ago < 10) /* the future too: clocks differ */
        (void)snprintf(out, WHEN_TEXT, "just now");
    else if (ago < MINUTE)
        (void)snprintf(out, WHEN_TEXT, "%" PRId64 " s ago", ago);
    else if (ago < HOUR)
        (void)snprintf(out, WHEN_TEXT, "%" PRId64 " min ago", ago / MINUTE);
    else if (ago < DAY)
        (void)snprintf(out, WHEN_TEXT, "%" PRId64 " h ago", ago / HOUR);
    else if (ago < 30 * DAY)
        (void)snprintf(out, WHEN_TEXT, "%" PRId64 " d ago", ago / DAY);
    else
        return date(at, "%Y-%m-%d", out);
    return out;
}

char *when_local(const char *rfc3339, char out[WHEN_TEXT])
{
    int64_t at;
    if (when_parse(rfc3339, &at))
        return date(at, "%Y-%m-%d %H:%M:%S", out);
    (void)snprintf(out, WHEN_TEXT, "-");
    return out;
}

char *when_duration(uint64_t us, char out[WHEN_TEXT])
{
    if (us < 1000)
        (void)snprintf(out, WHEN_TEXT, "%" PRIu64 " us", us);
    else if (us < 1000000)
        (void)snprintf(out, WHEN_TEXT, "%.1f ms", (double)us / 1e3);
    else
        (void)snprintf(out, WHEN_TEXT, "%.2f s", (double)us / 1e6);
    return out;
}

bool when_span(const char *text, int64_t *ret_seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', MINUTE}, {'h', HOUR}, {'d', DAY}, {'w', WEEK}};
    uint64_t count;
    size_t len = strlen(text);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (len < 2 || text[len - 1] != units[i].letter)
            continue;
        if (!str_to_u64((struct str){text, len - 1}, &count) ||
            count > (uint64_t)(span_max / units[i].seconds))
            return false;
        *ret_seconds = (int64_t)count * units[i].seconds;
        return true;
    }
    return false;
}

char *when_rfc3339(int64_t seconds, char out[WHEN_TEXT])
{
    struct tm tm;
    time_t at = (time_t)seconds;
    if (!gmtime_r(&at, &tm) || strftime(out, WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, WHEN_TEXT, "-");
    return out;
}
