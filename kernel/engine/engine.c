#include "kernel/engine/engine.h"

#include "kernel/engine/c/c_engine.h"
#include "kernel/engine/echo/echo_engine.h"

#include <string.h>

static const struct engine_ops *const engines[] = {&c_engine_ops, &echo_engine_ops};

const struct engine_ops *engine_at(size_t index) {
    return index < sizeof engines / sizeof *engines ? engines[index] : NULL;
}

const struct engine_ops *engine_find(const char *name) {
    for (size_t i = 0; engine_at(i); i++)
        if (strcmp(engine_at(i)->name, name) == 0)
            return engine_at(i);
    return NULL;
}
