/*
 * The C cells engine, kernel side: keeps a language service and a worker (two child processes),
 * carries each cell through them, and turns what they say into calls of the host. It loads no
 * compiler and runs no user code. Everything happens on the host's event loop.
 */
#ifndef FORKERNEL_ENGINE_C_ENGINE_H
#define FORKERNEL_ENGINE_C_ENGINE_H

#include "kernel/engine/engine.h"

extern const struct engine_ops c_engine_ops;

#endif
