#include "kernel/engine/engine.h"

#ifdef HAVE_C_ENGINE
#include "kernel/engine/c/c_engine.h"
#endif
#include "kernel/engine/echo/echo_engine.h"

#include <string.h>

static const struct engine_ops *const engines[] = {
#ifdef HAVE_C_ENGINE
    &c_engine_ops,
#endif
    &echo_engine_ops};

const struct engine_ops *engine_at(size_t index) {
    return index < sizeof engines / sizeof *engines ? engines[index] : NULL;
}

const struct engine_ops *engine_find(const char *name) {
    for (size_t i = 0; engine_at(i); i++)
        if (strcmp(engine_at(i)->name, name) == 0)
            return engine_at(i);
    return NULL;
}
