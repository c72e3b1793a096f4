#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *clock_rfc3339(int64_t wall_us, char out[CLOCK_TEXT])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    int micros = (int)(wall_us % 1000000);
    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, CLOCK_TEXT - len, ".%06dZ", micros);
    return out;
}

/* True when `text` begins like `shape`, in which 0 stands for any digit: strptime and scanf would
 * also take signs and white space. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape; text++, shape++)
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

/* Up to six digits behind a point, as microseconds; moves `*p` behind them. */
static bool parse_fraction(const char **p, int64_t *ret_us)
{
    *ret_us = 0;
    if (**p != '.')
        return true;
    int64_t unit = 100000;
    const char *digit = *p + 1;
    for (; *digit >= '0' && *digit <= '9' && unit; digit++, unit /= 10)
        *ret_us += (*digit - '0') * unit;
    bool any = digit > *p + 1;
    *p = digit;
    return any;
}

static bool parse_zone(const char *p, int *ret_minutes)
{
    int hours, minutes;
    if (strcmp(p, "Z") == 0) {
        *ret_minutes = 0;
        return true;
    }
    if ((*p != '+' && *p != '-') || !has_shape(p + 1, "00:00") || p[6] ||
        sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (*p == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool clock_parse_rfc3339(const char *text, int64_t *ret_us)
{
    struct tm tm = {0}, same;
    int64_t fraction;
    int minutes;
    if (!has_shape(text, "0000-00-00T00:00:00"))
        return false;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || rest - text != 19 || tm.tm_year < 70 || tm.tm_sec > 59 ||
        !parse_fraction(&rest, &fraction) || !parse_zone(rest, &minutes))
        return false;
    same = tm;
    time_t seconds = timegm(&tm); /* makes 31 February a day of March, which is no such time */
    if (tm.tm_mday != same.tm_mday || tm.tm_mon != same.tm_mon)
        return false;
    *ret_us = ((int64_t)seconds - minutes * 60) * 1000000 + fraction;
    return true;
}
