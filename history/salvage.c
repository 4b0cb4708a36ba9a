#include "history/doctor.h"

enum status history_salvage(const char *folder, const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) {
    (void)options;
    (void)ret_health;
    return error_set(error, STATUS_UNSUPPORTED,
        "cannot rescue the damaged database in '%s'; put a backup in its place", folder);
}
