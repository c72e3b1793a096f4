/* Feeds arbitrary bytes to the reader of a runner's frames, whole and cut into two deliveries: both
 * must see the same frames, every payload must lie inside the buffer, and nothing may be read
 * beyond it. */
#include "engine/frame.h"

#include "base/must.h"

enum { MAX = 4096 };

static int walk(const struct buf *in, size_t *at, size_t *count)
{
    struct err e = {0};
    struct frame f;
    int got;
    while ((got = frame_next(in, at, MAX, &f, &e)) > 0) {
        must(f.payload.p >= in->data && f.payload.p + f.payload.n <= in->data + in->len);
        must(f.payload.n <= MAX);
        ++*count;
    }
    must(got == 0 || e.text[0]);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    auto_buf struct buf whole = {0}, parts = {0};
    size_t at_whole = 0, at_parts = 0, count_whole = 0, count_parts = 0;
    size_t cut = data[0] % size;
    buf_add(&whole, data, size);
    int end = walk(&whole, &at_whole, &count_whole);
    buf_add(&parts, data, cut);
    int end_parts = cut ? walk(&parts, &at_parts, &count_parts) : 0;
    if (end_parts == 0) {
        buf_add(&parts, data + cut, size - cut);
        end_parts = walk(&parts, &at_parts, &count_parts);
    }
    must(end == end_parts && count_whole == count_parts);
    return 0;
}
