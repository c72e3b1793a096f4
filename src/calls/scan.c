/* A lane per function that has a record in range: its next number, found by one look into the
 * index, and then a window of numbers read ahead. The lanes are a heap, so that the next record of
 * all is at the front. Only records that the sieve takes are read as a whole, some at a time.
 *
 * To look for the first record of each of 10,000 functions takes 90 ms. So a walk over many first
 * takes one lane that is everybody's and passes over records of others; the lanes are worth it only
 * where most are of others. */
#include "calls/scan.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_FIRST = 16,
    WINDOW_MAX = 1024,
    LOOKS_PER_CLOCK = 64,
    MANY = 256 /* functions */,
    ENOUGH = 2000 /* looks to know better */
};

/* Records come in the order of their ends. A call takes at most so long, and the ends of several
 * servers, or of a clock that was set, are at most so far out of order. */
static const int64_t longest_call_us = 3600ll * 1000000, disorder_us = 60ll * 1000000;

struct look {
    int64_t seq;
    const char *name; /* of its function */
    bool taken;
};

struct lane {
    const char *function, *name; /* NULL: everybody's */
    int64_t next;                /* its number is this one or behind it */
    struct look *window;
    size_t at, count, capacity;
    bool last; /* nothing is behind the window */
};

struct walk {
    struct db *db;
    struct arena *arena;
    const struct scan *scan;
    struct scan_page *page;
    int64_t below;      /* with an end in any case */
    struct lane *lanes; /* a heap */
    size_t lane_count;
    size_t looks, own_looks, unclocked, bytes, read_bytes;
    uint64_t until_us;
    bool full; /* no more records fit into the page */
    struct {
        int64_t seq;
        const char *name;
    } wanted[CALLS_FETCH_MAX];
    size_t wanted_count;
};

static bool is_before(const struct walk *w, int64_t a, int64_t b)
{
    return w->scan->ascending ? a < b : a > b;
}

static void sift(struct walk *w, size_t i)
{
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->lane_count; child++)
            if (is_before(w, w->lanes[child].next, w->lanes[best].next))
                best = child;
        if (best == i)
            return;
        struct lane moved = w->lanes[i];
        w->lanes[i] = w->lanes[best];
        w->lanes[best] = moved;
        i = best;
    }
}

static int open_lanes(struct walk *w, int64_t above, int64_t below, struct err *e)
{
    const struct scan *s = w->scan;
    auto_buf struct buf sql = {0};
    auto_query struct query *q = NULL;
    buf_addf(&sql,
             "SELECT f.id, f.name, (SELECT %s(c.seq) FROM calls c WHERE c.function_id = f.id"
             " AND c.seq > $2 AND c.seq < $3) FROM functions f WHERE f.id %s",
             s->ascending ? "min" : "max", reach_sql(&s->reach));
    if (db_query(w->db, sql.data, DB_ARGS(db_textz(s->reach.id), db_int(above), db_int(below)), &q,
                 e) < 0)
        return -1;
    size_t capacity = 0;
    int more;
    while ((more = query_next(q, e)) > 0) {
        if (query_int(q, 2) == 0)
            continue;
        if (w->lane_count == capacity)
            w->lanes = mem_realloc(w->lanes, (capacity = 2 * capacity + 1) * sizeof *w->lanes);
        w->lanes[w->lane_count++] = (struct lane){.function = query_text(q, w->arena, 0),
                                                  .name = query_text(q, w->arena, 1),
                                                  .next = query_int(q, 2)};
    }
    for (size_t i = w->lane_count; i-- > 0;)
        sift(w, i);
    return more;
}

/* --- the lane that is everybody's --- */

