/* What edits cost, one by one and a million of them. */
#include "bench/history_bench.h"

#include <string.h>
#include <sys/stat.h>

enum { TEXT_BYTES = 2048, LINES = 24, CELLS_OF_DOCUMENT = 100 };

static uint64_t state = 88172645463325252u;

static unsigned rnd(unsigned below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11) % below;
}

static void word(char *out, unsigned length) {
    for (unsigned i = 0; i < length; i++)
        out[i] = (char)('a' + rnd(26));
}

/* About 1 KB of which no two cells have much in common. */
static size_t make_cell(char text[TEXT_BYTES]) {
    size_t size = 0;
    for (int line = 0; line < LINES; line++) {
        char name[9] = "", from[9] = "";
        word(name, 3 + rnd(6));
        word(from, 3 + rnd(6));
        size += (size_t)snprintf(text + size, TEXT_BYTES - size,
            "double %s = %s * %u.%02u + sin(%s);\n", name, from, rnd(1000), rnd(100), name);
    }
    return size;
}

/* Ten letters somewhere in one line become ten others. */
static void edit_line(char *text, size_t size) {
    size_t at = rnd((unsigned)size - 12);
    for (size_t i = 0; i < 10; i++)
        if (text[at + i] != '\n')
            word(text + at + i, 1);
}

struct recorder {
    struct history *history;
    struct history_session *session;
    struct samples samples;
};

static struct history_edited record(struct recorder *recorder, const char *key,
    enum history_cause cause, const char *text, size_t size) {
    static int64_t sequence;
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = text,
        .text_bytes = size};
    struct history_edits edits = {
        .client = "bench", .sequence = ++sequence, .items = &edit, .count = 1};
    struct history_edited edited = {0};
    struct error error;
    int64_t a = clock_monotonic_us();
    must(history_record_edits(recorder->session, &edits, &edited, NULL, &error), &error);
    add_sample(&recorder->samples, clock_monotonic_us() - a);
    return edited;
}

static void begin(struct recorder *recorder, int document) {
    char path[64];
    struct error error;
    snprintf(path, sizeof path, "/bench-%d.ipynb", document);
    struct history_session_start start = {.document_path = path, .engine = "c"};
    must(history_session_begin(recorder->history, &start, &recorder->session, &error), &error);
}

static void end(struct recorder *recorder) {
    struct error error;
    must(history_session_end(&recorder->session, 0, &error), &error);
}

