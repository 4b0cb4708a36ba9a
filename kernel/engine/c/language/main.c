/* forkernel-c-language FOLDER INCLUDE: parses and compiles cells, completes, explains. Keeps its
   files in FOLDER, which its parent made and removes. */
#include "kernel/engine/c/language/leftovers.h"
#include "kernel/engine/c/language/service.h"
#include "kernel/engine/c/messages.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Forking a compiler takes a processor that the kernel and the worker need to end the cell with. */
enum { QUIET_MS = 2 };

void service_send(struct service *service) {
    frame_end(&service->out);
    if (frame_send(MESSAGES_FD, &service->out, NULL) != STATUS_OK)
        exit(0); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void drop_cell(struct service *service) {
    if (service->building) {
        compiler_cancel(&service->compiler);
        service->warm_later = true;
    }
    if (service->has_cell)
        cell_finish(&service->cell);
    service->has_cell = false;
    service->building = false;
}

static void failed(struct service *service, const char *ename, const char *evalue,
    int64_t compile_us, const struct names *lines) {
    frame_begin(&service->out, LANGUAGE_FAILED);
    frame_add_string(&service->out, ename);
    frame_add_string(&service->out, evalue);
    frame_add_int(&service->out, service->parse_us);
    frame_add_int(&service->out, compile_us);
    frame_add_string(&service->out, buf_string(&service->cell.warnings));
    frame_add_int(&service->out, service->serial);
    for (size_t i = 0; lines && i < lines->count && i < FRAME_MAX_FIELDS - 7; i++)
        frame_add_string(&service->out, lines->items[i]);
    service_send(service);
    drop_cell(service);
}

/* What the cell brings that people know by name: "x, y, f()". */
static void add_defined_names(struct service *service) {
    struct buf names = BUF_INIT;
    const struct session *after = &service->cell.after;
    for (size_t i = 0; !service->cell.is_program && i < after->count; i++) {
        const struct definition *definition = after->items[i];
        if (definition->kind == DEFINITION_FRONT || !definition->name_count ||
            definition->cell != service->cell.number ||
            session_has(&service->language.session, definition))
            continue;
        bool callable =
            definition->kind == DEFINITION_FUNCTION || definition->kind == DEFINITION_INLINE;
        buf_printf(&names, "%s%s%s", names.size ? ", " : "", definition_title(definition),
            callable ? "()" : "");
    }
    frame_add_string(&service->out, buf_string(&names));
    buf_finish(&names);
}

static void ready(struct service *service, const char *path, int64_t compile_us) {
    struct cell *cell = &service->cell;
    frame_begin(&service->out, LANGUAGE_READY);
    frame_add_string(&service->out, path);
    frame_add_string(&service->out, service->entry);
    frame_add_int(&service->out, cell->is_program);
    frame_add_string(&service->out, cell->arguments);
    frame_add_string(&service->out, buf_string(&cell->warnings));
    frame_add_int(&service->out, service->parse_us);
    frame_add_int(&service->out, compile_us);
    frame_add_int(&service->out, service->serial);
    add_defined_names(service);
    service_send(service);
    service->building = false;
    service->warm_later = true;
}

static const char missing_text[] =
    "no C compiler found: install one, on Debian and Ubuntu by `apt install "
    "clang-" FORKERNEL_CLANG_MAJOR "` or `apt install gcc libc6-dev`, or name one in FORKERNEL_CC";

static void keep_source(struct service *service, int64_t number, const char *code) {
    struct buf entry = BUF_INIT;
    buf_printf(&entry, "%lld\t%s", (long long)number, code);
    names_add(&service->sources, buf_string(&entry), entry.size);
    buf_finish(&entry);
}

/* The compiler begins with what it will most likely be given, and parsing goes on beside it. */
static void guess(struct service *service, struct buf *unit) {
    struct cell *cell = &service->cell;
    if (cell->hoists && cell_guess(cell, &service->language, unit, service->entry))
        service->building =
            compiler_start(&service->compiler, &service->language.front, true, unit, cell->ldflags);
}

/* The parser has nothing against the cell. A compiler that has begun with the same goes on. */
static void build(struct service *service, const struct buf *guessed) {
    struct cell *cell = &service->cell;
    struct buf unit = BUF_INIT;
    cell_code(cell, &service->language, &unit, service->entry);
    const char *dump = getenv("FORKERNEL_DUMP_UNITS"); /* NOLINT(concurrency-mt-unsafe) */
    if (dump && *dump)
        (void)!write(STDERR_FILENO, buf_string(&unit), unit.size);
    if (!service->building || strcmp(buf_string(&unit), buf_string(guessed)) != 0) {
        if (service->building)
            compiler_cancel(&service->compiler);
        service->building = compiler_start(
            &service->compiler, &service->language.front, cell->hoists, &unit, cell->ldflags);
    }
    buf_finish(&unit);
    if (!service->building)
        failed(service, "CompilerMissing", missing_text, 0, NULL);
}

static void begin_cell(struct service *service, const struct frame *frame) {
    drop_cell(service);
    int64_t start_us = clock_monotonic_us();
    service->serial = frame_int(frame, 0, 0);
    int64_t number = frame_int(frame, 1, 0);
    struct language *language = &service->language;
    struct cell *cell = &service->cell;
    free(service->code);
    service->code = must_copy(frame_string(frame, 2), strlen(frame_string(frame, 2)));
    cell_init(cell, language, number, service->code, frame_int(frame, 3, 0) != 0,
        frame_int(frame, 4, 0) != 0);
    service->has_cell = true;
    service->parse_us = 0;
    if (!service->compiler.path) {
        failed(service, "CompilerMissing", missing_text, 0, NULL);
        return;
    }
    keep_source(service, number, service->code);
    cell_split(cell, language);
    if (cell->split.count == 0) {
        session_copy(&cell->after, &language->session);
        ready(service, "", 0);
        return;
    }
    if (cell->is_expression &&
        (cell->split.count != 1 || cell->split.items[0].kind != SPLIT_EXPRESSION)) {
        failed(service, "CompileError", "not an expression", 0, NULL);
        return;
    }
    unsigned front_serial = language->front.serial;
    cell->hoists = front_prepare(&language->front, buf_string(&cell->front), cell->cflags);
    if (language->front.serial != front_serial)
        cell_split(cell, language);
    if (!cell->hoists) { /* the headers have errors: parse them in the cell's place to say so */
        struct buf base = BUF_INIT;
        cell_base_front(&base, language);
        bool flags_fine = front_prepare(&language->front, buf_string(&base), cell->cflags);
        if (!flags_fine)
            (void)front_prepare(&language->front, buf_string(&base), language->cflags);
        buf_finish(&base);
        if (!flags_fine) {
            struct buf evalue = BUF_INIT;
            buf_printf(&evalue, "clang does not take these options: %s", cell->cflags);
            failed(service, "CompileError", buf_string(&evalue), 0, NULL);
            buf_finish(&evalue);
            return;
        }
        buf_clear(&cell->front);
    }
    struct buf guessed = BUF_INIT;
    guess(service, &guessed);
    enum cell_verdict verdict = cell_parse(cell, language);
    struct report report = {0};
    bool errors = verdict != CELL_BROKEN && report_diagnostics(cell, language->front.tu, &report);
    service->parse_us = clock_monotonic_us() - start_us;
    if (verdict == CELL_BROKEN)
        failed(service, "CompileError", "the parser gave up on this cell", 0, NULL);
    else if (errors || verdict == CELL_ERRORS)
        failed(service, "CompileError",
            report.evalue.size   ? buf_string(&report.evalue)
            : cell->trouble.size ? buf_string(&cell->trouble)
                                 : "the cell does not compile",
            0, &report.lines);
    report_finish(&report);
    if (service->has_cell)
        build(service, &guessed);
    buf_finish(&guessed);
}

static void advance(struct service *service) {
    struct buf path = BUF_INIT;
    struct buf said = BUF_INIT;
    int64_t start_us = service->compiler.start_us;
    switch (compiler_advance(&service->compiler, &path, &said)) {
    case COMPILER_GOES_ON:
        break;
    case COMPILER_DONE:
        ready(service, buf_string(&path), clock_monotonic_us() - start_us);
        break;
    case COMPILER_FAILED: {
        struct names lines = {0};
        char *rest = NULL;
        char *text = must_copy(buf_string(&said), said.size);
        const char *first = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            names_add(&lines, line, strlen(line));
            if (!first && strstr(line, "error"))
                first = lines.items[lines.count - 1];
        }
        bool linking = strstr(buf_string(&said), "ld:") != NULL;
        failed(service, linking ? "LinkError" : "CompileError",
            first ? first
                  : (lines.count ? lines.items[0] : "the compiler failed without saying why"),
            clock_monotonic_us() - start_us, &lines);
        free(text);
        names_finish(&lines);
        service->warm_later = true;
        break;
    }
    }
    buf_finish(&path);
    buf_finish(&said);
}

