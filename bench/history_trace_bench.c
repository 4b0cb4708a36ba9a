/* A series of edits from a file (bench/history_peers.py makes it and gives it to others, too). */
#include "bench/history_bench.h"

#include <string.h>
#include <sys/stat.h>

/* The lines of the cell. An edit of the trace is "NUMBER\tNEW LINE", numbers from 0 in the order of
 * the lines; what comes first makes the cell, one line after the other. */
enum { LINES_MAX = 64, LINE_BYTES = 256, TEXT_BYTES = LINES_MAX * LINE_BYTES };

struct cell {
    char lines[LINES_MAX][LINE_BYTES];
    size_t count;
};

static bool next_edit(FILE *trace, struct cell *cell) {
    char line[LINE_BYTES + 16];
    if (!fgets(line, sizeof line, trace))
        return false;
    char *text = NULL;
    size_t number = strtoul(line, &text, 10);
    if (number >= LINES_MAX || *text != '\t') {
        fprintf(stderr, "history_bench: this is no trace\n");
        exit(1);
    }
    text[strcspn(text, "\n")] = '\0';
    snprintf(cell->lines[number], LINE_BYTES, "%s", text + 1);
    if (number >= cell->count)
        cell->count = number + 1;
    return true;
}

static size_t text_of(const struct cell *cell, char text[TEXT_BYTES]) {
    size_t size = 0;
    for (size_t i = 0; i < cell->count; i++)
        size += (size_t)snprintf(text + size, TEXT_BYTES - size, "%s\n", cell->lines[i]);
    return size;
}

static void read_some(struct history *history, int64_t document, int64_t versions) {
    enum { READS = 1000 };
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct samples samples = samples_of(READS);
    struct error error;
    for (int64_t i = 1; i <= READS; i++) {
        struct history_version version;
        int64_t number = 1 + i * 7919 % versions;
        int64_t a = clock_monotonic_us();
        must(history_read_version(history, document, number, &memory, &version, &error), &error);
        add_sample(&samples, clock_monotonic_us() - a);
    }
    print_samples("read any version", &samples);
    history_memory_finish(&memory);
}

void bench_trace(const char *path, int lines) {
    char folder[256], database[300], text[TEXT_BYTES];
    struct cell cell = {0};
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct error error;
    struct stat info = {0};
    FILE *trace = fopen(path, "r");
    if (!trace) {
        perror(path);
        exit(1);
    }
    make_folder(folder);
    struct history_options options = {.folder = folder};
    struct history_session_start start = {.document_path = "/trace.ipynb", .engine = "c"};
    must(history_open(&options, &history, &error), &error);
    must(history_session_begin(history, &start, &session, &error), &error);
    history_tidy(history);
    snprintf(database, sizeof database, "%s/history.sqlite3", folder);
    int64_t empty = stat(database, &info) == 0 ? info.st_size : 0;
    for (int i = 0; i < lines - 1; i++)
        next_edit(trace, &cell);
    struct samples samples = samples_of(1u << 20);
    int64_t versions = 0;
    while (next_edit(trace, &cell)) {
        struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
            .cell_key = "cell",
            .cause = HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = text_of(&cell, text)};
        struct history_edits edits = {
            .client = "bench", .sequence = ++versions, .items = &edit, .count = 1};
        int64_t a = clock_monotonic_us();
        must(history_record_edits(session, &edits, NULL, NULL, &error), &error);
        add_sample(&samples, clock_monotonic_us() - a);
    }
    fclose(trace);
    print_header();
    print_samples("record one edit", &samples);
    read_some(history, history_session_document(session), versions);
    must(history_session_end(&session, 0, &error), &error);
    history_close(&history);
    if (stat(database, &info) == 0)
        printf(
            "bytes %lld, of them an empty store %lld\n", (long long)info.st_size, (long long)empty);
    remove_folder(folder);
}
