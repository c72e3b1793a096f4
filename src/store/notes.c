/* notes — what a transaction changes, kept until it is committed. */
#include "store/backend.h"

#include "base/must.h"

#include <string.h>

/* Notes travel as lines "server:topic:id". */
static bool is_word(const char *s, size_t max, const char *marks)
{
    size_t n = strlen(s);
    return n > 0 && n <= max && strcspn(s, marks) == n;
}

static bool is_there(const struct notes *notes, const char *topic, const char *id)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->list[i].topic, topic) == 0 && strcmp(notes->list[i].id, id) == 0)
            return true;
    return false;
}

void notes_add(struct notes *notes, const char *topic, const char *id)
{
    must(is_word(topic, TOPIC_MAX, ":\n") && is_word(id, NOTE_ID_MAX, "\n"));
    if (notes->all || is_there(notes, topic, id))
        return;
    if (notes->count == NOTES_MAX) {
        notes->all = true;
        return;
    }
    struct note *note = &notes->list[notes->count++];
    strcpy(note->topic, topic);
    strcpy(note->id, id);
}

void notes_tell_all(struct db *db)
{
    if (db->store->noted)
        db->store->noted(db->store->noted_arg, db, STORE_ALL, "");
}

void notes_tell(struct db *db)
{
    struct notes told = db->notes;
    db->notes.all = false;
    db->notes.count = 0;
    if (told.all)
        notes_tell_all(db);
    for (size_t i = 0; !told.all && db->store->noted && i < told.count; i++)
        db->store->noted(db->store->noted_arg, db, told.list[i].topic, told.list[i].id);
}
