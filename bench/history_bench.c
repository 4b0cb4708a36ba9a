/*
 * What recording costs. Prints medians and 99th percentiles in microseconds:
 *
 *     history_bench one [FOLDER]                one process
 *     history_bench displays                    pictures that are new, and the same ones again
 *     history_bench many [PROCESSES] [RUNS] [PAUSE_MS]
 *                                               processes at once, one store for all or one each,
 *                                               then a search over everything
 *     history_bench tree [VERSIONS]             one cell with many versions: reading and size
 *     history_bench edits                       edits of cells that are not run
 *     history_bench million [EDITS] [CELLS] [BURST]
 *                                               many of them: size, speed, memory
 *     history_bench trace FILE LINES            the edits of bench/history_peers.py
 *
 * Stores are made in $TMPDIR, else /tmp, and removed. On ext4 wait a minute between two runs: it
 * makes files ten times slower while it steps around inodes that were deleted just before.
 */
#include "bench/history_bench.h"

#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void make_folder(char ret_folder[256]) {
    const char *base = getenv("TMPDIR");
    snprintf(ret_folder, 256, "%s/fk-bench-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(ret_folder)) {
        perror("cannot make a folder");
        exit(1);
    }
}

void remove_folder(const char *folder) {
    nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

void must(enum status status, const struct error *error) {
    if (status != STATUS_OK) {
        fprintf(stderr, "history_bench: %s\n", error->message);
        exit(1);
    }
}

/* ---- samples ---- */

void add_sample(struct samples *samples, int64_t us) {
    if (samples->count < samples->capacity)
        samples->us[samples->count++] = us;
}

struct samples samples_of(size_t capacity) {
    struct samples samples = {calloc(capacity, sizeof(int64_t)), 0, capacity};
    if (!samples.us)
        exit(1);
    return samples;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void print_samples(const char *name, struct samples *samples) {
    if (samples->count) {
        qsort(samples->us, samples->count, sizeof *samples->us, compare);
        printf("%-34s %8lld %8lld %8lld\n", name, (long long)samples->us[samples->count / 2],
            (long long)samples->us[samples->count * 99 / 100],
            (long long)samples->us[samples->count - 1]);
    }
    free(samples->us);
}

void print_header(void) {
    printf("%-34s %8s %8s %8s\n", "microseconds", "median", "p99", "max");
}

/* ---- a cell of about 1 KB in which one line changes ---- */

static size_t make_text(char *text, size_t capacity, int edit) {
    size_t size = 0;
    for (int line = 0; line < 30; line++)
        size += (size_t)snprintf(text + size, capacity - size,
            "double value_%02d = sin(%d * 0.01); // %d\n", line, line,
            line == edit % 30 ? edit + 1000 : line);
    return size;
}

static struct history_run *begin(
    struct history_session *session, const char *key, const char *text, size_t size, int count) {
    struct history_run_start start = {.cell_key = key,
        .language = "c",
        .text = text,
        .text_bytes = size,
        .execution_count = count};
    struct history_run *run = NULL;
    struct error error;
    must(history_run_begin(session, &start, &run, &error), &error);
    return run;
}

static void bench_one(const char *where) {
    enum { RUNS = 5000, WRITES = 20000, WARM_UP = 100 };
    char folder[256];
    if (where)
        snprintf(folder, sizeof folder, "%s", where);
    else
        make_folder(folder);
    struct history_options options = {.folder = folder};
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct error error;
    int64_t t0 = clock_monotonic_us();
    must(history_open(&options, &history, &error), &error);
    int64_t t1 = clock_monotonic_us();
    printf("making a store: %lld us\n", (long long)(t1 - t0));
    struct history_session_start start = {.document_path = "/bench.ipynb", .engine = "c"};
    must(history_session_begin(history, &start, &session, &error), &error);

    struct samples same = samples_of(RUNS), edit = samples_of(RUNS), write = samples_of(RUNS),
                   end = samples_of(RUNS), whole = samples_of(RUNS);
    char text[4096];
    for (int i = 0; i < RUNS + WARM_UP; i++) {
        bool edits = i % 2;
        size_t size = make_text(text, sizeof text, i / 2);
        int64_t a = clock_monotonic_us();
        struct history_run *run = begin(session, "cell", text, size, i);
        int64_t b = clock_monotonic_us();
        must(history_run_write(run, HISTORY_STDOUT, "result 1\n", 9, &error), &error);
        int64_t c = clock_monotonic_us();
        must(history_run_end(&run, HISTORY_OK, 0, &error), &error);
        int64_t d = clock_monotonic_us();
        if (i < WARM_UP)
            continue;
        add_sample(edits ? &same : &edit, b - a);
        add_sample(&write, c - b);
        add_sample(&end, d - c);
        add_sample(&whole, d - a);
    }
    struct samples more = samples_of(WRITES), chunk = samples_of(WRITES);
    struct history_run *run = begin(session, "cell", "print", 5, 1);
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < WRITES; i++) {
        int64_t a = clock_monotonic_us();
        must(history_run_write(run, HISTORY_STDOUT, bytes, 100, &error), &error);
        add_sample(&more, clock_monotonic_us() - a);
    }
    for (int i = 0; i < 2000; i++) {
        int64_t a = clock_monotonic_us();
        must(history_run_write(run, HISTORY_STDOUT, bytes, sizeof bytes, &error), &error);
        add_sample(&chunk, clock_monotonic_us() - a);
    }
    int64_t a = clock_monotonic_us();
    must(history_run_end(&run, HISTORY_OK, 0, &error), &error);
    int64_t b = clock_monotonic_us();

    print_header();
    print_samples("run: begin, text as before", &same);
    print_samples("run: begin, one-line edit of 1 KB", &edit);
    print_samples("run: first output of 9 bytes", &write);
    print_samples("run: end", &end);
    print_samples("run with one output, altogether", &whole);
    print_samples("write of 100 bytes", &more);
    print_samples("write of 64 KB, past the limit", &chunk);
    printf("end of a run of 133 MB: %lld us\n", (long long)(b - a));
    must(history_session_end(&session, 0, &error), &error);
    history_close(&history);
    t0 = clock_monotonic_us();
    must(history_open(&options, &history, &error), &error);
    printf("opening the store: %lld us\n", (long long)(clock_monotonic_us() - t0));
    history_close(&history);
    if (!where)
        remove_folder(folder);
}

/* ---- displays ---- */

/* A run that displays `size` bytes, which are new or were displayed before. */
static void bench_display(struct history_session *session, size_t size, bool again) {
    enum { RUNS = 400 };
    struct samples display = samples_of(RUNS);
    unsigned char *bytes = calloc(1, size);
    struct error error;
    if (!bytes)
        exit(1);
    for (int i = 0; i <= RUNS; i++) {
        memcpy(bytes, again ? &size : (const void *)&i, sizeof i);
        memcpy(bytes + sizeof i, &again, sizeof again);
        struct history_run *run = begin(session, "cell", "plot", 4, i);
        struct history_item item = {"image/png", bytes, size};
        int64_t a = clock_monotonic_us();
        must(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, &error), &error);
        if (i) /* the first one is new in any case */
            add_sample(&display, clock_monotonic_us() - a);
        must(history_run_end(&run, HISTORY_OK, 0, &error), &error);
    }
    char name[64];
    snprintf(name, sizeof name, "display of %zu KB, %s", size / 1024, again ? "again" : "new");
    print_samples(name, &display);
    free(bytes);
}

