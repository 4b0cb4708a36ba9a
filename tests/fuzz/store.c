/*
 * A history whose database is damaged anywhere: it is read, looked at by the doctor, and repaired.
 * Whatever was hit, nothing falls over, and what the doctor has repaired is whole.
 *
 * The input is a list of patches to the database of a small store: offset (3 bytes), length (1),
 * and that many bytes, which are added to those that are there.
 */
#include "history/doctor.h"
#include "history/edits.h"
#include "tests/fuzz/fuzz.h"

#include "base/file.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 6, EDITS = 20, FILES_MAX = 32 };

static char folder[64];
static struct history_options options = {
    .folder = folder, .keyframe_every = 4, .busy_timeout_ms = 1};

/* The store before any damage. */
static struct file {
    char path[128];
    struct buf bytes;
} files[FILES_MAX];
static size_t file_count;

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_all(void) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct error error;                                                                        \
        if ((call) != STATUS_OK) {                                                                 \
            fprintf(stderr, "%s\n", error.message);                                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void run_cell(struct history_session *session, int i) {
    char text[64];
    int size = snprintf(text, sizeof text, "int x = %d;\nprintf(\"%%d\", x);\n", i % 4);
    struct history_run *run = NULL;
    struct history_run_start start = {
        .cell_key = i % 2 ? "a" : "b", .language = "c", .text = text, .text_bytes = (size_t)size};
    MUST(history_run_begin(session, &start, &run, &error));
    MUST(history_run_write(run, HISTORY_STDOUT, text, (size_t)size, &error));
    if (i % 3 == 0)
        MUST(history_run_error(run, "Fault", "here", "line 1", 6, &error));
    MUST(history_run_end(&run, HISTORY_OK, 0, &error));
}

static void edit_cell(struct history_session *session, int i) {
    static const char *const orders[2][2] = {{"a", "b"}, {"b", "a"}};
    char text[64];
    int size = snprintf(text, sizeof text, "int x = %d;\nreturn x + %d;\n", i % 3, i);
    struct history_edit edits[] = {
        {.kind = HISTORY_EDIT_TEXT,
            .cell_key = i % 2 ? "a" : "c",
            .cause = HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = (size_t)size},
        {.kind = HISTORY_EDIT_LAYOUT, .keys = orders[i % 2], .key_count = 2},
    };
    struct history_edits batch = {.client = "page", .sequence = i + 1, .items = edits, .count = 2};
    MUST(history_record_edits(session, &batch, NULL, NULL, &error));
}

static int keep_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)ftw;
    if (type != FTW_F || file_count == FILES_MAX)
        return 0;
    struct file *file = &files[file_count++];
    snprintf(file->path, sizeof file->path, "%s", path);
    MUST(file_read(path, 1 << 24, &file->bytes, &error));
    return 0;
}

