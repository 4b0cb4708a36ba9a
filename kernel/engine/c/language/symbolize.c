/* From addresses in compiled cells to cell, line and function: the error that a fault is shown as.
 */
#include "kernel/engine/c/language/service.h"
#include "kernel/engine/c/messages.h"

#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
    char cell[64]; /* "cell [3]", empty outside cells */
    int64_t number;
    int line;
    char function[128]; /* empty at the top level */
};

/* fk_i9_name is the function `name`, other symbols of ours the top level. */
static void user_function(const char *symbol, char ret_name[128]) {
    *ret_name = '\0';
    const char *digits = symbol + 4;
    if (strncmp(symbol, "fk_program_", 11) == 0)
        (void)snprintf(ret_name, 128, "main");
    else if (strncmp(symbol, "fk_i", 4) == 0 && strspn(digits, "0123456789"))
        (void)snprintf(ret_name, 128, "%s", digits + strspn(digits, "0123456789") + 1);
    else if (strncmp(symbol, "fk_", 3) != 0)
        (void)snprintf(ret_name, 128, "%s", symbol);
}

static void find_symbol(Elf *elf, uint64_t address, struct place *place) {
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB || !header.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data && i < header.sh_size / header.sh_entsize; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(data, (int)i, &symbol) || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
                address < symbol.st_value || address >= symbol.st_value + symbol.st_size)
                continue;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name)
                user_function(name, place->function);
        }
    }
}

static void find_line(Dwarf *dwarf, uint64_t address, struct place *place) {
    Dwarf_Off offset = 0;
    Dwarf_Off next;
    size_t header_size;
    while (dwarf_nextcu(dwarf, offset, &next, &header_size, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header_size, &unit)) {
            Dwarf_Line *line = dwarf_getsrc_die(&unit, address);
            const char *source = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
            const char *cell = source ? strstr(source, "cell [") : NULL;
            if (cell && dwarf_lineno(line, &place->line) == 0) {
                (void)snprintf(place->cell, sizeof place->cell, "%s", cell);
                place->number = strtoll(cell + 6, NULL, 10);
            }
        }
        offset = next;
    }
}

static bool find_place(const struct service *service, const char *frame, struct place *place) {
    const char *tab = strchr(frame, '\t');
    *place = (struct place){0};
    size_t folder = strlen(service->folder);
    if (!tab || strncmp(frame, service->folder, folder) != 0 || frame[folder] != '/')
        return false;
    char *path = must_copy(frame, (size_t)(tab - frame));
    uint64_t address = strtoull(tab + 1, NULL, 16);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (fd < 0)
        return false;
    Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
    if (dwarf) {
        find_line(dwarf, address, place);
        find_symbol(dwarf_getelf(dwarf), address, place);
        (void)dwarf_end(dwarf);
    }
    (void)close(fd);
    return *place->cell != '\0';
}

/* The text of a line of a cell that ran; false when it is not known any more. */
static bool source_line(const struct service *service, const struct place *place, struct buf *out) {
    for (size_t i = service->sources.count; i-- > 0;) {
        const char *entry = service->sources.items[i];
        if (strtoll(entry, NULL, 10) != place->number)
            continue;
        const char *at = strchr(entry, '\t') + 1;
        for (int line = 1; line < place->line && at; line++) {
            at = strchr(at, '\n');
            at = at ? at + 1 : NULL;
        }
        if (!at)
            return false;
        buf_append(out, at, strcspn(at, "\n"));
        return true;
    }
    return false;
}

static const char *signal_text(int64_t signal) {
    switch (signal) {
    case SIGSEGV:
        return "segmentation fault";
    case SIGBUS:
        return "bus error";
    case SIGFPE:
        return "arithmetic error (division by zero?)";
    case SIGILL:
        return "illegal instruction";
    case SIGABRT:
        return "aborted";
    case SIGTRAP:
        return "trap";
    default:
        return "killed by a signal";
    }
}

static void add_place_text(struct buf *out, const struct place *place) {
    buf_printf(out, "in %s, line %d", place->cell, place->line);
    if (*place->function)
        buf_printf(out, ", in function %s", place->function);
}

void symbolize(struct service *service, const struct frame *frame) {
    int64_t signal = frame_int(frame, 0, 0);
    int64_t address = frame_int(frame, 1, 0);
    struct buf evalue = BUF_INIT;
    struct names lines = {0};
    struct buf line = BUF_INIT;
    size_t places = 0;
    size_t in_a_row = 0;
    struct place previous = {0};
    char ename[32];
    const char *abbreviation = sigabbrev_np((int)signal);
    (void)snprintf(ename, sizeof ename, "SIG%s", abbreviation ? abbreviation : "NAL");
    buf_append_string(&evalue, signal_text(signal));
    for (size_t i = 2; i < frame->count; i++) {
        struct place place;
        if (!find_place(service, frame_string(frame, i), &place))
            continue;
        buf_clear(&line);
        buf_printf(&line, "%5d | ", place.line);
        if (!source_line(service, &place, &line)) /* generated, behind the end of the cell */
            continue;
        if (places++ == 0) {
            buf_append_char(&evalue, ' ');
            add_place_text(&evalue, &place);
        }
        bool again = strcmp(place.cell, previous.cell) == 0 && place.line == previous.line;
        in_a_row = again ? in_a_row + 1 : 0;
        previous = place;
        if (in_a_row > 1)
            continue;
        struct buf heading = BUF_INIT;
        buf_append_string(&heading, "\033[1m");
        add_place_text(&heading, &place);
        buf_append_string(&heading, "\033[0m");
        names_add(&lines, buf_string(&heading), heading.size);
        names_add(&lines, buf_string(&line), line.size);
        buf_finish(&heading);
    }
    if (signal == SIGSEGV || signal == SIGBUS)
        buf_printf(&evalue,
            in_a_row > 8   ? ": the stack is full (endless recursion?)"
            : address == 0 ? ": null pointer"
                           : ": address 0x%llx",
            (unsigned long long)address);
    frame_begin(&service->out, LANGUAGE_FAULT);
    frame_add_string(&service->out, ename);
    frame_add_string(&service->out, buf_string(&evalue));
    for (size_t i = 0; i < lines.count && i < FRAME_MAX_FIELDS - 2; i++)
        frame_add_string(&service->out, lines.items[i]);
    service_send(service);
    buf_finish(&evalue);
    buf_finish(&line);
    names_finish(&lines);
}
