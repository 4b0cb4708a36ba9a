#include "kernel/engine/c/split.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool token_is(const struct split *split, size_t at, const char *what) {
    return at < split->token_count && lex_is(split->text, split->tokens[at], what);
}

static bool is_one_of(const struct split *split, size_t at, const char *const *words) {
    for (; *words; words++)
        if (token_is(split, at, *words))
            return true;
    return false;
}

static const char *const declaration_words[] = {"int", "char", "short", "long", "float", "double",
    "void", "signed", "unsigned", "_Bool", "bool", "_Complex", "_Imaginary", "struct", "union",
    "enum", "typedef", "extern", "static", "auto", "register", "_Thread_local", "thread_local",
    "__thread", "const", "volatile", "restrict", "__restrict", "_Atomic", "inline", "__inline",
    "__inline__", "_Noreturn", "_Alignas", "alignas", "__attribute__", "__extension__",
    "__typeof__", "typeof", "__auto_type", "_Static_assert", "static_assert", "__int128",
    "__int128_t", "__uint128_t", "_Float128", "__float128", "_Float16", "__signed__", "__const",
    "__volatile__", "__builtin_va_list", "va_list", NULL};

static const char *const statement_words[] = {"if", "else", "for", "while", "do", "switch", "case",
    "default", "return", "goto", "break", "continue", "asm", "__asm__", "sizeof", "_Generic",
    "__label__", NULL};

static const char *const tag_words[] = {"struct", "union", "enum", NULL};

static const char *const group_words[] = {"__attribute__", "__attribute", "_Alignas", "alignas",
    "__typeof__", "typeof", "__declspec", "_Atomic", "__asm__", "asm", NULL};

/* Brackets nest; past the end means that the text stopped first. */
size_t split_skip_group(const struct split *split, size_t at) {
    size_t depth = 0;
    for (; at < split->token_count; at++) {
        if (token_is(split, at, "(") || token_is(split, at, "[") || token_is(split, at, "{")) {
            depth++;
        } else if (token_is(split, at, ")") || token_is(split, at, "]") ||
                   token_is(split, at, "}")) {
            if (--depth == 0)
                return at + 1;
        }
    }
    return at;
}

static bool opens(const struct split *split, size_t at) {
    return token_is(split, at, "(") || token_is(split, at, "[") || token_is(split, at, "{");
}

/* ---- statements ---- */

static size_t skip_simple(const struct split *split, size_t at, bool *unfinished) {
    while (at < split->token_count) {
        if (token_is(split, at, ";"))
            return at + 1;
        if (token_is(split, at, "}"))
            return at; /* a stray one: the caller moves on */
        at = opens(split, at) ? split_skip_group(split, at) : at + 1;
    }
    *unfinished = true;
    return at;
}

enum { DEEPEST_STATEMENT = 200 };

static size_t skip_statement(
    const struct split *split, size_t at, bool *unfinished, unsigned depth) {
    while (at < split->token_count && split->tokens[at].kind == LEX_DIRECTIVE)
        at++;
    if (at >= split->token_count || depth > DEEPEST_STATEMENT) {
        *unfinished = true;
        return split->token_count;
    }
    if (token_is(split, at, "{"))
        return split_skip_group(split, at);
    if (token_is(split, at, "if")) {
        at = token_is(split, at + 1, "(") ? split_skip_group(split, at + 1) : at + 1;
        at = skip_statement(split, at, unfinished, depth + 1);
        size_t next = at;
        while (next < split->token_count && split->tokens[next].kind == LEX_DIRECTIVE)
            next++;
        if (!*unfinished && token_is(split, next, "else"))
            return skip_statement(split, next + 1, unfinished, depth + 1);
        return at;
    }
    if (token_is(split, at, "for") || token_is(split, at, "while") ||
        token_is(split, at, "switch")) {
        at = token_is(split, at + 1, "(") ? split_skip_group(split, at + 1) : at + 1;
        return skip_statement(split, at, unfinished, depth + 1);
    }
    if (token_is(split, at, "do")) {
        at = skip_statement(split, at + 1, unfinished, depth + 1);
        return skip_simple(split, at, unfinished);
    }
    if (token_is(split, at, "else"))
        return skip_statement(split, at + 1, unfinished, depth + 1);
    if (token_is(split, at, "case") || token_is(split, at, "default")) {
        while (at < split->token_count && !token_is(split, at, ":") && !token_is(split, at, ";"))
            at++;
        return skip_statement(split, at + 1, unfinished, depth + 1);
    }
    if (split->tokens[at].kind == LEX_IDENTIFIER && token_is(split, at + 1, ":"))
        return skip_statement(split, at + 2, unfinished, depth + 1);
    return skip_simple(split, at, unfinished);
}