static void make_store(void) {
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/a.ipynb", .engine = "c"};
    snprintf(folder, sizeof folder, "%s/fk-fuzz-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_all);
    MUST(history_open(&options, &history, &error));
    MUST(history_session_begin(history, &start, &session, &error));
    for (int i = 0; i < RUNS; i++)
        run_cell(session, i);
    for (int i = 0; i < EDITS; i++)
        edit_cell(session, i);
    MUST(history_set_label(history, 1, HISTORY_VERSION, 2, "good", &error));
    MUST(history_session_end(&session, 0, &error));
    history_close(&history);
    nftw(folder, keep_one, 16, FTW_PHYS);
}

static void read_outputs(
    struct history *history, const struct history_run_info *run, struct history_memory *memory) {
    struct history_outputs outputs = {0};
    if (history_list_outputs(history, run->id, memory, &outputs, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < outputs.count; i++) {
        for (size_t part = 0; part < outputs.items[i].part_count; part++) {
            struct buf bytes = BUF_INIT;
            (void)!history_read_part(history, &outputs.items[i].parts[part], &bytes, NULL);
            buf_finish(&bytes);
        }
    }
}

static void read_cell(
    struct history *history, const struct history_cell *cell, struct history_memory *memory) {
    struct history_versions tree = {0};
    struct history_version version;
    if (history_read_tree(history, cell->id, memory, &tree, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < tree.count; i++) {
        (void)!history_read_version(
            history, cell->document_id, tree.items[i].number, memory, &version, NULL);
        for (size_t run = 0; run < tree.items[i].runs.count; run++)
            read_outputs(history, &tree.items[i].runs.items[run], memory);
    }
}

static void read_document(struct history *history, int64_t id, struct history_memory *memory) {
    struct history_cells cells = {0};
    struct history_notebook notebook;
    struct history_states states;
    struct history_moves log;
    if (history_list_cells(history, id, memory, &cells, NULL) == STATUS_OK)
        for (size_t i = 0; i < cells.count; i++)
            read_cell(history, &cells.items[i], memory);
    (void)!history_read_notebook(history, id, 0, memory, &notebook, NULL);
    (void)!history_list_states(history, id, memory, &states, NULL);
    (void)!history_read_log(history, id, 0, memory, &log, NULL);
}

static void read_store(bool for_writing) {
    struct history *history = NULL;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_documents documents = {0};
    struct history_options own = options;
    own.read_only = !for_writing;
    if (history_open(&own, &history, NULL) == STATUS_OK) {
        if (history_list_documents(history, &memory, &documents, NULL) == STATUS_OK)
            for (size_t i = 0; i < documents.count; i++)
                read_document(history, documents.items[i].id, &memory);
        history_close(&history);
    }
    history_memory_finish(&memory);
}

static void patch(struct buf *bytes, const uint8_t *data, size_t size) {
    while (size > 4) {
        size_t at = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % bytes->size;
        size_t length = data[3] < size - 4 ? data[3] : size - 4;
        for (size_t i = 0; i < length && at + i < bytes->size; i++)
            bytes->data[at + i] = (char)(bytes->data[at + i] + data[4 + i]);
        data += 4 + length;
        size -= 4 + length;
    }
}

static void tell(void *context, const struct history_finding *finding) {
    buf_printf(context, "%s: %s\n", finding->where, finding->what);
}

static void repair(void) {
    struct buf first = BUF_INIT, second = BUF_INIT;
    struct history_check_options check = {
        .folder = folder, .repair = true, .found = tell, .context = &first};
    struct history_health health = {0};
    if (history_doctor(&check, &health, NULL) == STATUS_OK) {
        check.repair = false;
        check.context = &second;
        MUST(history_doctor(&check, &health, &error));
        if (health.damage) {
            fprintf(stderr, "%sstill:\n%s", buf_string(&first), buf_string(&second));
            abort();
        }
    }
    buf_finish(&first);
    buf_finish(&second);
}

static void put_file(const struct file *file, const struct buf *bytes) {
    char parent[128];
    snprintf(
        parent, sizeof parent, "%.*s", (int)(strrchr(file->path, '/') - file->path), file->path);
    MUST(file_make_folders(parent, 0700, &error));
    MUST(file_write(file->path, bytes->data, bytes->size, 0600, &error));
}

static void put_store(const uint8_t *data, size_t size) {
    remove_all();
    for (size_t i = 0; i < file_count; i++) {
        struct buf bytes = BUF_INIT;
        buf_append(&bytes, files[i].bytes.data, files[i].bytes.size);
        if (strstr(files[i].path, "history.sqlite3"))
            patch(&bytes, data, size);
        put_file(&files[i], &bytes);
        buf_finish(&bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct history_health health;
    struct history_check_options look = {.folder = folder};
    if (!*folder)
        make_store();
    put_store(data, size);
    read_store(false);
    (void)!history_doctor(&look, &health, NULL);
    read_store(true);
    repair();
    read_store(false);
    return 0;
}
