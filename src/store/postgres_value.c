/* postgres_value — columns of a row, which come in PostgreSQL's binary form: big-endian numbers,
 * text and bytes as they are. */
#include "base/must.h"
#include "store/postgres.h"

static int64_t number(const unsigned char *p, int len)
{
    int64_t value = (signed char)p[0];
    for (int i = 1; i < len; i++)
        value = (int64_t)((uint64_t)value << 8 | p[i]);
    return value;
}

/* What sum() and avg() return: a count of digits to base 10000, the power of the first, the sign
 * and the digits, each two bytes. The fraction is dropped as SQLite does. */
static int64_t numeric(const unsigned char *p)
{
    enum { NEGATIVE = 0x4000, HEAD = 8 };
    int64_t digits = number(p, 2), weight = number(p + 2, 2), value = 0;
    for (int64_t i = 0; i <= weight; i++) {
        int64_t digit = i < digits ? number(p + HEAD + 2 * i, 2) : 0;
        if (__builtin_mul_overflow(value, 10000, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return number(p + 4, 2) == NEGATIVE ? INT64_MIN : INT64_MAX;
    }
    return number(p + 4, 2) == NEGATIVE ? -value : value;
}

struct db_value postgres_value(const PGresult *row, int column)
{
    must(column < PQnfields(row));
    if (PQgetisnull(row, 0, column))
        return db_null();
    const char *bytes = PQgetvalue(row, 0, column);
    int len = PQgetlength(row, 0, column);
    switch (PQftype(row, column)) {
    case PG_BOOL:
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
        return db_int(number((const unsigned char *)bytes, len));
    case PG_NUMERIC:
        return db_int(numeric((const unsigned char *)bytes));
    case PG_BYTEA:
        return db_blob((struct str){bytes, (size_t)len});
    default:
        return db_text((struct str){bytes, (size_t)len});
    }
}
