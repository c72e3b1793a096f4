/* must — states what can only be false through a bug of our own.
 * Stays on in production: a broken invariant in a sandbox manager is not a thing to run on with. */
#pragma once

#define must(x)      ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__))
#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

_Noreturn void must_fail(const char *what, const char *file, int line);