static void bench_displays(void) {
    static const size_t sizes[] = {2048, 4096, 16384, 65536, 1048576};
    char folder[256];
    make_folder(folder);
    struct history_options options = {.folder = folder};
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct error error;
    struct history_session_start start = {.document_path = "/bench.ipynb", .engine = "c"};
    must(history_open(&options, &history, &error), &error);
    must(history_session_begin(history, &start, &session, &error), &error);
    print_header();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench_display(session, sizes[i], false);
        bench_display(session, sizes[i], true);
    }
    must(history_session_end(&session, 0, &error), &error);
    history_close(&history);
    remove_folder(folder);
}

/* ---- many processes ---- */

struct shared {
    _Atomic int ready, go;
    _Atomic int64_t locked;
    int64_t us[];
};

static void record_many(
    const char *folder, int process, int runs, int pause_ms, struct shared *shared) {
    struct history_options options = {.folder = folder};
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct error error;
    char path[64], text[4096];
    snprintf(path, sizeof path, "/notes/%d.ipynb", process);
    struct history_session_start start = {.document_path = path, .engine = "c"};
    must(history_open(&options, &history, &error), &error);
    must(history_session_begin(history, &start, &session, &error), &error);
    shared->ready++;
    while (!shared->go)
        usleep(100);
    for (int i = 0; i < runs; i++) {
        size_t size = make_text(text, sizeof text, i);
        struct history_run_start run_start = {
            .cell_key = "cell", .text = text, .text_bytes = size, .execution_count = i};
        struct history_run *run = NULL;
        int64_t a = clock_monotonic_us();
        if (history_run_begin(session, &run_start, &run, &error) == STATUS_OK) {
            if (history_run_write(run, HISTORY_STDOUT, "result 1\n", 9, &error) != STATUS_OK)
                shared->locked++;
            if (history_run_end(&run, HISTORY_OK, 0, &error) != STATUS_OK)
                shared->locked++;
        } else {
            shared->locked++;
        }
        shared->us[process * runs + i] = clock_monotonic_us() - a;
        usleep((useconds_t)pause_ms * 1000);
    }
    if (history_session_end(&session, 0, &error) != STATUS_OK)
        shared->locked++;
    history_close(&history);
}