static void commit(struct service *service, int64_t state) {
    if (!service->has_cell)
        return;
    struct language *language = &service->language;
    session_copy(&language->session, &service->cell.after);
    free(language->cflags);
    free(language->ldflags);
    language->cflags = must_copy(service->cell.cflags, strlen(service->cell.cflags));
    language->ldflags = must_copy(service->cell.ldflags, strlen(service->cell.ldflags));
    snapshots_keep(&service->snapshots, language, state);
    drop_cell(service);
}

static void handle(struct service *service, const struct frame *frame) {
    switch (frame->type) {
    case LANGUAGE_CELL:
        begin_cell(service, frame);
        break;
    case LANGUAGE_CANCEL:
        if (service->building) {
            compiler_cancel(&service->compiler);
            failed(service, "KeyboardInterrupt", "", 0, NULL);
        }
        break;
    case LANGUAGE_COMMIT:
        commit(service, frame_int(frame, 0, 0));
        break;
    case LANGUAGE_WAKE:
        compiler_cancel(&service->compiler);
        drop_cell(service);
        snapshots_wake(&service->snapshots, &service->language, frame_int(frame, 0, 0));
        break;
    case LANGUAGE_EVICT:
        snapshots_evict(&service->snapshots, frame_int(frame, 0, 0));
        break;
    case LANGUAGE_COMPLETE:
        query_complete(service, frame_int(frame, 0, 0), frame_string(frame, 1),
            (size_t)frame_int(frame, 2, 0));
        break;
    case LANGUAGE_INSPECT:
        query_inspect(service, frame_int(frame, 0, 0), frame_string(frame, 1),
            (size_t)frame_int(frame, 2, 0), (int)frame_int(frame, 3, 0));
        break;
    case LANGUAGE_SYMBOLIZE:
        symbolize(service, frame);
        break;
    default:
        break;
    }
}

