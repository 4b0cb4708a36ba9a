/* forkernel doctor, forkernel backup: is the history whole, and a copy of it. */
#include "history/doctor.h"
#include "kernel/commands/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT_BYTES = 48 };

/* "12,340 versions" */
static const char *count_of(int64_t count, const char *noun, char text[COUNT_BYTES]) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    int at = 0;
    for (int i = 0; i < length && at < COUNT_BYTES - 16; i++) {
        if (i && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    snprintf(text + at, (size_t)(COUNT_BYTES - at), " %.12s%s", noun, count == 1 ? "" : "s");
    return text;
}

/* Names out of a damaged database may hold anything; a terminal would obey it. */
static void print_plain(const char *text) {
    for (; *text; text++)
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void print_finding(void *context, const struct history_finding *finding) {
    static const char *const words[] = {
        [HISTORY_NOTE] = "note", [HISTORY_REPAIRED] = "repaired", [HISTORY_DAMAGE] = "damage"};
    (void)context;
    printf("%s: ", words[finding->severity]);
    print_plain(finding->where);
    printf(": ");
    print_plain(finding->what);
    printf("\n");
    if (*finding->next)
        printf("    %s\n", finding->next);
}

static void print_summary(const struct history_health *health, bool files_looked_at) {
    char versions[COUNT_BYTES], runs[COUNT_BYTES], files[COUNT_BYTES], wrong[COUNT_BYTES];
    printf("%s, %s, ", count_of(health->versions, "version", versions),
        count_of(health->runs, "run", runs));
    printf(
        "%s: ", files_looked_at ? count_of(health->files, "file", files) : "files not looked at");
    if (health->damage)
        printf("%s of damage\n", count_of(health->damage, "case", wrong));
    else if (health->repaired)
        printf("%s, all is well\n", count_of(health->repaired, "repair", wrong));
    else
        printf("all is well\n");
}

static int run_doctor(const struct command *command, int argc, char **argv) {
    struct history_check_options options = {.found = print_finding};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--repair") == 0)
            options.repair = true;
        else if (strcmp(argv[i], "--no-files") == 0)
            options.skip_files = true;
        else
            return command_misused(command, "unknown option '%s'", argv[i]);
    }
    struct history_health health;
    struct error error;
    enum status status = history_doctor(&options, &health, &error);
    if (status == STATUS_NOT_FOUND) {
        printf("%s\n", error.message);
        return 0;
    }
    if (status != STATUS_OK)
        return command_failed(&error);
    print_summary(&health, !options.skip_files);
    return health.damage ? 1 : 0;
}

static void print_progress(void *context, int64_t files, int64_t all_files) {
    (void)context;
    if (files % 100 == 0 || files == all_files)
        fprintf(stderr, "\r%lld of %lld files%s", (long long)files, (long long)all_files,
            files == all_files ? "\n" : "");
}

static int run_backup(const struct command *command, int argc, char **argv) {
    if (argc < 2)
        return command_misused(command, "to which folder?");
    if (argc > 2 || argv[1][0] == '-')
        return command_misused(command, "one folder is needed, not '%s'", argv[argc - 1]);
    struct history_options look = {.read_only = true};
    struct history_backup_options options = {.target = argv[1]};
    if (isatty(STDERR_FILENO))
        options.progress = print_progress;
    struct history_backup_result result;
    struct history *history = NULL;
    struct error error;
    enum status status = history_open(&look, &history, &error);
    if (status == STATUS_NOT_FOUND) {
        printf("there is no history to copy: nothing has been recorded yet\n");
        return 0;
    }
    if (status == STATUS_OK)
        status = history_backup(history, &options, &result, &error);
    history_close(&history);
    if (status != STATUS_OK)
        return command_failed(&error);
    char files[COUNT_BYTES], missing[COUNT_BYTES];
    printf("copied the history to %s: %s, %lld of them as links that take no space\n", argv[1],
        count_of(result.files, "file", files), (long long)result.linked);
    if (result.missing)
        printf("%s of the history could not be found; 'forkernel doctor' names them\n",
            count_of(result.missing, "file", missing));
    return result.missing ? 1 : 0;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "[--repair] [--no-files]",
    .summary = "check the history against itself and against its files",
    .help = "  --repair    repair what can be repaired without a loss. A damaged database is kept\n"
            "              beside the one that is made from what can be read of it; kernels must\n"
            "              not run then. Files that nothing names are moved to outputs/strays.\n"
            "  --no-files  look at the database alone, which is faster\n"
            "The exit status is 0 when all is well or repaired, and 1 when damage remains.\n",
    .run = run_doctor,
};

const struct command command_backup = {
    .name = "backup",
    .arguments = "FOLDER",
    .summary = "copy the history, while kernels run, to a folder that is empty or not there",
    .help =
        "The copy is a history of its own: FORKERNEL_DATA_DIR=FOLDER uses it. On the same file\n"
        "system outputs are hard links and take no space; a backup that is to survive the disk\n"
        "belongs on another one.\n",
    .run = run_backup,
};