/* ---- declarations ---- */

/* Names that are types: those that the caller knows, and those that the text itself has made so
 * far, in a hash table, for a text may make thousands. */
struct types {
    split_is_type *is_type;
    void *context;
    struct name {
        const char *at; /* into the text; NULL: free */
        size_t size;
    } *names;
    size_t count, capacity; /* a power of two, or 0 */
    bool failed;
};

/* Where the name is, or would be; the table is not empty and has free places. */
static struct name *find_slot(const struct types *types, const char *name, size_t size) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & (types->capacity - 1);
    while (types->names[at].at &&
           (types->names[at].size != size || memcmp(types->names[at].at, name, size) != 0))
        at = (at + 1) & (types->capacity - 1);
    return &types->names[at];
}

static bool grow(struct types *types) {
    struct types grown = *types;
    grown.capacity = types->capacity ? types->capacity * 2 : 16;
    grown.names = calloc(grown.capacity, sizeof *grown.names);
    if (!grown.names)
        return false;
    for (size_t i = 0; i < types->capacity; i++)
        if (types->names[i].at)
            *find_slot(&grown, types->names[i].at, types->names[i].size) = types->names[i];
    free(types->names);
    *types = grown;
    return true;
}

static void add_type(void *context, enum split_name_kind kind, const char *name, size_t size) {
    struct types *types = context;
    if (kind != SPLIT_TYPEDEF)
        return;
    if (types->count >= types->capacity / 2 && !grow(types)) {
        types->failed = true;
        return;
    }
    struct name *slot = find_slot(types, name, size);
    types->count += !slot->at;
    *slot = (struct name){name, size};
}

static bool is_type_name(const struct types *types, const char *name, size_t size) {
    return (types->is_type && types->is_type(types->context, name, size)) ||
           (types->count && find_slot(types, name, size)->at);
}

static bool starts_declaration(const struct split *split, size_t at, const struct types *types) {
    if (split->tokens[at].kind != LEX_IDENTIFIER || is_one_of(split, at, statement_words))
        return false;
    if (is_one_of(split, at, declaration_words))
        return true;
    struct lex_token token = split->tokens[at];
    bool known = is_type_name(types, split->text + token.start, token.end - token.start);
    size_t next = at + 1;
    if (next >= split->token_count)
        return false;
    if (split->tokens[next].kind == LEX_IDENTIFIER)
        return known || !is_one_of(split, next, statement_words);
    return known && (token_is(split, next, "*") || token_is(split, next, "("));
}

/* Past `struct`, `union` or `enum` at `at` with its attributes, name and body. */
static size_t skip_tag(const struct split *split, size_t at) {
    for (at++; at < split->token_count; at++) {
        if (is_one_of(split, at, group_words) && token_is(split, at + 1, "("))
            at = split_skip_group(split, at + 1) - 1;
        else if (token_is(split, at, "{"))
            return split_skip_group(split, at);
        else if (split->tokens[at].kind == LEX_IDENTIFIER)
            return token_is(split, at + 1, "{") ? split_skip_group(split, at + 1) : at + 1;
        else
            return at;
    }
    return at;
}

static const char *const not_types[] = {"typedef", "extern", "static", "auto", "register",
    "_Thread_local", "thread_local", "__thread", "const", "volatile", "restrict", "__restrict",
    "inline", "__inline", "__inline__", "_Noreturn", "_Alignas", "alignas", "__attribute__",
    "__attribute", "__extension__", "__const", "__volatile__", "__declspec", "__asm__", "asm",
    NULL};

/* The name that the first declarator of the declaration at `at` declares, which parentheses may
   wrap: token_count where there is none. */
static size_t declared_name(const struct split *split, size_t at, size_t end) {
    bool typed = false;
    while (at < end) {
        bool group = is_one_of(split, at, group_words) && token_is(split, at + 1, "(");
        if (is_one_of(split, at, tag_words)) {
            at = skip_tag(split, at);
            typed = true;
        } else if (group || is_one_of(split, at, declaration_words)) {
            typed = typed || !is_one_of(split, at, not_types);
            at = group ? split_skip_group(split, at + 1) : at + 1;
        } else if (split->tokens[at].kind == LEX_IDENTIFIER) {
            bool more = at + 1 < end && split->tokens[at + 1].kind == LEX_IDENTIFIER;
            bool wrapped = token_is(split, at + 1, "*") || token_is(split, at + 1, "(");
            if (!more && (typed || !wrapped))
                return at;
            typed = true;
            at++;
        } else if (token_is(split, at, "*") || token_is(split, at, "(")) {
            at++;
        } else {
            break;
        }
    }
    return split->token_count;
}