int main(int argc, char **argv) {
    struct service service = {0};
    if (argc != 3)
        return 2;
    (void)fcntl(MESSAGES_FD, F_SETFD, FD_CLOEXEC);
    (void)signal(SIGPIPE, SIG_IGN); /* a compiler may end before it has read its unit */
    service.folder = argv[1];
    service.language.cflags = must_copy("", 0);
    service.language.ldflags = must_copy("", 0);
    compiler_init(&service.compiler, argv[1]);
    front_init(&service.language.front, argv[1], argv[2]);
    compiler_warm(&service.compiler, &service.language.front);
    struct buf base = BUF_INIT;
    cell_base_front(&base, &service.language);
    (void)front_prepare(&service.language.front, buf_string(&base), "");
    buf_finish(&base);
    compiler_warm(&service.compiler, &service.language.front);
    leftovers_remove(argv[1]);
    for (;;) {
        struct frame frame;
        enum status status;
        while ((status = frame_reader_next(&service.reader, &frame)) == STATUS_OK)
            handle(&service, &frame);
        struct pollfd waits[2] = {{.fd = MESSAGES_FD, .events = POLLIN},
            {.fd = service.building ? service.compiler.pidfd : -1, .events = POLLIN}};
        if (status == STATUS_INVALID)
            break;
        int count = poll(waits, 2, service.warm_later && !service.building ? QUIET_MS : -1);
        if (count < 0 && errno != EINTR)
            break;
        if (count == 0) {
            service.warm_later = false;
            compiler_warm(&service.compiler, &service.language.front);
        }
        if (waits[0].revents && frame_reader_fill(&service.reader, MESSAGES_FD, NULL) != STATUS_OK)
            break;
        if (waits[1].revents)
            advance(&service);
    }
    compiler_finish(&service.compiler);
    front_finish(&service.language.front);
    return 0;
}