/* 1: the reach holds more than MANY functions; 0: it does not; -1. */
static int has_many(struct walk *w, struct err *e)
{
    const struct reach *r = &w->scan->reach;
    auto_buf struct buf sql = {0};
    auto_query struct query *q = NULL;
    if (r->kind == REACH_FUNCTION)
        return 0;
    buf_addf(&sql, "SELECT count(*) FROM (SELECT 1 FROM functions f WHERE %s LIMIT $2) AS few",
             reach_condition(r));
    if (db_query(w->db, sql.data, DB_ARGS(db_textz(r->id), db_int(MANY + 1)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    return query_int(q, 0) > MANY;
}

static void open_everybodys(struct walk *w)
{
    const struct scan *s = w->scan;
    w->lanes = mem_alloc(sizeof *w->lanes);
    w->lanes[0] = (struct lane){.next = s->ascending ? s->above + 1 : w->below - 1};
    w->lane_count = 1;
}

/* Goes on behind where everybody's lane has got to. */
static int change_lanes(struct walk *w, struct err *e)
{
    int64_t at = w->lanes[0].next;
    bool up = w->scan->ascending;
    free(w->lanes);
    w->lanes = NULL;
    w->lane_count = 0;
    return open_lanes(w, up ? at - 1 : w->scan->above, up ? w->below : at + 1, e);
}

/* --- reading ahead --- */

static bool skipped(const struct scan *s, int64_t seq)
{
    size_t low = 0, high = s->skip_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->skip[mid] == seq)
            return true;
        if (s->skip[mid] < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static void look(struct walk *w, const struct lane *lane, struct query *q, struct arena *brief,
                 struct look *ret)
{
    struct sieve_brief b = {.created_us = query_int(q, 1),
                            .status = query_text(q, brief, 2),
                            .source = query_text(q, brief, 3),
                            .cold = query_int(q, 4),
                            .version = (uint32_t)query_int(q, 5)};
    ret->seq = query_int(q, 0);
    ret->name = lane->function ? lane->name : query_text(q, w->arena, 6);
    ret->taken = ret->name && sieve_takes(w->scan->sieve, &b) && !skipped(w->scan, ret->seq);
}

#define BRIEF "SELECT c.seq, c.created_us, c.status, c.source, c.cold, c.version"

static int query_own(struct walk *w, const struct lane *lane, struct query **ret, struct err *e)
{
    static const char *const sql[] = {
        BRIEF " FROM calls c WHERE c.function_id = $1 AND c.seq <= $2 AND c.seq > $3"
              " ORDER BY c.seq DESC LIMIT $4",
        BRIEF " FROM calls c WHERE c.function_id = $1 AND c.seq >= $2 AND c.seq < $3"
              " ORDER BY c.seq LIMIT $4"};
    const struct scan *s = w->scan;
    return db_query(w->db, sql[s->ascending],
                    DB_ARGS(db_textz(lane->function), db_int(lane->next),
                            db_int(s->ascending ? w->below : s->above),
                            db_int((int64_t)lane->capacity + 1)),
                    ret, e);
}

/* The name is null where the function is out of reach. */
static int query_all(struct walk *w, const struct lane *lane, struct query **ret, struct err *e)
{
    auto_buf struct buf sql = {0};
    const struct scan *s = w->scan;
    buf_addf(&sql,
             BRIEF ", f.name FROM calls c LEFT JOIN functions f ON f.id = c.function_id AND %s"
                   " WHERE %s LIMIT $4",
             reach_condition(&s->reach),
             s->ascending ? "c.seq >= $2 AND c.seq < $3 ORDER BY c.seq"
                          : "c.seq <= $2 AND c.seq > $3 ORDER BY c.seq DESC");
    return db_query(w->db, sql.data,
                    DB_ARGS(db_textz(s->reach.id), db_int(lane->next),
                            db_int(s->ascending ? w->below : s->above),
                            db_int((int64_t)lane->capacity + 1)),
                    ret, e);
}

/* Reads the lane's next window, larger each time. */
static int fill(struct walk *w, struct lane *lane, struct err *e)
{
    auto_arena struct arena *brief = arena_new();
    auto_query struct query *q = NULL;
    size_t capacity = lane->capacity ? lane->capacity * 4 : WINDOW_FIRST;
    if (lane->capacity < WINDOW_MAX) {
        lane->capacity = capacity < WINDOW_MAX ? capacity : WINDOW_MAX;
        lane->window = arena_alloc(w->arena, lane->capacity * sizeof *lane->window);
    }
    if ((lane->function ? query_own : query_all)(w, lane, &q, e) < 0)
        return -1;
    int more = 1;
    lane->at = lane->count = 0;
    while (lane->count < lane->capacity && (more = query_next(q, e)) > 0)
        look(w, lane, q, brief, &lane->window[lane->count++]);
    if (more > 0)
        more = query_next(q, e);
    lane->last = more == 0;
    return more < 0 ? -1 : 0;
}

/* Puts the front lane where its next record belongs, or drops it when it has none. */
static void reorder(struct walk *w)
{
    struct lane *front = &w->lanes[0];
    if (front->at < front->count)
        front->next = front->window[front->at].seq;
    else if (!front->last)
        front->next += w->scan->ascending ? 1 : -1;
    else
        *front = w->lanes[--w->lane_count];
    sift(w, 0);
}

static int in_order(const void *one, const void *other)
{
    const struct call_row *a = one, *b = other;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static const char *name_of(const struct walk *w, int64_t seq)
{
    for (size_t i = 0; i < w->wanted_count; i++)
        if (w->wanted[i].seq == seq)
            return w->wanted[i].name;
    return NULL;
}

static size_t bytes_of(const struct call_row *row)
{
    return row->input.n + row->output.n + row->traceback.n + row->out.n + row->err.n;
}

static void keep(struct walk *w, const struct call_row *row)
{
    struct scan_page *page = w->page;
    page->names[page->count] = name_of(w, row->seq);
    page->rows[page->count++] = *row;
    w->bytes += bytes_of(row);
    if (page->count < w->scan->limit && w->bytes <= w->scan->bytes_max)
        return;
    w->full = true;
    page->more = w->lane_count > 0 || w->wanted[w->wanted_count - 1].seq != row->seq;
    page->at = row->seq;
}

/* Reads the records that are wanted and keeps those whose texts fit, until the page is full. */
static int fetch(struct walk *w, struct err *e)
{
    struct call_row rows[CALLS_FETCH_MAX];
    int64_t seqs[CALLS_FETCH_MAX];
    size_t count = 0;
    if (w->wanted_count == 0)
        return 0;
    for (size_t i = 0; i < w->wanted_count; i++)
        seqs[i] = w->wanted[i].seq;
    if (calls_fetch(w->db, w->arena, seqs, w->wanted_count, rows, &count, e) < 0)
        return -1;
    qsort(rows, count, sizeof *rows, in_order);
    for (size_t i = 0; i < count && !w->full; i++) {
        const struct call_row *row = &rows[w->scan->ascending ? i : count - 1 - i];
        if (sieve_takes_texts(w->scan->sieve, row, w->scan->reach.member))
            keep(w, row);
    }
    for (size_t i = 0; i < count; i++)
        w->read_bytes += bytes_of(&rows[i]);
    w->unclocked = LOOKS_PER_CLOCK; /* texts are dear: see the clock */
    w->wanted_count = 0;
    return 0;
}

static int step(struct walk *w, struct err *e)
{
    struct lane *front = &w->lanes[0];
    if (front->at == front->count) {
        if (fill(w, front, e) < 0)
            return -1;
        reorder(w);
        return 0;
    }
    struct look found = front->window[front->at++];
    if (found.name || w->scan->at_any)
        w->page->at = found.seq;
    w->looks++;
    w->own_looks += found.name != NULL;
    w->unclocked++;
    if (found.taken) {
        w->wanted[w->wanted_count].seq = found.seq;
        w->wanted[w->wanted_count++].name = found.name;
    }
    reorder(w);
    if (w->wanted_count == CALLS_FETCH_MAX || w->page->count + w->wanted_count == w->scan->limit)
        return fetch(w, e);
    return 0;
}

static bool is_in_everybodys(const struct walk *w)
{
    return w->lane_count == 1 && !w->lanes[0].function;
}

static bool tired(struct walk *w)
{
    if (is_in_everybodys(w) && w->looks < ENOUGH) /* it may have seen nothing to go on behind */
        return false;
    size_t most = w->scan->looks_max ? w->scan->looks_max : SCAN_LOOKS;
    if (w->looks >= most || w->read_bytes > SCAN_BYTES)
        return true;
    if (w->unclocked < LOOKS_PER_CLOCK)
        return false;
    w->unclocked = 0;
    return clock_mono_us() >= w->until_us;
}

/* Everybody's lane holds little of what is looked for. */
static bool is_disappointed(const struct walk *w)
{
    return is_in_everybodys(w) && w->looks >= ENOUGH && w->own_looks * 8 < w->looks;
}

static int open_walk(struct walk *w, struct err *e)
{
    int many = has_many(w, e);
    if (many > 0)
        open_everybodys(w);
    return many ? many : open_lanes(w, w->scan->above, w->below, e);
}

static int walk(struct walk *w, struct err *e)
{
    if (open_walk(w, e) < 0)
        return -1;
    while (w->lane_count > 0 && !w->full && !tired(w)) {
        if (is_disappointed(w) && change_lanes(w, e) < 0)
            return -1;
        if (w->lane_count > 0 && step(w, e) < 0)
            return -1;
    }
    if (w->full)
        return 0;
    int64_t at = w->page->at;
    if (fetch(w, e) < 0)
        return -1;
    if (!w->full) {
        w->page->at = at;
        w->page->more = w->lane_count > 0;
    }
    return 0;
}

int scan_run(struct db *db, struct arena *a, const struct scan *s, struct scan_page *ret,
             struct err *e)
{
    struct walk w = {.db = db,
                     .arena = a,
                     .scan = s,
                     .page = ret,
                     .below = s->below ? s->below : INT64_MAX,
                     .until_us = clock_mono_us() + SCAN_TIME_US};
    *ret = (struct scan_page){.rows = arena_alloc(a, s->limit * sizeof *ret->rows),
                              .names = arena_alloc(a, s->limit * sizeof *ret->names)};
    int rc = walk(&w, e);
    free(w.lanes);
    return rc;
}

/* 1: the first record at or behind a number, and when its call ended; 0: there is none; -1. */
static int probe(struct db *db, int64_t seq, int64_t *ret_seq, int64_t *ret_end_us, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT seq, created_us + duration_us FROM calls WHERE seq >= $1 ORDER BY seq"
                 " LIMIT 1",
                 DB_ARGS(db_int(seq)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0) {
        *ret_seq = query_int(q, 0);
        *ret_end_us = query_int(q, 1);
    }
    return found;
}

static int read_ends(struct db *db, int64_t *ret_first, int64_t *ret_last, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT (SELECT min(seq) FROM calls), (SELECT max(seq) FROM calls)",
                 DB_NO_ARGS, &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret_first = query_int(q, 0);
    *ret_last = query_int(q, 1);
    return 0;
}

/* The number before which all calls had ended at `us`: at least 1, also without any records. */
static int first_ended_after(struct db *db, int64_t us, int64_t *ret, struct err *e)
{
    int64_t low, high, seq = 0, end_us = 0;
    if (read_ends(db, &low, &high, e) < 0)
        return -1;
    if (low < 1)
        low = 1; /* 0 would stand for no end */
    for (high++; low < high;) {
        int64_t mid = low + (high - low) / 2;
        int found = probe(db, mid, &seq, &end_us, e);
        if (found < 0)
            return -1;
        if (found == 0 || end_us > us)
            high = mid;
        else
            low = seq + 1;
    }
    *ret = low;
    return 0;
}

int scan_narrow(struct db *db, struct scan *s, struct err *e)
{
    int64_t seq;
    if (s->sieve->since_us) {
        if (first_ended_after(db, s->sieve->since_us - disorder_us, &seq, e) < 0)
            return -1;
        if (seq - 1 > s->above)
            s->above = seq - 1;
    }
    if (s->sieve->until_us) {
        int64_t latest_us = s->sieve->until_us + longest_call_us + disorder_us;
        if (first_ended_after(db, latest_us, &seq, e) < 0)
            return -1;
        if (!s->below || seq < s->below)
            s->below = seq;
    }
    return 0;
}
