/* tree — which files can stand beside each other, in an archive as in a request. Only for
 * functions/. */
#pragma once

#include "functions/files.h"

struct tree_entry {
    struct file file;
    bool directory;
    size_t place; /* which of those that the client named */
};

/* What is wrong with a path, as the end of a sentence that begins with it; NULL when nothing is.
 * Good are relative UTF-8 paths without "", "." and ".." segments and control characters. */
const char *tree_path_flaw(struct str path);
/* Sorts by path, a directory followed at once by what is in it. Returns an entry that cannot stand
 * there, and why in the same manner: a file named twice, or one that is a directory too. NULL: all
 * can. */
const struct tree_entry *tree_sort(struct tree_entry *entries, size_t count, const char **ret_why);
/* The file or directory of that path in sorted entries; NULL when there is none. */
const struct tree_entry *tree_find(const struct tree_entry *entries, size_t count, struct str path);
