#include "kernel/engine/c/language/definition.h"

#include <stdlib.h>
#include <string.h>

void *must_allocate(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

char *must_copy(const char *text, size_t size) {
    char *copy = must_allocate(NULL, size + 1);
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

struct definition *definition_create(enum definition_kind kind, const char *prelude,
    size_t prelude_size, const char *source, size_t source_size) {
    struct definition *definition = must_allocate(NULL, sizeof *definition);
    *definition = (struct definition){.kind = kind,
        .prelude = must_copy(prelude, prelude_size),
        .source = must_copy(source, source_size)};
    return definition;
}

void definition_add_name(struct definition *definition, const char *name, size_t size) {
    definition->names =
        must_allocate(definition->names, (definition->name_count + 1) * sizeof *definition->names);
    definition->names[definition->name_count++] = must_copy(name, size);
}

static char *type_name(enum split_name_kind kind, const char *name, size_t size) {
    char *copy = must_allocate(NULL, size + 2);
    size_t at = 0;
    if (kind == SPLIT_TAG)
        copy[at++] = '#';
    memcpy(copy + at, name, size);
    copy[at + size] = '\0';
    return copy;
}

void definition_add_type_name(
    struct definition *definition, enum split_name_kind kind, const char *name, size_t size) {
    char *copy = type_name(kind, name, size);
    definition_add_name(definition, copy, strlen(copy));
    definition->type_count += kind == SPLIT_TYPEDEF;
    free(copy);
}

void names_add_type_name(
    struct names *names, enum split_name_kind kind, const char *name, size_t size) {
    char *copy = type_name(kind, name, size);
    names_add(names, copy, strlen(copy));
    free(copy);
}

bool definition_is_typedef(const struct definition *definition, const char *name) {
    for (size_t i = definition->name_count - definition->type_count; i < definition->name_count;
        i++)
        if (strcmp(definition->names[i], name) == 0)
            return true;
    return false;
}

const char *definition_title(const struct definition *definition) {
    if (definition->name_count == 0)
        return "a declaration";
    return definition->names[0] + (*definition->names[0] == '#');
}

bool definition_has_name(const struct definition *definition, const char *name) {
    for (size_t i = 0; i < definition->name_count; i++)
        if (strcmp(definition->names[i], name) == 0)
            return true;
    return false;
}

void session_finish(struct session *session) {
    free(session->items);
    *session = (struct session){0};
}

void session_clear(struct session *session) {
    session->count = 0;
}

void session_append(struct session *session, const struct definition *definition) {
    if (session->count == session->capacity) {
        session->capacity = session->capacity ? session->capacity * 2 : 64;
        session->items = must_allocate(session->items, session->capacity * sizeof *session->items);
    }
    session->items[session->count++] = definition;
}

void session_copy(struct session *to, const struct session *from) {
    session_clear(to);
    for (size_t i = 0; i < from->count; i++)
        session_append(to, from->items[i]);
}

bool session_has(const struct session *session, const struct definition *definition) {
    for (size_t i = session->count; i-- > 0;)
        if (session->items[i] == definition)
            return true;
    return false;
}

const struct definition *session_find(const struct session *session, const char *name) {
    for (size_t i = session->count; i-- > 0;)
        if (session->items[i]->kind != DEFINITION_FRONT &&
            definition_has_name(session->items[i], name))
            return session->items[i];
    return NULL;
}

void names_add(struct names *names, const char *name, size_t size) {
    char *copy = must_copy(name, size);
    if (names_have(names, copy)) {
        free(copy);
        return;
    }
    names->items = must_allocate(names->items, (names->count + 1) * sizeof *names->items);
    names->items[names->count++] = copy;
}

bool names_have(const struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

void names_remove(struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) != 0)
            continue;
        free(names->items[i]);
        names->items[i] = names->items[--names->count];
        return;
    }
}

void names_finish(struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}