static size_t search_store(const char *folder) {
    struct history_options options = {.folder = folder, .read_only = true};
    struct history *history = NULL;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_inputs inputs;
    struct error error;
    must(history_open(&options, &history, &error), &error);
    must(history_search(history, 0, "*value_07 = sin*", 0, false, false, &memory, &inputs, &error),
        &error);
    size_t found = inputs.count;
    history_memory_finish(&memory);
    history_close(&history);
    return found;
}

static void bench_many(int processes, int runs, int pause_ms, bool one_store) {
    char base[256];
    make_folder(base);
    size_t size = sizeof(struct shared) + (size_t)processes * (size_t)runs * sizeof(int64_t);
    struct shared *shared =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char folder[512];
    int64_t t0 = clock_monotonic_us();
    for (int p = 0; p < processes; p++) {
        snprintf(folder, sizeof folder, "%s/%d", base, one_store ? 0 : p);
        if (fork() == 0) {
            record_many(folder, p, runs, pause_ms, shared);
            _exit(0);
        }
    }
    while (shared->ready < processes)
        usleep(1000);
    int64_t t1 = clock_monotonic_us();
    shared->go = 1;
    while (wait(NULL) > 0)
        ;
    int64_t t2 = clock_monotonic_us();
    size_t found = 0;
    for (int p = 0; p < (one_store ? 1 : processes); p++) {
        snprintf(folder, sizeof folder, "%s/%d", base, p);
        found += search_store(folder);
    }
    int64_t t3 = clock_monotonic_us();
    struct samples samples = samples_of((size_t)processes * (size_t)runs);
    for (int i = 0; i < processes * runs; i++)
        add_sample(&samples, shared->us[i]);
    printf("\n%s, %d processes, %d runs each, %d ms between\n",
        one_store ? "one store for all" : "one store each", processes, runs, pause_ms);
    printf("  all open %.1f ms, all recorded %.0f ms (%.0f runs/s), calls refused %lld\n",
        (double)(t1 - t0) / 1e3, (double)(t2 - t1) / 1e3,
        (double)processes * runs / ((double)(t2 - t1) / 1e6), (long long)shared->locked);
    printf("  search over all %.1f ms, %zu found\n", (double)(t3 - t2) / 1e3, found);
    print_header();
    print_samples("run with one output, altogether", &samples);
    munmap(shared, size);
    remove_folder(base);
}

