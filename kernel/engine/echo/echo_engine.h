/* An engine for tests of everything around engines: each line of a cell is a small command, see
 * echo_engine.c. */
#ifndef FORKERNEL_KERNEL_ECHO_ENGINE_H
#define FORKERNEL_KERNEL_ECHO_ENGINE_H

#include "kernel/engine/engine.h"

extern const struct engine_ops echo_engine_ops;

#endif