/* Up to the semicolon, or to the } of a function's body. */
static void take_declaration(const struct split *split, struct split_item *item) {
    size_t at = item->first;
    bool assigned = false;
    item->kind = SPLIT_DECLARATION;
    while (at < split->token_count) {
        if (token_is(split, at, ";")) {
            item->count = at + 1 - item->first;
            return;
        }
        if (token_is(split, at, "{") && !assigned) {
            size_t name = declared_name(split, item->first, at);
            size_t after = name + 1;
            while (token_is(split, after, ")"))
                after++;
            if (name < at && token_is(split, after, "(")) {
                item->kind = SPLIT_FUNCTION;
                item->name = name;
                item->body = at;
                at = split_skip_group(split, at);
                item->unfinished = at >= split->token_count && !token_is(split, at - 1, "}");
                item->count = at - item->first;
                return;
            }
        }
        if (token_is(split, at, "}"))
            break;
        if (token_is(split, at, "=") || token_is(split, at, ","))
            assigned = true;
        if (is_one_of(split, at, group_words) && token_is(split, at + 1, "("))
            at = split_skip_group(split, at + 1);
        else if (is_one_of(split, at, tag_words))
            at = skip_tag(split, at);
        else if (opens(split, at))
            at = split_skip_group(split, at);
        else
            at++;
    }
    item->count = at - item->first;
    item->unfinished = true;
}

/* ---- the list ---- */

static bool is_statement_word(const struct split *split, const struct split_item *item) {
    return is_one_of(split, item->first, statement_words) &&
           !token_is(split, item->first, "sizeof") && !token_is(split, item->first, "_Generic");
}

static void take_item(
    const struct split *split, struct split_item *item, const struct types *types) {
    if (split->tokens[item->first].kind == LEX_DIRECTIVE) {
        item->kind = SPLIT_DIRECTIVE;
        item->count = 1;
        return;
    }
    if (starts_declaration(split, item->first, types)) {
        take_declaration(split, item);
        return;
    }
    bool unfinished = false;
    size_t end = skip_statement(split, item->first, &unfinished, 0);
    if (end == item->first)
        end++; /* a stray bracket */
    item->kind = SPLIT_STATEMENT;
    item->count = end - item->first;
    item->unfinished = unfinished;
    if (unfinished && !is_statement_word(split, item) && !token_is(split, item->first, "{")) {
        item->kind = SPLIT_EXPRESSION;
        item->unfinished = false;
    }
}

static void check_brackets(struct split *split) {
    char *stack = malloc(split->token_count + 1);
    if (!stack)
        return;
    size_t depth = 0;
    for (size_t i = 0; i < split->token_count && !split->stray; i++) {
        if (split->tokens[i].kind != LEX_PUNCTUATION)
            continue;
        switch (split->text[split->tokens[i].start]) {
        case '(':
            stack[depth++] = ')';
            break;
        case '[':
            stack[depth++] = ']';
            break;
        case '{':
            stack[depth++] = '}';
            break;
        case ')':
        case ']':
        case '}':
            if (depth > 0)
                depth--;
            else
                split->stray = true;
            if (!split->stray && stack[depth] != split->text[split->tokens[i].start])
                split->stray = true;
            break;
        default:
            break;
        }
    }
    split->depth = depth;
    free(stack);
}

