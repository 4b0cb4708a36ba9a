/* forkernel install and uninstall: the kernel specification that front ends find us by. */
#include "base/file.h"
#include "base/program.h"
#include "kernel/commands/command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPEC_FILE_MAX_BYTES = 1024 * 1024 };

static const char spec_name[] = "forkernel-c";
static const char program_mark[] = "@FORKERNEL@";
static const char *const spec_files[] = {
    "kernel.json", "logo-svg.svg", "logo-32x32.png", "logo-64x64.png"};

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Jupyter's data folder of this user. Source: "Common Directories" in Jupyter's documentation. */
static char *user_folder(void) {
    if (environment("JUPYTER_DATA_DIR"))
        return strdup(environment("JUPYTER_DATA_DIR"));
    if (environment("XDG_DATA_HOME"))
        return file_join(environment("XDG_DATA_HOME"), "jupyter");
    return environment("HOME") ? file_join(environment("HOME"), ".local/share/jupyter") : NULL;
}

/* Where the words on the command line want the specification; NULL after a message, with the exit
 * status. */
static char *target_folder(
    const struct command *command, int argc, char **argv, int *ret_exit_status) {
    const char *prefix = NULL;
    const char *value = NULL;
    *ret_exit_status = 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--user") == 0) {
            prefix = NULL;
        } else if (strcmp(argv[i], "--sys-prefix") == 0) {
            prefix = environment("VIRTUAL_ENV") ? environment("VIRTUAL_ENV")
                                                : environment("CONDA_PREFIX");
            if (!prefix) {
                command_misused(command, "no Python environment is active for --sys-prefix; "
                                         "activate one or use --prefix");
                return NULL;
            }
        } else if (command_option(argc, argv, &i, "--prefix", &value)) {
            if (!value) {
                command_misused(command, "--prefix needs a folder");
                return NULL;
            }
            prefix = value;
        } else {
            command_misused(command, "unknown option '%s'", argv[i]);
            return NULL;
        }
    }
    char *data = prefix ? file_join(prefix, "share/jupyter") : user_folder();
    struct buf path = BUF_INIT;
    if (data)
        buf_printf(&path, "%s/kernels/%s", data, spec_name);
    else
        *ret_exit_status = command_failed(&(struct error){
            .message = "cannot tell where your Jupyter folder is: HOME is not set; use --prefix"});
    free(data);
    return path.size ? buf_take(&path) : NULL;
}

/* Put the program's path where the template has its mark, as the inside of a JSON string. */
static void fill_in_program(const char *template, const char *program, struct buf *out) {
    json_t *string = json_string(program);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    json_decref(string);
    const char *mark = quoted ? strstr(template, program_mark) : NULL;
    if (mark) {
        buf_append(out, template, (size_t)(mark - template));
        buf_append(out, quoted + 1, strlen(quoted) - 2);
        template = mark + sizeof program_mark - 1;
    }
    buf_append_string(out, template);
    free(quoted);
}

static enum status install_file(
    const char *from_folder, const char *to_folder, const char *name, struct error *error) {
    char *from = file_join(from_folder, name), *to = file_join(to_folder, name);
    char *program = program_path();
    struct buf bytes = BUF_INIT, filled = BUF_INIT;
    enum status status = STATUS_OK;
    if (!from || !to || !program)
        status = error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = file_read(from, SPEC_FILE_MAX_BYTES, &bytes, error);
    bool is_template = strcmp(name, "kernel.json") == 0;
    if (status == STATUS_OK && is_template)
        fill_in_program(buf_string(&bytes), program, &filled);
    const struct buf *content = is_template ? &filled : &bytes;
    if (status == STATUS_OK)
        status = file_write(to, buf_string(content), content->size, 0644, error);
    buf_finish(&bytes);
    buf_finish(&filled);
    free(program);
    free(from);
    free(to);
    return status;
}

static int run_install(const struct command *command, int argc, char **argv) {
    int exit_status;
    char *target = target_folder(command, argc, argv, &exit_status);
    if (!target)
        return exit_status;
    char *source = program_installed("share/forkernel/kernelspec");
    struct error error = {.message = "out of memory"};
    enum status status = source ? file_make_folders(target, 0755, &error) : STATUS_NO_MEMORY;
    for (size_t i = 0; status == STATUS_OK && i < sizeof spec_files / sizeof *spec_files; i++)
        status = install_file(source, target, spec_files[i], &error);
    if (status == STATUS_OK)
        printf("installed the kernel 'C (forkernel)' in %s\n", target);
    exit_status = status == STATUS_OK ? 0 : command_failed(&error);
    free(source);
    free(target);
    return exit_status;
}

/* Only files that install wrote are removed, and the folder when nothing else is in it. */
static int run_uninstall(const struct command *command, int argc, char **argv) {
    int exit_status;
    char *target = target_folder(command, argc, argv, &exit_status);
    if (!target)
        return exit_status;
    struct error error;
    enum status status = STATUS_OK;
    if (access(target, F_OK) < 0)
        status = error_set(&error, STATUS_NOT_FOUND, "no kernel is installed in '%s'", target);
    for (size_t i = 0; status == STATUS_OK && i < sizeof spec_files / sizeof *spec_files; i++) {
        char *path = file_join(target, spec_files[i]);
        if (path && unlink(path) < 0 && errno != ENOENT)
            status = error_set_errno(&error, errno, "cannot remove '%s'", path);
        free(path);
    }
    if (status == STATUS_OK && rmdir(target) < 0 && errno != ENOTEMPTY)
        status = error_set_errno(&error, errno, "cannot remove '%s'", target);
    if (status == STATUS_OK)
        printf("removed the kernel in %s; its history is untouched\n", target);
    exit_status = status == STATUS_OK ? 0 : command_failed(&error);
    free(target);
    return exit_status;
}

static const char places[] =
    "  --user         for this user (the default): JUPYTER_DATA_DIR or ~/.local/share/jupyter\n"
    "  --prefix DIR   DIR/share/jupyter\n"
    "  --sys-prefix   the active Python environment\n";

const struct command command_install = {
    .name = "install",
    .arguments = "[--user | --prefix DIR | --sys-prefix]",
    .summary = "make the kernel known to Jupyter",
    .help = places,
    .run = run_install,
};

const struct command command_uninstall = {
    .name = "uninstall",
    .arguments = "[--user | --prefix DIR | --sys-prefix]",
    .summary = "take that back; the history stays",
    .help = places,
    .run = run_uninstall,
};