static int64_t memory_kib(void) {
    char line[256];
    long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %lld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

static double database_bytes(const char *folder) {
    char path[300];
    struct stat info = {0};
    snprintf(path, sizeof path, "%s/history.sqlite3", folder);
    return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

/* One cell that gets `edits` versions, then goes back and forth. */
static void type_in_a_cell(struct recorder *recorder, int edits, int64_t *ret_cell) {
    enum { STEPS = 1000 };
    char text[TEXT_BYTES], (*texts)[TEXT_BYTES] = calloc(STEPS, sizeof *texts);
    size_t size = make_cell(text);
    if (!texts)
        exit(1);
    recorder->samples = samples_of((size_t)edits);
    for (int i = 0; i < edits; i++) {
        edit_line(text, size);
        memcpy(texts[i % STEPS], text, size);
        *ret_cell = record(recorder, "cell", HISTORY_CAUSE_TYPING, text, size).cell_id;
    }
    print_samples("one-line edit of 1 KB", &recorder->samples);
    recorder->samples = samples_of(STEPS);
    for (int i = STEPS - 1; i-- > 0;)
        record(recorder, "cell", HISTORY_CAUSE_UNDO, texts[(edits + i) % STEPS], size);
    print_samples("undo", &recorder->samples);
    recorder->samples = samples_of(STEPS);
    for (int i = 1; i < STEPS; i++)
        record(recorder, "cell", HISTORY_CAUSE_REDO, texts[(edits + i) % STEPS], size);
    print_samples("redo", &recorder->samples);
    free(texts);
}

/* Edits that each go to another cell than the one before. */
static void type_all_over(struct recorder *recorder) {
    enum { CELLS = 200, EDITS = 20000 };
    char(*texts)[TEXT_BYTES] = calloc(CELLS, sizeof *texts);
    size_t sizes[CELLS];
    char key[16];
    if (!texts)
        exit(1);
    recorder->samples = samples_of(0);
    for (int i = 0; i < CELLS; i++) {
        sizes[i] = make_cell(texts[i]);
        snprintf(key, sizeof key, "other-%d", i);
        record(recorder, key, HISTORY_CAUSE_TYPING, texts[i], sizes[i]);
    }
    free(recorder->samples.us);
    recorder->samples = samples_of(EDITS);
    for (int i = 0; i < EDITS; i++) {
        int cell = i % CELLS;
        snprintf(key, sizeof key, "other-%d", cell);
        edit_line(texts[cell], sizes[cell]);
        record(recorder, key, HISTORY_CAUSE_TYPING, texts[cell], sizes[cell]);
    }
    print_samples("edit of another cell each time", &recorder->samples);
    free(texts);
}

static void move_cells(struct recorder *recorder, const char *folder) {
    enum { CELLS = 1000, LAYOUTS = 1000 };
    static char names[CELLS][16];
    static const char *keys[CELLS];
    struct error error;
    history_tidy(recorder->history);
    for (int i = 0; i < CELLS; i++) {
        snprintf(names[i], sizeof names[i], "moved-%d", i);
        keys[i] = names[i];
    }
    double before = 0;
    recorder->samples = samples_of(LAYOUTS);
    for (int i = 0; i <= LAYOUTS; i++) {
        struct history_edit edit = {.kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = CELLS};
        struct history_edits edits = {.items = &edit, .count = 1};
        int64_t a = clock_monotonic_us();
        must(history_record_edits(recorder->session, &edits, NULL, NULL, &error), &error);
        if (i)
            add_sample(&recorder->samples, clock_monotonic_us() - a);
        if (i == 0) {
            history_tidy(recorder->history);
            before = database_bytes(folder);
        }
        unsigned from = rnd(CELLS), to = rnd(CELLS);
        const char *key = keys[from];
        if (from < to)
            memmove(keys + from, keys + from + 1, (to - from) * sizeof *keys);
        else
            memmove(keys + to + 1, keys + to, (from - to) * sizeof *keys);
        keys[to] = key;
    }
    print_samples("move of one of 1,000 cells", &recorder->samples);
    history_tidy(recorder->history);
    printf("%d such moves: %.0f bytes of database each\n", LAYOUTS,
        (database_bytes(folder) - before) / LAYOUTS);
}

static void read_back(struct recorder *recorder, int64_t cell, int versions) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions tree;
    struct error error;
    int64_t document = history_session_document(recorder->session);
    int64_t t0 = clock_monotonic_us();
    must(history_read_tree(recorder->history, cell, &memory, &tree, &error), &error);
    int64_t t1 = clock_monotonic_us();
    size_t whole = tree.count;
    must(history_read_tree_page(recorder->history, cell, 0, 100, &memory, &tree, &error), &error);
    int64_t t2 = clock_monotonic_us();
    printf("tree of %zu versions: %.1f ms; its newest page of 100: %.2f ms\n", whole,
        (double)(t1 - t0) / 1e3, (double)(t2 - t1) / 1e3);
    struct samples reads = samples_of(1000);
    for (int i = 0; i < 1000; i++) {
        struct history_version version;
        int64_t a = clock_monotonic_us();
        must(history_read_version(recorder->history, document, 1 + rnd((unsigned)versions), &memory,
                 &version, &error),
            &error);
        add_sample(&reads, clock_monotonic_us() - a);
    }
    print_header();
    print_samples("any version's text", &reads);
    history_memory_finish(&memory);
}

void bench_edits(void) {
    enum { EDITS = 10000 };
    char folder[256];
    make_folder(folder);
    struct history_options options = {.folder = folder};
    struct recorder recorder = {0};
    struct error error;
    int64_t cell = 0;
    must(history_open(&options, &recorder.history, &error), &error);
    begin(&recorder, 0);
    print_header();
    type_in_a_cell(&recorder, EDITS, &cell);
    type_all_over(&recorder);
    move_cells(&recorder, folder);
    end(&recorder);
    history_close(&recorder.history);
    int64_t t0 = clock_monotonic_us();
    must(history_open(&options, &recorder.history, &error), &error);
    printf("opening the store: %.1f ms\n", (double)(clock_monotonic_us() - t0) / 1e3);
    begin(&recorder, 0);
    read_back(&recorder, cell, EDITS);
    end(&recorder);
    history_close(&recorder.history);
    remove_folder(folder);
}

/* ---- a million ---- */

static void fill_document(
    struct recorder *recorder, int document, int cells, int edits, int burst) {
    char(*texts)[TEXT_BYTES] = calloc((size_t)cells, sizeof *texts);
    size_t *sizes = calloc((size_t)cells, sizeof *sizes);
    char key[64];
    if (!texts || !sizes)
        exit(1);
    begin(recorder, document);
    for (int i = 0; i < edits; i += burst) {
        int cell = i / burst < cells ? i / burst : (int)rnd((unsigned)cells);
        if (!sizes[cell])
            sizes[cell] = make_cell(texts[cell]);
        snprintf(key, sizeof key, "%08x-%04x", (unsigned)document * 2654435761u, cell);
        for (int j = 0; j < burst && i + j < edits; j++) {
            edit_line(texts[cell], sizes[cell]);
            record(recorder, key, HISTORY_CAUSE_TYPING, texts[cell], sizes[cell]);
        }
    }
    end(recorder);
    free(texts);
    free(sizes);
}

void bench_million(int edits, int cells, int burst) {
    int documents = cells > CELLS_OF_DOCUMENT ? cells / CELLS_OF_DOCUMENT : 1;
    char folder[256];
    make_folder(folder);
    struct history_options options = {.folder = folder};
    struct recorder recorder = {.samples = samples_of((size_t)edits)};
    memset(recorder.samples.us, 1, (size_t)edits * sizeof *recorder.samples.us); /* resident now */
    struct error error;
    must(history_open(&options, &recorder.history, &error), &error);
    int64_t early_kib = 0;
    int64_t t0 = clock_monotonic_us();
    for (int i = 0; i < documents; i++) {
        fill_document(&recorder, i, cells / documents, edits / documents, burst);
        if (i == documents / 10)
            early_kib = memory_kib();
    }
    int64_t t1 = clock_monotonic_us();
    int64_t late_kib = memory_kib();
    history_close(&recorder.history);
    double bytes = database_bytes(folder);
    printf("%d edits of %d cells in %d documents, %d of a cell at a time: %.0f s\n", edits, cells,
        documents, burst, (double)(t1 - t0) / 1e6);
    printf("database: %.1f MB, %.1f bytes an edit\n", bytes / 1e6, bytes / edits);
    printf("resident after a tenth %lld KiB, at the end %lld KiB\n", (long long)early_kib,
        (long long)late_kib);
    t0 = clock_monotonic_us();
    must(history_open(&options, &recorder.history, &error), &error);
    t1 = clock_monotonic_us();
    printf("opening the store: %.1f ms\n", (double)(t1 - t0) / 1e3);
    begin(&recorder, documents / 2);
    print_header();
    print_samples("one-line edit of 1 KB", &recorder.samples);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cells list;
    int64_t document = history_session_document(recorder.session);
    must(history_list_cells(recorder.history, document, &memory, &list, &error), &error);
    t0 = clock_monotonic_us();
    struct history_notebook notebook;
    must(history_read_notebook(recorder.history, document, list.items[list.count / 2].created_us,
             &memory, &notebook, &error),
        &error);
    printf("the notebook as it was: %.1f ms\n", (double)(clock_monotonic_us() - t0) / 1e3);
    read_back(&recorder, list.items[list.count / 2].id, edits / documents);
    history_memory_finish(&memory);
    end(&recorder);
    history_close(&recorder.history);
    if (!getenv("FORKERNEL_BENCH_KEEP"))
        remove_folder(folder);
}