void split_init(
    struct split *split, const char *text, size_t size, split_is_type *is_type, void *context) {
    char *copy = malloc(size + 1);
    *split = (struct split){.text = copy, .size = size};
    if (!copy) {
        split->failed = true;
        return;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    lex_exclude(copy, size, NULL, NULL);
    text = copy;
    split->tokens = lex_all(text, size, &split->token_count, &split->fault);
    if (!split->tokens) {
        split_finish(split);
        split->failed = true;
        return;
    }
    check_brackets(split);
    struct types types = {.is_type = is_type, .context = context};
    size_t capacity = 0;
    for (size_t at = 0; at < split->token_count && !types.failed;) {
        if (split->count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct split_item *grown = realloc(split->items, capacity * sizeof *grown);
            types.failed = !grown;
            if (!grown)
                break;
            split->items = grown;
        }
        struct split_item *item = &split->items[split->count++];
        *item = (struct split_item){.first = at};
        take_item(split, item, &types);
        item->start = split->tokens[at].start;
        item->end = split->tokens[at + item->count - 1].end;
        if (item->kind == SPLIT_DECLARATION && token_is(split, at, "typedef"))
            split_type_names(split, item, add_type, &types);
        at += item->count;
    }
    free(types.names);
    if (types.failed) {
        split_finish(split);
        split->failed = true;
    }
}

void split_finish(struct split *split) {
    free(split->tokens);
    free(split->items);
    free((char *)split->text);
    *split = (struct split){0};
}

/* ---- names ---- */

bool split_starts_with(const struct split *split, const struct split_item *item, const char *word) {
    return token_is(split, item->first, word);
}

bool split_has_word(const struct split *split, const struct split_item *item, const char *word) {
    for (size_t at = item->first; at < item->first + item->count;) {
        if (token_is(split, at, word))
            return true;
        at = opens(split, at) ? split_skip_group(split, at) : at + 1;
    }
    return false;
}

/* The { of a tag whose keyword stands at `at`, past attributes and the name; 0 for none. */
static size_t tag_open(const struct split *split, size_t at, size_t end, size_t *ret_name) {
    size_t name = 0;
    for (at++; at < end; at++) {
        if (is_one_of(split, at, group_words) && token_is(split, at + 1, "(")) {
            at = split_skip_group(split, at + 1) - 1;
        } else if (token_is(split, at, "{")) {
            *ret_name = name;
            return at;
        } else if (split->tokens[at].kind == LEX_IDENTIFIER && !name) {
            name = at;
        } else {
            return 0;
        }
    }
    return 0;
}

static void report(const struct split *split, size_t at, enum split_name_kind kind,
    split_name *found, void *context) {
    found(context, kind, split->text + split->tokens[at].start,
        split->tokens[at].end - split->tokens[at].start);
}

static void typedef_names(
    const struct split *split, const struct split_item *item, split_name *found, void *context) {
    size_t end = item->first + item->count;
    size_t last = 0;
    bool named = false; /* by a (*name)( form */
    for (size_t at = item->first + 1; at < end;) {
        if (token_is(split, at, ",") || token_is(split, at, ";")) {
            if (last)
                report(split, last, SPLIT_TYPEDEF, found, context);
            last = 0;
            named = false;
            at++;
        } else if (is_one_of(split, at, group_words) && token_is(split, at + 1, "(")) {
            at = split_skip_group(split, at + 1);
        } else if (token_is(split, at, "(") && !named && token_is(split, at + 1, "*")) {
            size_t close = split_skip_group(split, at);
            for (size_t i = at; i < close && !named; i++)
                if (split->tokens[i].kind == LEX_IDENTIFIER && !token_is(split, i, "const")) {
                    last = i;
                    named = true;
                }
            at = close;
        } else if (opens(split, at)) {
            at = split_skip_group(split, at);
        } else {
            if (split->tokens[at].kind == LEX_IDENTIFIER && !named)
                last = at;
            at++;
        }
    }
}

/* Past the tokens of an item that may hold type definitions for the session. */
static size_t types_end(const struct split_item *item) {
    return item->kind == SPLIT_FUNCTION ? item->name : item->first + item->count;
}

void split_type_names(
    const struct split *split, const struct split_item *item, split_name *found, void *context) {
    size_t end = types_end(item);
    for (size_t at = item->first; at < end; at++) {
        if (!is_one_of(split, at, tag_words))
            continue;
        size_t name = 0;
        size_t open = tag_open(split, at, end, &name);
        if (!open)
            continue;
        if (name)
            report(split, name, SPLIT_TAG, found, context);
        if (!token_is(split, at, "enum"))
            continue;
        size_t close = split_skip_group(split, open);
        for (size_t i = open + 1; i < close && i < end; i++) {
            if (split->tokens[i].kind == LEX_IDENTIFIER &&
                (i == open + 1 || token_is(split, i - 1, ",")))
                report(split, i, SPLIT_ENUMERATOR, found, context);
            if (opens(split, i))
                i = split_skip_group(split, i) - 1;
        }
    }
    if (token_is(split, item->first, "typedef"))
        typedef_names(split, item, found, context);
}

bool split_tag_body(const struct split *split, const struct split_item *item, size_t *ret_keyword,
    size_t *ret_open, size_t *ret_close) {
    size_t end = types_end(item);
    for (size_t at = item->first; at < end;) {
        size_t name;
        if (is_one_of(split, at, tag_words)) {
            size_t open = tag_open(split, at, end, &name);
            if (!open)
                return false;
            *ret_keyword = at;
            *ret_open = open;
            *ret_close = split_skip_group(split, open) - 1;
            return true;
        }
        at = opens(split, at) ? split_skip_group(split, at) : at + 1;
    }
    return false;
}