/* ---- one large tree ---- */

static void bench_tree(int versions) {
    char folder[256], path[300], text[4096];
    make_folder(folder);
    struct history_options options = {.folder = folder};
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct error error;
    must(history_open(&options, &history, &error), &error);
    struct history_session_start start = {.document_path = "/bench.ipynb"};
    must(history_session_begin(history, &start, &session, &error), &error);
    int64_t cell = 0;
    for (int i = 0; i < versions; i++) {
        size_t size = make_text(text, sizeof text, i);
        struct history_run *run = begin(session, "cell", text, size, i);
        cell = history_run_place(run).cell_id;
        must(history_run_end(&run, HISTORY_OK, 0, &error), &error);
    }
    int64_t document = history_session_document(session);
    must(history_session_end(&session, 0, &error), &error);
    history_close(&history);
    struct stat info = {0};
    snprintf(path, sizeof path, "%s/history.sqlite3", folder);
    if (stat(path, &info) < 0)
        exit(1);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions tree;
    int64_t t0 = clock_monotonic_us();
    must(history_open(&options, &history, &error), &error);
    must(history_read_tree(history, cell, &memory, &tree, &error), &error);
    int64_t t1 = clock_monotonic_us();
    struct history_states states;
    must(history_list_states(history, document, &memory, &states, &error), &error);
    int64_t t2 = clock_monotonic_us();
    struct samples reads = samples_of(1000);
    for (int i = 0; i < 1000; i++) {
        struct history_version version;
        int64_t a = clock_monotonic_us();
        must(history_read_version(
                 history, document, 1 + rand() % versions, &memory, &version, &error),
            &error);
        add_sample(&reads, clock_monotonic_us() - a);
    }
    printf("%d versions, each run once: %.0f bytes of database a version and run\n", versions,
        (double)info.st_size / versions);
    printf("opening and reading the tree: %.1f ms\n", (double)(t1 - t0) / 1e3);
    printf("listing the states: %.1f ms\n", (double)(t2 - t1) / 1e3);
    print_header();
    print_samples("read any version", &reads);
    history_memory_finish(&memory);
    history_close(&history);
    remove_folder(folder);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "one";
    if (strcmp(what, "one") == 0) {
        bench_one(argc > 2 ? argv[2] : NULL);
    } else if (strcmp(what, "displays") == 0) {
        bench_displays();
    } else if (strcmp(what, "many") == 0) {
        int processes = argc > 2 ? atoi(argv[2]) : 20, runs = argc > 3 ? atoi(argv[3]) : 200;
        int pause_ms = argc > 4 ? atoi(argv[4]) : 0;
        setvbuf(stdout, NULL, _IOLBF, 0);
        bench_many(processes, runs, pause_ms, true);
        bench_many(processes, runs, pause_ms, false);
    } else if (strcmp(what, "tree") == 0) {
        bench_tree(argc > 2 ? atoi(argv[2]) : 10000);
    } else if (strcmp(what, "edits") == 0) {
        bench_edits();
    } else if (strcmp(what, "million") == 0) {
        int edits = argc > 2 ? atoi(argv[2]) : 1000000, cells = argc > 3 ? atoi(argv[3]) : 10000;
        bench_million(edits, cells, argc > 4 ? atoi(argv[4]) : 10);
    } else if (strcmp(what, "trace") == 0 && argc == 4) {
        bench_trace(argv[2], atoi(argv[3]));
    } else {
        fprintf(stderr, "usage: history_bench one|displays|many|tree|edits|million|trace\n");
        return 2;
    }
    return 0;
}
