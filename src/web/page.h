/* page — the dashboard's one HTML page, at every address that its router knows. Private to web/.
 *
 * Its policy lets through style elements with a nonce only, which is made for each answer and
 * stands in the page too, for the editor that makes such elements as it runs. So the page is never
 * kept by browsers; it is small, and what it names (hashed files) is kept for good. */
#pragma once

#include "http/http.h"

/* Answers with index.html, the nonce in place of "{{nonce}}". Loop thread. */
void page_answer(struct http_exchange *x);
void page_answer_missing(struct http_exchange *x); /* the same with 404: its router says it, too */
