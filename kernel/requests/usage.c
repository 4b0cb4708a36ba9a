/* usage_request, as resource monitors send it. Source: ipykernel's usage_reply and its units
 * (bytes, per cent). */
#include "kernel/requests/requests.h"

#include "base/clock.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROC_FILE_MAX_BYTES = 256 * 1024, PROCESSES_MAX = 16 };

/* The first number behind `label` in a /proc file, or 0. */
static int64_t proc_number(const char *path, const char *label) {
    struct buf text = BUF_INIT;
    int64_t number = 0;
    if (file_read(path, PROC_FILE_MAX_BYTES, &text, NULL) == STATUS_OK) {
        const char *at = strstr(buf_string(&text), label);
        if (at)
            number = strtoll(at + strlen(label), NULL, 10);
    }
    buf_finish(&text);
    return number;
}

static int64_t process_memory_bytes(int64_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
    return proc_number(path, "VmRSS:") * 1024;
}

/* Clock ticks that a process has spent, in user and kernel mode: fields 14 and 15 of
 * /proc/PID/stat. */
static int64_t process_ticks(int64_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    struct buf text = BUF_INIT;
    long long user = 0, system = 0;
    if (file_read(path, PROC_FILE_MAX_BYTES, &text, NULL) == STATUS_OK) {
        const char *after_name = strrchr(buf_string(&text), ')');
        if (after_name &&
            sscanf(after_name + 1, " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld %lld", &user,
                &system) != 2)
            user = system = 0;
    }
    buf_finish(&text);
    return user + system;
}

static json_t *host_memory(void) {
    int64_t total = proc_number("/proc/meminfo", "MemTotal:") * 1024;
    int64_t available = proc_number("/proc/meminfo", "MemAvailable:") * 1024;
    int64_t free_bytes = proc_number("/proc/meminfo", "MemFree:") * 1024;
    double percent = total ? 100.0 * (double)(total - available) / (double)total : 0;
    return json_pack("{s:I, s:I, s:f, s:I, s:I}", "total", (json_int_t)total, "available",
        (json_int_t)available, "percent", percent, "used", (json_int_t)(total - available), "free",
        (json_int_t)free_bytes);
}

static enum request_state handle(struct kernel *kernel, struct request *request) {
    int64_t pids[PROCESSES_MAX] = {getpid()};
    size_t count = 1;
    if (kernel->engine->ops->processes)
        count += kernel->engine->ops->processes(kernel->engine, pids + 1, PROCESSES_MAX - 1);
    int64_t memory = states_summarize(kernel->states).bytes, ticks = 0;
    for (size_t i = 0; i < count; i++) {
        memory += process_memory_bytes(pids[i]);
        ticks += process_ticks(pids[i]);
    }
    /* since the last time somebody asked */
    int64_t now = clock_monotonic_us();
    double seconds = (double)(now - kernel->usage_asked_us) / 1e6;
    double spent = (double)(ticks - kernel->usage_ticks) / (double)sysconf(_SC_CLK_TCK);
    double cpu = kernel->usage_asked_us && seconds > 0 && spent >= 0 ? 100 * spent / seconds : 0;
    kernel->usage_asked_us = now;
    kernel->usage_ticks = ticks;

    char host[256] = "";
    gethostname(host, sizeof host - 1);
    request_reply(kernel, request, "usage_reply",
        json_pack("{s:s, s:s, s:i, s:f, s:I, s:I, s:o}", "status", "ok", "hostname", host, "pid",
            (int)getpid(), "kernel_cpu", cpu, "kernel_memory", (json_int_t)memory, "cpu_count",
            (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "host_virtual_memory", host_memory()));
    return REQUEST_DONE;
}

const struct request_type request_usage = {
    .name = "usage_request",
    .channels = 1u << CHANNEL_CONTROL,
    .handle = handle,
};
